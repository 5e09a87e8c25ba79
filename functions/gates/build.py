"""The gate `build`: the end of the build in CodeBuild."""

from functions.adapters.builds import BuildEnd
from functions.domain.gates import Verdict
from functions.domain.manifests import Settings
from functions.gates.base import EnvironmentEvidence, Gate, Judgement, ReleaseEvidence


class BuildGate(Gate):
    """Passes when the build of the release succeeded, and the build of the tests in an environment.

    The other gates judge the reports of a failed build, too, so that the failed tests are named.
    """

    name = "build"

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:  # noqa: ARG002
        """The verdict on the build of the release; it needs no artifact."""
        return Judgement(self._verdict(evidence.build, "the build succeeded"))

    def judge_environment(self, settings: Settings | None, evidence: EnvironmentEvidence) -> Judgement:  # noqa: ARG002
        """The verdict on the build of the tests."""
        return Judgement(self._verdict(evidence.build, "the tests ran to their end"))

    def _verdict(self, build: BuildEnd, good: str) -> Verdict:
        if build.outcome == "succeeded":
            return Verdict(self.name, "passed", good)
        return Verdict(self.name, "failed", f"the build {build.outcome}: {build.reason} {build.log}".strip())
