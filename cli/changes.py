"""Commands that change a stack: freezes, deployments, rollbacks. Each records the caller."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cli.aws.operator import Operator, OutOfReachError
from cli.facts import Facts, environment_of, environments, records
from functions.adapters.executions import execution_arn
from functions.domain.environments import Freeze, PartState, Version
from functions.domain.events import EnvironmentFrozen, EnvironmentUnfrozen
from functions.domain.reconciliation import Ended
from functions.domain.releases import Release, is_commit, repository_mark
from functions.domain.rollback import Compensation
from functions.handler import encode

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_OPERATOR = "operator"
# With the repository's mark and the time, the name has `LONGEST_NAME` characters.
_MOST_REF_CHARACTERS = 15


def freeze(aws: Operator, environment: str, reason: str) -> Facts:
    """Freeze an environment until a person unfreezes it; a later freeze replaces an earlier one."""
    made = Freeze(reason, aws.who, aws.clock.text())
    aws.running.freeze(aws.environment(environment).name, made)
    aws.bus.put(EnvironmentFrozen(environment, made.reason, made.by, made.since))
    return {"environment": environment, "frozen": encode(made)}


def unfreeze(aws: Operator, environment: str, reason: str) -> Facts:
    """Unfreeze an environment and record the caller; parts in doubt stay so until a release or rollback of them."""
    was = aws.running.frozen(aws.environment(environment).name)
    if was is None:
        raise OutOfReachError(f"{environment} is not frozen; `kiro status` shows what blocks it")
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
        raise OutOfReachError(f"nothing is recorded of {environment!r}; `kiro status` shows what is")
    busy = [one.name for one in _running(aws, environment)]
    if busy:
        raise OutOfReachError(
            f"{', '.join(busy)} still runs in {environment}: wait for its end (`kiro watch`), or stop it"
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


def deploy(aws: Operator, repository: str, ref: str, *, emergency: bool = False) -> Facts:
    """Start a deployment of a commit, branch or tag; each call starts a new one."""
    if not _REPOSITORY.fullmatch(repository):
        raise OutOfReachError(f"{repository!r} is not a repository: write owner/name")
    commit = ref if is_commit(ref) else ""
    short = re.sub(r"[^A-Za-z0-9._-]+", "-", commit[:12] or ref.removeprefix("refs/heads/").removeprefix("refs/tags/"))
    name = f"{_OPERATOR}-{short[:_MOST_REF_CHARACTERS].strip('-.')}-{repository_mark(repository)}-{_stamp(aws)}"
    payload = {"repository": repository, "ref": ref, "commit": commit, "trigger": _OPERATOR, "emergency": emergency}
    execution, _ = aws.executions.start(aws.workflows["deployment"], name, payload)
    return {"deployment": name, "execution": execution}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of `kiro rollback`; an empty text stands for an option that was left out."""

    environment: str
    part: str = ""
    to: str = ""
    deployment: str = ""
    reason: str = ""


def _part(given: str, states: Mapping[str, PartState]) -> str:
    """The full name of a part; `hello` is enough where only one repository has a part of that name."""
    matching = [name for name in states if name.endswith(f"/{given}")]
    return matching[0] if given and len(matching) == 1 else given


def roll_back(aws: Operator, wanted: Wanted) -> Facts:
    """Start a rollback: of a whole release by its own ledger, or of named parts by a ledger that is written here."""
    environment = aws.environment(wanted.environment)
    states = {name: state for name, state in aws.running.parts(environment.name).items() if state.running}
    if not states:
        raise OutOfReachError(f"nothing runs in {environment.name}: there is nothing to roll back")
    wanted = replace(wanted, part=_part(wanted.part, states))
    if wanted.part and wanted.part not in states:
        raise OutOfReachError(f"{environment.name} has no part {wanted.part!r}; there are {', '.join(sorted(states))}")
    chosen = [states[wanted.part]] if wanted.part else list(states.values())
    undone = wanted.deployment or _last(chosen)
    name = f"rollback-{environment.name}-{_stamp(aws)}"
    reason = f"requested by {aws.who}" + (f": {wanted.reason}" if wanted.reason else "")
    if wanted.part or wanted.to:
        known = _release(aws, undone)
        ours = [one for one in chosen if not known or (one.running and one.running.is_of(known.repository))]
        steps = _steps(aws, ours, wanted, undone)
        release = known or Release("", "", steps[0][0].running.commit if steps[0][0].running else "")
        _write_ledger(aws, name, release, steps, reason)
        ledger_of = name
    else:
        release = _own_ledger(aws, environment.name, undone)
        ledger_of = undone
    payload = {
        "deploymentId": ledger_of,
        "release": release,
        "environment": environment,
        "reason": reason,
        "breachedAt": aws.clock.text(),
        "agreed": True,
    }
    execution, _ = aws.executions.start(aws.workflows["rollback"], name, payload)
    back = [entry for entry in aws.deployments.ledger(ledger_of) if entry.environment == environment.name]
    return {
        "rollback": name,
        "deployment": ledger_of,
        "execution": execution,
        "parts": [
            {"part": one.part.name, "to": encode(one.before) if one.before else None}
            for one in sorted(back, key=lambda one: -one.order)
        ],
    }


def _last(states: list[PartState]) -> str:
    """The deployment that changed an environment last; one that began a change and recorded no end has precedence."""
    doubts = sorted(state.in_doubt for state in states if state.in_doubt)
    return doubts[0] if doubts else max((s.running.at, s.running.deployment_id) for s in states if s.running)[1]


def _own_ledger(aws: Operator, environment: str, deployment_id: str) -> Release:
    """The release of a deployment; raises OutOfReachError if its ledger has no entry of this environment."""
    release = _release(aws, deployment_id)
    if release is None:
        raise OutOfReachError(f"no deployment is called {deployment_id!r}; `kiro history` lists them")
    if not any(entry.environment == environment for entry in aws.deployments.ledger(deployment_id)):
        raise OutOfReachError(f"{deployment_id} changed nothing in {environment}; name a commit with --to")
    return release


def _steps(aws: Operator, states: list[PartState], wanted: Wanted, undone: str) -> list[tuple[PartState, Version]]:
    """Each part with its version to restore: the named one, else its last known good, else the one before."""
    ledgers = (record.ledger.values() for record in records(aws))
    known = [entry for ledger in ledgers for entry in ledger if entry.environment == wanted.environment]
    found: list[tuple[PartState, Version]] = []
    for state in states:
        before = [e.before for e in known if e.part.name == state.part and e.before and e.before.commit]
        before += [state.good] if state.good else []
        if wanted.to:
            fits = [version for version in before if version.commit.startswith(wanted.to)]
        elif state.good and not state.proven:
            fits = [state.good]
        else:
            mine = [e for e in aws.deployments.ledger(undone) if e.environment == wanted.environment]
            fits = [e.before for e in mine if e.part.name == state.part and e.before]
        target = max(fits, key=lambda version: version.at, default=None)
        if target and (state.in_doubt or target != state.running):
            found.append((state, target))
    if not found:
        ran = sorted({e.before.commit[:12] for e in known if e.before and e.before.commit})
        what = f"no version of the commit {wanted.to} ran" if wanted.to else "there is no version to go back to"
        raise OutOfReachError(f"{what} in {wanted.environment}; known commits: {', '.join(ran) or 'none'}")
    return found


def _write_ledger(
    aws: Operator, name: str, release: Release, steps: list[tuple[PartState, Version]], reason: str
) -> None:
    """Write a record with the ledger; it is concluded at once, because the rollback records its own end."""
    aws.deployments.begin(name, release, execution_arn(aws.workflows["rollback"], name), _OPERATOR)
    # Undone in reverse: services go back before the infrastructure they run on.
    ordered = sorted(steps, key=lambda step: not step[0].part.endswith("/infrastructure"))
    for order, (state, target) in enumerate(ordered):
        if state.definition is None:
            raise OutOfReachError(f"{state.part} has no recorded definition; deploy the wanted commit instead")
        at = aws.clock.text()
        entry = Compensation(state.environment, order, state.definition, target, state.definition, at, state.running)
        aws.deployments.write_ledger(name, entry)
    aws.deployments.conclude(name, "rollback", reason)


def _release(aws: Operator, deployment_id: str) -> Release | None:
    record = aws.deployments.get(deployment_id)
    return record.release if record else None


def _stamp(aws: Operator) -> str:
    return f"{aws.clock.now():%Y%m%d%H%M%S}"
