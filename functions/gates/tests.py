"""The gate `tests`: JUnit reports of the build, and of the tests in an environment (G1)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar
from zipfile import ZipFile

from functions.adapters.manifest_types import Meaning, RepositoryPath
from functions.domain.gates import Note, TestRun, Unreadable, judge_tests
from functions.domain.manifests import AfterDeploy, Settings
from functions.domain.plans import StagePlan
from functions.domain.values import Value
from functions.gates.base import EnvironmentEvidence, Gate, Judgement, ReleaseEvidence, Section, Unit
from functions.handler import decode


class Reports(Value, frozen=True):
    """The paths of the JUnit reports in the artifact."""

    junit: tuple[str, ...]


class TestsGate(Gate):
    """Passes when at least one test ran and none failed, in all JUnit XML reports together.

    The gate fails if a report is missing or can't be read. A failed gate in an environment causes a rollback. Without a
    declared report there is no verdict.
    """

    name = "tests"
    metrics: ClassVar[Mapping[str, Unit]] = {"testsRun": "Count", "testsFailed": "Count", "testsSkipped": "Count"}

    def manifest(self, section: Section) -> Mapping[str, Any]:
        """The reports of the build, and of tests in an environment that belong to no suite; both are optional."""
        from pydantic import Field

        meaning = Meaning("Paths or globs of the JUnit reports in the build's artifact.", ["reports/junit.xml"])
        reports: Any = (Annotated[list[RepositoryPath] | None, meaning], Field(default=None, min_length=1))
        return {} if section == "gates" else {"junit": reports}

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:
        """The verdict and the numbers of tests."""
        if settings is None:
            return Judgement()
        run = _read(settings, evidence.archive)
        return Judgement(judge_tests(run), _figures(run))

    def judge_environment(self, settings: Settings | None, evidence: EnvironmentEvidence) -> Judgement:
        """The verdict on the reports of the tests' build."""
        return Judgement() if settings is None else Judgement(judge_tests(_read(settings, evidence.archive)))

    def notes(self, settings: Settings, archive: ZipFile) -> Sequence[Note]:
        """The failed tests."""
        from functions.adapters.reports import read_failures

        return read_failures(archive, decode(Reports, settings).junit)

    def forecast_release(self, settings: Settings | None, stages: tuple[StagePlan, ...]) -> str:  # noqa: ARG002
        """The paths of the reports."""
        return "" if settings is None else f"tests: {', '.join(decode(Reports, settings).junit)}"

    def forecast_environment(self, settings: Settings | None, tests: AfterDeploy) -> str:
        """The paths of the reports, and the buildspec that writes them."""
        return "" if settings is None else f"tests: {', '.join(decode(Reports, settings).junit)} ({tests.buildspec})"


def _read(settings: Settings, archive: ZipFile) -> TestRun | Unreadable:
    from functions.adapters.reports import read_tests

    return read_tests(archive, decode(Reports, settings).junit)


def _figures(run: TestRun | Unreadable) -> Mapping[str, float]:
    """The numbers as metrics; none of an unreadable report, so that it is not counted as zero."""
    if isinstance(run, Unreadable):
        return {}
    return {"testsRun": run.total - run.skipped, "testsFailed": len(run.failed), "testsSkipped": run.skipped}
