"""The gate `build`: how CodeBuild ended."""

from functions.adapters.builds import BuildEnd
from functions.domain.gates import Verdict
from functions.domain.manifests import Settings
from functions.gates.base import EnvironmentEvidence, Gate, Judgement, ReleaseEvidence


class BuildGate(Gate):
    """Passes when the build succeeded: that of the release, and that of the tests in an environment.

    A failed build still has its reports judged, so that the tests that failed are named.
    """

    name = "build"

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:  # noqa: ARG002
        """It needs no artifact."""
        return Judgement(self._verdict(evidence.build, "the build succeeded"))

    def judge_environment(self, settings: Settings | None, evidence: EnvironmentEvidence) -> Judgement:  # noqa: ARG002
        """The same of the tests' build."""
        return Judgement(self._verdict(evidence.build, "the tests ran to their end"))

    def _verdict(self, build: BuildEnd, good: str) -> Verdict:
        if build.outcome == "succeeded":
            return Verdict(self.name, "passed", good)
        return Verdict(self.name, "failed", f"the build {build.outcome}: {build.reason} {build.log}".strip())
