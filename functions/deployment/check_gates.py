"""CheckGates: the build's end, its tests and its coverage decide whether anything is deployed (G1, G2)."""

from dataclasses import dataclass
from typing import Literal

from functions.adapters.artifacts import Artifacts
from functions.adapters.builds import BuildEnd
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.reports import read_coverage, read_tests
from functions.domain.errors import SourceError
from functions.domain.gates import Gate, all_passed, judge_coverage, judge_tests
from functions.domain.plans import Plan
from functions.entry import Room


@dataclass(frozen=True, slots=True)
class Input:
    """How the build ended, and where its artifact and reports are."""

    deployment_id: str
    build: BuildEnd
    artifact: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Output:
    """The verdict of each gate, and of all."""

    outcome: Literal["passed", "failed"]
    reason: str
    gates: tuple[Gate, ...]


ROOM = Room(allow=(*Artifacts.READ, *DeploymentsTable.WRITE), memory_mb=1024, timeout_seconds=60)


def check_gates(event: Input, artifacts: Artifacts, deployments: DeploymentsTable) -> Output:
    """Every gate is judged, so that one look tells all that is wrong; the verdicts go to the record."""
    gates = (_build_gate(event.build), *_report_gates(event, artifacts))
    deployments.note(event.deployment_id, gates=gates, build=event.build)
    failed = [gate for gate in gates if gate.outcome == "failed"]
    reason = "; ".join(f"{gate.name}: {gate.reason}" for gate in failed or gates)
    return Output("passed" if all_passed(gates) else "failed", reason, gates)


def _build_gate(build: BuildEnd) -> Gate:
    if build.outcome == "succeeded":
        return Gate("build", "passed", "the build succeeded")
    return Gate("build", "failed", f"the build {build.outcome}: {build.reason} {build.log}".strip())


def _report_gates(event: Input, artifacts: Artifacts) -> tuple[Gate, ...]:
    """A build that failed may have left no artifact; then its own verdict says enough."""
    minimum = max(stage.environment.coverage_percent for stage in event.plan.stages)
    try:
        with artifacts.archive(event.artifact) as archive:
            tests = judge_tests(read_tests(archive, event.plan.junit))
            coverage = judge_coverage(read_coverage(archive, event.plan.cobertura), minimum)
    except SourceError as error:
        return () if event.build.outcome != "succeeded" else (Gate("reports", "failed", str(error)),)
    return (tests, coverage)
