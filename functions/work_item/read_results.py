"""ReadResults: what the build left behind, and whether it is good enough."""

import json
from dataclasses import dataclass
from typing import Literal

from functions.adapters.artifacts import Artifacts
from functions.adapters.builds import BuildEnd
from functions.adapters.worker_rules import WorkerRules
from functions.domain.errors import BadInputError
from functions.domain.gates import Verdict, all_passed, failed
from functions.domain.work_results import Results, judge
from functions.handler import Handler, decode


@dataclass(frozen=True, slots=True)
class Input:
    """How the build ended, and below which key its artifacts lie."""

    work_id: str
    build: BuildEnd
    artifact: str


@dataclass(frozen=True, slots=True)
class Output:
    """The verdict, its reasons, and what a pull request tells of it."""

    outcome: Literal["passed", "failed"]
    reason: str
    gates: tuple[Verdict, ...]
    results: Results


HANDLER = Handler(allow=Artifacts.READ, memory_mb=512, timeout_seconds=60)


def read_results(event: Input, artifacts: Artifacts, rules: WorkerRules) -> Output:
    """A build that was killed leaves no results; what it pushed is on the branch all the same."""
    raw = artifacts.get(f"{event.artifact}/results.json")
    if raw is None:
        said = f"{event.build.outcome}: {event.build.reason}".strip(": ")
        gates: tuple[Verdict, ...] = (
            Verdict("build", "failed", f"the build left no results; it {said} {event.build.log}".strip()),
        )
        return Output("failed", gates[0].reason, gates, Results())
    results = _read(raw, event.artifact)
    gates = judge(results, rules.coverage_percent)
    if event.build.outcome != "succeeded":
        gates = (Verdict("build", "failed", f"the build {event.build.outcome}: {event.build.reason}"), *gates)
    reason = "\n".join(f"- {verdict}" for verdict in failed(gates))
    return Output("passed" if all_passed(gates) else "failed", reason, gates, results)


def _read(raw: bytes, artifact: str) -> Results:
    try:
        return decode(Results, json.loads(raw))
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{artifact}/results.json is not JSON: {error}") from error
