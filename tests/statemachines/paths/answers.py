"""The answers of all handlers when nothing goes wrong, made of the handlers' own types."""

from typing import Any

from functions.adapters.builds import BuildEnd
from functions.deployment import begin, check_gates, fetch_source, reach_environment
from functions.domain.admissions import Admission
from functions.domain.approvals import Decided
from functions.domain.environments import Environment, PartState, Version
from functions.domain.evidence import Entry
from functions.domain.gates import Verdict
from functions.domain.locks import Lease
from functions.domain.manifests import AfterDeploy, Health, Part
from functions.domain.plans import PartPlan, Plan, StagePlan
from functions.domain.releases import Release
from functions.domain.requests import Request
from functions.domain.rollback import Step
from functions.domain.rollouts import Rollout
from functions.domain.watches import Quiet, Watch
from functions.domain.work_items import Item
from functions.domain.work_results import Results
from functions.handler import encode
from functions.procedures.builds import StartedBuild
from functions.procedures.locks import Turn
from functions.rollback import plan_rollback, verify_restored
from functions.shared import release_lock
from functions.stage import (
    check_tests,
    check_window,
    end_enhanced_watch,
    read_baseline,
    record_good,
    request_approval,
    verify,
    withdraw_ledger,
    write_ledger,
    yield_lock,
)
from functions.work_item import check_item, mark_in_progress, read_results, update_pull_request

COMMIT = "1a2b3c4d5e6f" + "0" * 28
RELEASE = Release("example/hello", "refs/heads/main", COMMIT, "Ada", "ada@example.org", "feat: hello", "2025-01-01")
INFRASTRUCTURE = Part("infrastructure", "command", "build", buildspec="infra.yml")
FUNCTION = {"function": "hello-{environment}", "artifact": "app.zip", "alias": "live"}
SERVICE = Part("hello", "lambda", "call", health=Health("u"), settings=FUNCTION)
LEASE = Lease("environment/test", "the stage's execution", 7)
BEFORE = Version("0" * 40, "earlier", "sources/earlier.zip", "deployments/earlier/build.zip", "41", "2025-01-01")
BASELINE_AT = "2025-01-01T00:00:00.000Z"
VERIFIED_AT = "2025-01-01T00:00:02.000Z"
STEPS = {"hello": Step(SERVICE, BEFORE), "infrastructure": Step(INFRASTRUCTURE, BEFORE)}


def environment(name: str, *, approval: bool = False, enhanced: int = 0) -> Environment:
    """An environment with a watch of 0 seconds and an enhanced watch of `enhanced` seconds."""
    deploys = f"deploy-{name}"
    return Environment(name, "eu-central-1", "", deploys, approval, 60, 0, 0, 0, 80, enhanced_watch_seconds=enhanced)


ENVIRONMENTS = (environment("test"), environment("staging"), environment("production", approval=True))


def plan(*environments: Environment, parts: tuple[Part, ...] = (SERVICE,)) -> Any:
    """A plan that changes these parts in every one of these environments."""
    chosen = tuple(PartPlan(part, "its source changed") for part in parts)
    stages = tuple(StagePlan(place, chosen, ()) for place in environments)
    return encode(Plan("deploy", "hello changed", stages, "buildspec.yml", {"tests": {"junit": ["junit.xml"]}}))


def left_alone(*environments: Environment) -> Any:
    """The stages of a plan that changes nothing in these environments."""
    return encode(tuple(StagePlan(place, (), ()) for place in environments))


def reached(outcome: Any, reason: str = "") -> Any:
    """An answer of ReachEnvironment."""
    return encode(reach_environment.Output(outcome, reason))


def turn(outcome: Any, reason: str = "") -> Any:
    """An answer of AcquireLock or AwaitLock."""
    return encode(Turn(outcome, reason, LEASE if outcome == "acquired" else None))


def evidence(outcome: Any, reason: str = "", until: str = "") -> Any:
    """An answer of CheckEvidence."""
    return encode(Entry(outcome, reason, until))


def window(outcome: Any, reason: str = "", opens_at: str = "") -> Any:
    """An answer of CheckWindow."""
    return encode(check_window.Output(outcome, reason, opens_at))


def baseline(outcome: Any, reason: str, *accepted: str) -> Any:
    """An answer of ReadBaseline; `accepted` are the names of accepted alarms, which a person is asked about."""
    asked = tuple(f"ALARM {name}" for name in accepted) if outcome == "ask" else ()
    return encode(read_baseline.Output(outcome, reason, list(accepted), BASELINE_AT, asked))


def admission(outcome: Any, reason: str = "") -> Any:
    """An answer of AwaitUnfreeze."""
    return encode(Admission(outcome, reason))


def decision(outcome: Any, reason: str = "") -> Any:
    """An answer of AwaitApproval."""
    return encode(Decided(outcome, reason or f"{outcome} by Grace"))


def watch(outcome: Any, reason: str, *alarms: str) -> Any:
    """An answer of Watch, with the names of its alarms."""
    return encode(Watch(outcome, reason, "" if outcome == "healthy" else "2025-01-01T00:00:00Z", alarms))


def rollout(outcome: Any, percent: float = 100, reason: str = "") -> Any:
    """An answer of ApplyService, AwaitRollout, ContinueRollout or RestoreService."""
    return encode(Rollout(outcome, "42", percent, "", reason))


def build_end(outcome: Any, reason: str = "") -> Any:
    """An answer of AwaitBuild."""
    return encode(BuildEnd(outcome, reason, "https://log"))


def steps(*names: str) -> Any:
    """An answer of PlanRollback, with one step for each name of a part."""
    return encode(plan_rollback.Output(tuple(STEPS[name] for name in names)))


def verified(outcome: Any, reason: str = "") -> Any:
    """An answer of Verify."""
    return encode(verify.Output(outcome, reason))


def restored(result: Any, reason: str, outcome: Any = "settled") -> Any:
    """An answer of VerifyRestored."""
    return encode(verify_restored.Output(outcome, result, reason, VERIFIED_AT))


def quiet(outcome: Any, reason: str = "") -> Any:
    """An answer of AwaitAlarms."""
    return encode(Quiet(outcome, reason))


def gates(outcome: Any, reason: str) -> Any:
    """An answer of CheckGates."""
    return encode(check_gates.Output(outcome, reason, (Verdict("build", outcome, reason),)))


def tried(outcome: Any, reason: str) -> Any:
    """An answer of CheckTests."""
    return encode(check_tests.Output(outcome, reason))


AFTER_DEPLOY = encode(AfterDeploy("e2e.yml", {"tests": {"junit": ["junit.xml"]}}))
ITEM = Item("PVTI_1", "issue", "Greet", "kiro/greet", "2025-01-01", "2025-01-02", "example/hello", 7)


def checked(outcome: Any = "eligible", reason: str = "") -> Any:
    """An answer of CheckItem."""
    spec = ".kiro/specs/kiro/greet"
    return encode(check_item.Output(outcome, reason, COMMIT, "seen", spec, "branch/example/hello/kiro/greet"))


def read(outcome: Any = "passed", reason: str = "") -> Any:
    """An answer of ReadResults, with one gate, which must stay a list."""
    return encode(read_results.Output(outcome, reason, (Verdict("tests", outcome, reason),), Results(COMMIT)))


_STATE = encode(PartState("test", "hello", BEFORE, BEFORE, SERVICE))
_LOCK = {
    "AcquireLock": turn("acquired"),
    "AwaitLock": turn("acquired"),
    "ReleaseLock": encode(release_lock.Output("")),
}
_BUILD = {"StartBuild": encode(StartedBuild("build:1")), "AwaitBuild": build_end("succeeded")}
HAPPY: dict[str, dict[str, Any]] = {
    "deployment": {
        "Begin": encode(
            begin.Output(RELEASE, Request(RELEASE.repository, RELEASE.ref, RELEASE.commit, trigger="push"))
        ),
        "FetchSource": encode(fetch_source.Output("sources/hello.zip")),
        "PlanRelease": plan(*ENVIRONMENTS),
        "CheckGates": gates("passed", "the build succeeded"),
        "ReachEnvironment": reached("change"),
        "Conclude": {"release": encode(RELEASE), "durationSeconds": 1.0, "stages": {}},
        **_BUILD,
    },
    "stage": {
        "ReadRecord": {},
        "CheckEvidence": evidence("complete"),
        "CheckWindow": window("open", "no windows are set"),
        "AwaitUnfreeze": admission("unfrozen"),
        "ReadBaseline": baseline("clear", "no alarm is in ALARM"),
        "YieldLock": encode(yield_lock.Output("")),
        "EndEnhancedWatch": encode(end_enhanced_watch.Output(())),
        "RequestApproval": encode(request_approval.Output("approval-1")),
        "AwaitApproval": decision("approved"),
        "WriteLedger": encode(write_ledger.Output("41")),
        "WithdrawLedger": encode(withdraw_ledger.Output("")),
        "ApplyService": rollout("done"),
        "AwaitRollout": rollout("done"),
        "ContinueRollout": rollout("done"),
        "RecordPart": _STATE,
        "Verify": verified("healthy"),
        "StartTests": encode(StartedBuild("build:2")),
        "AwaitTests": build_end("succeeded"),
        "CheckTests": tried("passed", "tests: 4 tests passed"),
        "Watch": watch("healthy", "no alarm was in ALARM"),
        "RecordGood": encode(record_good.Output(("hello",))),
        "Conclude": {"finishedAt": "2025-01-01T00:00:01Z"},
        **_LOCK,
        **_BUILD,
    },
    "rollback": {
        "ReadRecord": {},
        "PlanRollback": steps("hello"),
        "RestoreService": encode(Rollout("done", "41")),
        "AwaitRollout": encode(Rollout("done", "41")),
        "RecordRestored": _STATE,
        "VerifyRestored": restored("restored", "hello runs 41"),
        "AwaitAlarms": quiet("quiet"),
        "RecordRollback": {"verifiedAt": "2025-01-01T00:00:01Z"},
        "Freeze": {"result": "unknown", "verifiedAt": "2025-01-01T00:00:01Z"},
        **_LOCK,
        **_BUILD,
    },
    "enhanced_watch": {"ReadRecord": {}, "Watch": watch("healthy", "no alarm was in ALARM")},
}
HAPPY["work_item"] = {
    "CheckItem": checked(),
    "AcquireLock": {"outcome": "acquired", "reason": ""},
    "MarkInProgress": encode(mark_in_progress.Output("2025-01-03")),
    "ReadResults": read(),
    "UpdatePullRequest": encode(update_pull_request.Output(8)),
    "Conclude": {"state": "done", "finishedAt": "2025-01-01T00:00:01Z"},
    "ReleaseLock": _LOCK["ReleaseLock"],
    **_BUILD,
}
# Handlers that return their input; the answers above hold only the fields that they add.
ECHOES = frozenset(
    {
        "deployment/Conclude",
        *(f"{workflow}/ReadRecord" for workflow in ("stage", "rollback", "enhanced_watch")),
        "stage/Conclude",
        "rollback/RecordRollback",
        "rollback/Freeze",
        "work_item/Conclude",
    }
)


def usual_input(workflow: str) -> dict[str, Any]:
    """The usual input of a workflow: a push, a stage in an environment without approval, a rollback, a card."""
    if workflow == "deployment":
        return {"repository": RELEASE.repository, "ref": RELEASE.ref, "commit": COMMIT, "trigger": "push"}
    if workflow == "work_item":
        return {"item": encode(ITEM)}
    shared = {"release": encode(RELEASE), "environment": encode(ENVIRONMENTS[0])}
    if workflow == "rollback":
        return {**shared, "reason": "production: no way back", "breachedAt": "2025-01-01T00:00:00Z"}
    if workflow == "enhanced_watch":
        accepted = {"names": ["noisy"], "at": BASELINE_AT}
        return {**shared, "until": "2025-01-02T00:00:00Z", "reviewed": [], "accepted": accepted}
    return {
        **shared,
        "parts": encode((SERVICE,)),
        "source": "sources/hello.zip",
        "artifact": "deployments/d/build.zip",
        "gates": gates("passed", "the build succeeded")["gates"],
    }
