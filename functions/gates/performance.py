"""The gate `performance`: a load run in an environment (G4)."""

from collections.abc import Mapping
from typing import Annotated, Any

from functions.adapters.manifest_types import Meaning, RepositoryPath
from functions.domain.manifests import AfterDeploy, Settings
from functions.domain.performance import Performance, judge_performance
from functions.domain.values import Value
from functions.gates.base import EnvironmentEvidence, Gate, Judgement, Section
from functions.handler import decode


class Report(Value, frozen=True):
    """The path of the load run's report in the artifact of the tests."""

    performance: str


class PerformanceGate(Gate):
    """Passes when at least 95 % of the requests of a load run succeed, with a mean response time below 2 seconds.

    The mean may be at most 50 % above that of the last good release in the environment. The gate reads Locust's
    `*_stats.csv`, or JSON. Without a declared report there is no verdict.
    """

    name = "performance"

    def manifest(self, section: Section) -> Mapping[str, Any]:
        """The report of the tests in an environment; it is optional."""
        meaning = Meaning("The load run's report in the artifact of the tests.", "reports/load_stats.csv")
        return {"performance": (Annotated[RepositoryPath | None, meaning], None)} if section == "afterDeploy" else {}

    def judge_environment(self, settings: Settings | None, evidence: EnvironmentEvidence) -> Judgement:
        """The verdict, and the measurement with which the next release is compared."""
        if settings is None:
            return Judgement()
        from functions.adapters.load_runs import read_performance

        measured = read_performance(evidence.archive, decode(Report, settings).performance)
        verdict = judge_performance(measured, evidence.last())
        return Judgement(verdict, measured=measured if isinstance(measured, Performance) else None)

    def forecast_environment(self, settings: Settings | None, tests: AfterDeploy) -> str:  # noqa: ARG002
        """The path of the report."""
        return "" if settings is None else f"performance: {decode(Report, settings).performance}"
