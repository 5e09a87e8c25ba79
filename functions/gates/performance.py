"""The gate `performance`: how an environment answers under load (G4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.adapters.manifest_types import RepositoryPath
from functions.domain.manifests import AfterDeploy, Settings
from functions.domain.performance import Performance, judge_performance
from functions.gates.base import EnvironmentEvidence, Gate, Judgement, Section
from functions.handler import decode


@dataclass(frozen=True, slots=True)
class Report:
    """Where the figures of the load run lie within the artifact of the tests."""

    performance: str


class PerformanceGate(Gate):
    """Passes when at least 95 % of the requests of a load run succeed, in less than 2 seconds in the mean.

    The mean may be at most 50 % above that of the last good release there. Reads Locust's `*_stats.csv`, or JSON.
    Without a declared report there is no verdict.
    """

    name = "performance"

    def manifest(self, section: Section) -> Mapping[str, Any]:
        """The report of the tests in an environment."""
        return {"performance": (RepositoryPath | None, None)} if section == "afterDeploy" else {}

    def judge_environment(self, settings: Settings | None, evidence: EnvironmentEvidence) -> Judgement:
        """What was measured is kept, for the next release to be compared with."""
        if settings is None:
            return Judgement()
        from functions.adapters.load_runs import read_performance

        measured = read_performance(evidence.archive, decode(Report, settings).performance)
        verdict = judge_performance(measured, evidence.last())
        return Judgement(verdict, measured=measured if isinstance(measured, Performance) else None)

    def forecast_environment(self, settings: Settings | None, tests: AfterDeploy) -> str:  # noqa: ARG002
        """The report."""
        return "" if settings is None else f"performance: {decode(Report, settings).performance}"
