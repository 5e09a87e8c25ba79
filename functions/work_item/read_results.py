"""ReadResults: read and judge the results that the build left in its artifacts."""

from typing import Literal

from functions.adapters.artifacts import Artifacts
from functions.adapters.builds import BuildEnd
from functions.adapters.json_documents import parse_json
from functions.adapters.worker_rules import WorkerRules
from functions.domain.errors import BadInputError
from functions.domain.gates import Verdict, all_passed, failed
from functions.domain.limits import RESULTS
from functions.domain.releases import is_commit
from functions.domain.values import Value
from functions.domain.work_results import Results, judge
from functions.handler import Handler, decode


class Input(Value, frozen=True):
    """The end of the build, and the key prefix of its artifacts."""

    work_id: str
    build: BuildEnd
    artifact: str


class Output(Value, frozen=True):
    """The verdict with its reasons, and the results for the pull request."""

    outcome: Literal["passed", "failed"]
    reason: str
    gates: tuple[Verdict, ...]
    results: Results


HANDLER = Handler(allow=Artifacts.READ, memory_mb=512, timeout_seconds=60)


def read_results(event: Input, artifacts: Artifacts, rules: WorkerRules) -> Output:
    """Judge the results; a build that was killed has none and fails, although its pushes stay on the branch."""
    raw = artifacts.get(f"{event.artifact}/results.json", RESULTS.size)
    if raw is None:
        end = f"{event.build.outcome}: {event.build.reason}".strip(": ")
        gates: tuple[Verdict, ...] = (
            Verdict("build", "failed", f"the build left no results; it {end} {event.build.log}".strip()),
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
        results = decode(Results, parse_json(raw.decode(), RESULTS))
    except ValueError as error:
        raise BadInputError(f"{artifact}/results.json is not JSON: {error}") from error
    if results.head and not is_commit(results.head):
        raise BadInputError(f"{artifact}/results.json: head is {results.head[:100]!r}, expected a full commit id")
    return results
