"""CheckTests: the tests against the environment, and the load run, decide whether the release stays (G1, G4)."""

from dataclasses import dataclass
from typing import Literal

from functions.adapters.artifacts import Artifacts
from functions.adapters.builds import BuildEnd
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.load_runs import read_performance
from functions.adapters.reports import read_tests
from functions.domain.errors import SourceError
from functions.domain.gates import Gate, all_passed, judge_tests, without_secrets
from functions.domain.manifests import AfterDeploy
from functions.domain.performance import Performance, judge_performance
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """Whose tests these were, how their build ended, and where its reports are."""

    deployment_id: str
    environment: str
    repository: str
    build: BuildEnd
    artifact: str
    after_deploy: AfterDeploy


@dataclass(frozen=True, slots=True)
class Output:
    """The verdict of all; each gate's own is in the record."""

    outcome: Literal["passed", "failed"]
    reason: str


HANDLER = Handler(
    allow=(*Artifacts.READ, *DeploymentsTable.WRITE, *EnvironmentsTable.READ), memory_mb=1769, timeout_seconds=100
)


def check_tests(
    event: Input, artifacts: Artifacts, deployments: DeploymentsTable, environments: EnvironmentsTable
) -> Output:
    """The figures wait in the record until the release is recorded as good: then the next run is compared with them."""
    judged, measured = _judge(event, artifacts, environments)
    gates = without_secrets(judged)
    name = event.environment
    deployments.note(event.deployment_id, **{f"gates_{name}": gates, f"performance_{name}": measured})
    failed = [gate for gate in gates if gate.outcome == "failed"]
    reason = "; ".join(f"{gate.name}: {gate.reason}" for gate in failed or gates)
    return Output("passed" if all_passed(gates) else "failed", reason)


def _judge(
    event: Input, artifacts: Artifacts, environments: EnvironmentsTable
) -> tuple[tuple[Gate, ...], Performance | None]:
    """A build that failed may have left no artifact; then its own verdict says enough."""
    end, wanted = event.build, event.after_deploy
    good = end.outcome == "succeeded"
    words = "the tests ran to their end" if good else f"the build {end.outcome}: {end.reason} {end.log}".strip()
    build = Gate("build", "passed" if good else "failed", words)
    try:
        with artifacts.archive(event.artifact) as archive:
            tests = judge_tests(read_tests(archive, wanted.junit))
            if not wanted.performance:
                return (build, tests), None
            measured = read_performance(archive, wanted.performance)
    except SourceError as error:
        return ((build, Gate("reports", "failed", str(error))) if good else (build,)), None
    verdict = judge_performance(measured, environments.performance(event.environment, event.repository))
    return (build, tests, verdict), measured if isinstance(measured, Performance) else None
