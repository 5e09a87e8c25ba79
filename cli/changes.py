"""Commands that change a stack: freezes, deployments, rollbacks. Each records the caller."""

import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from cli import pins
from cli.aws.commits import look_up
from cli.aws.operator import Operator, OutOfReachError
from cli.environments import environments
from cli.facts import Facts, environment_of
from functions.domain.environments import Environment, Freeze, PartState
from functions.domain.events import EnvironmentFrozen, EnvironmentUnfrozen
from functions.domain.owners import claim_of
from functions.domain.reconciliation import Ended
from functions.domain.releases import is_commit
from functions.domain.requests import Request, RollbackRequest, operator_name, rollback_name
from functions.domain.triggers import refusal, walked
from functions.handler import encode
from functions.procedures.requested_rollbacks import Rollbacks, full_name

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def freeze(aws: Operator, environment: str, reason: str) -> Facts:
    """Freeze an environment until a person unfreezes it. One that is frozen stays so, with its author and reason."""
    made = Freeze(reason, aws.who, aws.clock.text())
    if not aws.running.freeze_anew(aws.environment(environment).name, made):
        was = aws.running.frozen(environment)
        raise OutOfReachError(
            f"{was.describe(environment) if was else f'{environment} was frozen a moment ago'}: nothing was changed; "
            f"to give another reason run `kiro-worker unfreeze {environment} --reason …` first"
        )
    aws.bus.put(EnvironmentFrozen(environment, made.reason, made.by, made.since))
    return {"environment": environment, "frozen": encode(made)}


def unfreeze(aws: Operator, environment: str, reason: str) -> Facts:
    """Unfreeze an environment and record the caller; parts in doubt stay so until a release or rollback of them."""
    was = aws.running.frozen(aws.environment(environment).name)
    if was is None:
        raise OutOfReachError(f"{environment} is not frozen; `kiro-worker status` shows what blocks it")
    ended = Freeze(reason, aws.who, aws.clock.text())
    aws.running.unfreeze(environment, ended)
    aws.bus.put(EnvironmentUnfrozen(environment, ended.reason, ended.by, ended.since))
    doubts = {name: state.in_doubt for name, state in aws.running.parts(environment).items() if state.in_doubt}
    return {
        "environment": environment,
        "frozen": None,
        "was": encode(was),
        "unfrozen": encode(ended),
        "inDoubt": doubts,
    }


def forget(aws: Operator, environment: str, reason: str) -> Facts:
    """Delete what is recorded of an environment that the stack has no longer, and record the caller and the reason."""
    if environment in {one.name for one in aws.environments}:
        raise OutOfReachError(
            f"{environment} is an environment of the stack {aws.stack}: remove it from the stack's settings "
            "and run `pulumi up` first"
        )
    left = next((one for one in environments(aws) if one["environment"] == environment), None)
    if left is None:
        raise OutOfReachError(f"nothing is recorded of {environment!r}; `kiro-worker status` shows what is")
    busy = [one.name for one in _running(aws, environment)]
    if busy:
        raise OutOfReachError(
            f"{', '.join(busy)} still runs in {environment}: wait for its end (`kiro-worker watch`), or stop it"
        )
    by = Freeze(reason, aws.who, aws.clock.text())
    for lock in [lock for lock in aws.locks.owned() if environment_of(lock) == environment]:
        aws.locks.release(lock.key, lock.owner.execution if lock.owner else "")
    aws.running.forget_all(environment, by)
    return {**left, "forgotten": encode(by)}


def _running(aws: Operator, environment: str) -> Iterator[Ended]:
    """The running executions of an environment."""
    for workflow in ("stage", "rollback", "enhanced_watch"):
        for one in aws.executions.newest(aws.workflows[workflow], "RUNNING"):
            if aws.executions.input(one.execution)["environment"]["name"] == environment:
                yield one


def entered(aws: Operator, wanted: Request) -> list[Environment]:
    """The environments that a release of this request may enter; a request that the settings refuse is an error."""
    _, until = _checked(aws, wanted)
    return [one for one in aws.environments if one.name in until]


def deploy(aws: Operator, wanted: Request) -> Facts:
    """Start a deployment of a commit, branch or tag that exists; each call starts a new one.

    `unchecked` says why it is not known whether the commit exists, "" if it does.
    """
    request, until = _checked(aws, wanted)
    unchecked = look_up(aws, request)
    name = operator_name(request, _stamp(aws))
    execution, _ = aws.executions.start(aws.workflows["deployment"], name, request)
    return {"deployment": name, "execution": execution, "until": until[-1], "unchecked": unchecked}


def _checked(aws: Operator, wanted: Request) -> tuple[Request, tuple[str, ...]]:
    """The request as the workflow gets it, and the names of the environments that it may enter."""
    request = replace(
        wanted, commit=wanted.ref if is_commit(wanted.ref) else wanted.commit, trigger="operator", by=aws.who
    )
    if not _REPOSITORY.fullmatch(request.repository):
        raise OutOfReachError(f"{request.repository!r} is not a repository: write owner/name")
    names = [one.name for one in aws.environments]
    claim = claim_of(request.repository, aws.claims)
    if claim is None:
        known = ", ".join(one.repository for one in aws.claims) or "none"
        raise OutOfReachError(f"this stack does not deliver {request.repository!r}; it delivers {known}")
    refused = refusal(request, claim, names)
    if refused:
        raise OutOfReachError(refused)
    return request, walked(request, claim, names)


def roll_back(aws: Operator, wanted: RollbackRequest, *, pin: bool = False, newer_than: str = "") -> Facts:
    """Start a rollback: of a whole release by its own ledger, or of named parts by a ledger that is written for it.

    With `pin`, the parts that go back are pinned, until a release descends from the commit `newer_than`, if given.
    """
    aws.environment(wanted.environment)
    states = aws.running.parts(wanted.environment) if pin else {}
    until = pins.commit_of(aws, _of_part(wanted.part, states), newer_than) if pin else ""
    name = rollback_name(wanted, _stamp(aws))
    places = sorted(aws.running.names() | {one.name for one in aws.environments})
    rollbacks = Rollbacks(
        aws.environments, places, aws.workflows["rollback"], aws.running, aws.deployments, aws.executions, aws.clock
    )
    started = rollbacks.start(replace(wanted, by=aws.who), name)
    back = [states[one.part.name] for one in started.back if one.part.name in states and one.before]
    why = f"rolled back by {name}"
    return {
        "rollback": name,
        "deployment": started.ledger_of,
        "execution": started.execution,
        **({"pinned": pins.pin_parts(aws, wanted.environment, back, until, wanted.reason, why)} if pin else {}),
        "parts": [{"part": one.part.name, "to": encode(one.before) if one.before else None} for one in started.back],
    }


def _of_part(part: str, states: Mapping[str, PartState]) -> list[PartState]:
    """The state of the part, or of all parts."""
    name = full_name(part, states)
    return [one for one in states.values() if name in ("", one.part)]


def _stamp(aws: Operator) -> str:
    return f"{aws.clock.now():%Y%m%d%H%M%S}"
