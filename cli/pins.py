"""Commands that pin parts of an environment, so that no release changes them, and end such pins (R14)."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from msgspec.structs import replace

from cli.aws.operator import Operator, OutOfReachError
from cli.facts import Facts
from cli.output import Form, Output
from cli.session import Environment, Reason, do
from functions.adapters.github.client import GitHub
from functions.domain.environments import Freeze, PartState
from functions.domain.events import PartsPinned, PartsUnpinned
from functions.domain.pins import Pin, pinned_again
from functions.domain.texts import one_line
from functions.handler import decode, encode
from functions.procedures.requested_rollbacks import full_name

Part = Annotated[str, typer.Option("--part", help="only this service, or `infrastructure`")]
NewerThan = Annotated[
    str, typer.Option("--until-newer-than", help="a release passes that descends from this commit; it ends the pin")
]


def pin(
    context: typer.Context,
    environment: Environment,
    reason: Reason,
    part: Part = "",
    newer_than: NewerThan = "",
    output: Output = Form.TABLE,
) -> None:
    """Pin what runs in an environment: no release changes it until `unpin` or a newer commit. Rollbacks may."""

    def act(aws: Operator) -> Facts:
        states = _chosen(aws, environment, part)
        return pin_parts(aws, environment, states, commit_of(aws, states, newer_than), reason)

    do(context, act, pinned, output)


def unpin(
    context: typer.Context,
    environment: Environment,
    reason: Reason,
    part: Part = "",
    output: Output = Form.TABLE,
) -> None:
    """End the pin of a part of an environment, or all pins there. The next release changes the parts again."""
    do(context, lambda aws: _unpin(aws, environment, part, reason), _unpinned, output)


def pinned(done: Facts) -> str:
    """The pins that there are now, and those that they replaced."""
    lines = [decode(Pin, one).describe() for one in done["pins"]]
    return "\n".join([*lines, *(f"before: {decode(Pin, one).describe()}" for one in done["replaced"])])


def _unpinned(done: Facts) -> str:
    return "\n".join(f"no longer: {decode(Pin, one).describe()}" for one in done["were"])


def commit_of(aws: Operator, states: Sequence[PartState], newer_than: str) -> str:
    """The full commit that a person names, as GitHub knows it in the repository of these parts; "" for ""."""
    if not newer_than:
        return ""
    owners = sorted({state.repository or (state.running.repository if state.running else "") for state in states})
    if len(owners) != 1 or not owners[0]:
        known = ", ".join(filter(None, owners)) or "no repository"
        raise OutOfReachError(f"a commit is of one repository, these parts are of {known}: name one part with --part")
    return GitHub.connect(aws.informed()).commit(owners[0], newer_than).sha


def pin_parts(
    aws: Operator, environment: str, states: Iterable[PartState], newer_than: str, reason: str, otherwise: str = ""
) -> Facts:
    """Pin these parts, record the caller, and publish what is new.

    The same pin again changes nothing; another one replaces it, and both are returned. Without a `reason` a part that
    is pinned already keeps that of its pin, and a new pin has the reason `otherwise`.
    """
    known, now, words = aws.running.pins(environment), aws.clock.text(), one_line(reason)
    made, replaced = list[Pin](), list[Pin]()
    pins = dict(known)
    for state in states:
        before = known.get(state.part)
        wanted = pinned_again(before, Pin(environment, state.part, words, aws.who, now, newer_than))
        if wanted == before:
            continue
        wanted = replace(wanted, reason=wanted.reason or otherwise)
        if not aws.running.pin(wanted, before):
            raise OutOfReachError(f"{state.part} was pinned or unpinned in {environment} meanwhile: run this again")
        pins[state.part] = wanted
        made.append(wanted)
        replaced += [before] if before else []
    if made:
        ends = "".join(f"; it replaces a pin: {old.describe()}" for old in replaced)
        parts = tuple(one.part for one in made)
        aws.bus.put(PartsPinned(environment, parts, made[0].reason + ends, aws.who, now, made[0].until))
    return {"environment": environment, "pins": encode(list(pins.values())), "replaced": encode(replaced)}


def _unpin(aws: Operator, environment: str, part: str, reason: str) -> Facts:
    pins = aws.running.pins(aws.environment(environment).name)
    name = full_name(part, pins)
    chosen = [one for one in pins.values() if not name or one.part == name]
    if not chosen:
        known = f"; pinned are {', '.join(sorted(pins))}" if pins else ""
        raise OutOfReachError(f"{name or 'nothing'} is {'not ' if name else ''}pinned in {environment}{known}")
    ended = Freeze(one_line(reason), aws.who, aws.clock.text())
    for one in chosen:
        if not aws.running.unpin(one, ended):
            raise OutOfReachError(f"{one.part} was pinned or unpinned in {environment} meanwhile: run this again")
    aws.bus.put(PartsUnpinned(environment, tuple(one.part for one in chosen), ended.reason, ended.by, ended.since))
    return {"environment": environment, "unpinned": encode(ended), "were": encode(chosen)}


def _chosen(aws: Operator, environment: str, part: str) -> list[PartState]:
    states = {name: one for name, one in aws.running.parts(aws.environment(environment).name).items() if one.running}
    name = full_name(part, states)
    if name and name not in states:
        raise OutOfReachError(f"{environment} has no part {name!r}; there are {', '.join(sorted(states)) or 'none'}")
    if not states:
        raise OutOfReachError(f"nothing runs in {environment}: there is nothing to pin")
    return [states[name]] if name else list(states.values())
