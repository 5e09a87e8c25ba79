"""The gate `coverage`: the share of lines and branches that the tests of the build ran (G2)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from functions.adapters.manifest_types import Meaning, RepositoryPath
from functions.domain.gates import Coverage, Unreadable, judge_coverage
from functions.domain.manifests import Settings
from functions.domain.plans import StagePlan
from functions.domain.values import Value
from functions.gates.base import Gate, Judgement, ReleaseEvidence, Section, Unit
from functions.handler import decode


class Report(Value, frozen=True):
    """The path of the Cobertura report in the artifact."""

    cobertura: str


class CoverageGate(Gate):
    """Passes when the Cobertura XML report shows enough covered lines, and enough covered branches if it has them.

    The minimum is the highest `coveragePercent` of the environments that the release enters. Without a declared report
    there is no verdict.
    """

    name = "coverage"
    metrics: ClassVar[Mapping[str, Unit]] = {"lineCoverage": "Percent", "branchCoverage": "Percent"}

    def manifest(self, section: Section) -> Mapping[str, Any]:
        """The report of the build; it is optional."""
        meaning = Meaning("The Cobertura report in the build's artifact.", "reports/coverage.xml")
        return {"cobertura": (Annotated[RepositoryPath | None, meaning], None)} if section == "build" else {}

    def judge_release(self, settings: Settings | None, evidence: ReleaseEvidence) -> Judgement:
        """The verdict and the percentages."""
        if settings is None:
            return Judgement()
        from functions.adapters.reports import read_coverage

        rates = read_coverage(evidence.archive, decode(Report, settings).cobertura)
        return Judgement(judge_coverage(rates, _minimum(evidence.stages)), _figures(rates))

    def forecast_release(self, settings: Settings | None, stages: tuple[StagePlan, ...]) -> str:
        """The required percentage."""
        return "" if settings is None else f"coverage: {_minimum(stages):g} %"


def _minimum(stages: tuple[StagePlan, ...]) -> float:
    return max((stage.environment.coverage_percent for stage in stages), default=0.0)


def _figures(rates: Coverage | Unreadable) -> Mapping[str, float]:
    """The percentages as metrics; none of an unreadable report, and no branches if it has none."""
    if isinstance(rates, Unreadable):
        return {}
    measured = {"lineCoverage": rates.lines, "branchCoverage": rates.branches}
    return {name: rate for name, rate in measured.items() if rate is not None}
