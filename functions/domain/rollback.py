"""Rollback: the ledger entries that are undone, their order, and the result (R4, R5)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from functions.domain.environments import PartState, Version
from functions.domain.manifests import Part
from functions.domain.values import Value

RollbackResult = Literal["restored", "partly", "unknown"]


class Compensation(Value, frozen=True):
    """One ledger entry, written before the change that it undoes; `at` is ISO 8601.

    `before` is the version to restore, None when the part did not run yet. `recorded` is the version in the record at
    that time; with it a rollback detects whether a later deployment has changed the part since. `doubted` is the
    deployment that had left the part in doubt by then, "" if none had.
    """

    environment: str
    order: int
    part: Part
    before: Version | None
    definition_before: Part | None
    at: str
    recorded: Version | None = None
    doubted: str = ""


class Step(Value, frozen=True):
    """One part to restore, and the version to restore."""

    part: Part
    to: Version


class ReadBack(Value, frozen=True):
    """The version that a part should run after a rollback (`meant`) and the version that it runs (`found`).

    `meant` is None for a first release, `found` is None when it is unknown, `healthy` is None when there is no probe.
    `commit` is the commit of `meant`, empty if unknown; `tag` is that of its image, if a request named it.
    """

    part: str
    meant: str | None
    found: str | None
    healthy: bool | None
    commit: str = ""
    tag: str = ""


def steps(ledger: Sequence[Compensation], environment: str) -> tuple[Step, ...]:
    """The parts of an environment to restore, last change first; a part that did not run before has no step."""
    mine = sorted((c for c in ledger if c.environment == environment), key=lambda c: c.order, reverse=True)
    return tuple(Step(c.definition_before or c.part, c.before) for c in mine if c.before is not None)


def held(ledger: Sequence[Compensation]) -> tuple[Compensation, ...]:
    """The entries that are undone only after a person agreed: the release declares their migration irreversible (M6).

    A part that did not run before has no earlier version, so there is nothing to agree to.
    """
    return tuple(c for c in ledger if c.part.migration == "irreversible" and c.before is not None)


def why_held(entry: Compensation) -> str:
    """The reason for people, with the next step: what they start is not held."""
    part, to = entry.part.name, entry.before
    back = (to.label or f"version {to.version}") if to else ""
    return (
        f"{part} was not rolled back: its migration is declared irreversible, and code of {back} may not fit the data. "
        f"`kiro-worker rollback {entry.environment} --reason …` restores it after all; to deploy a correction instead, "
        f"`kiro-worker unfreeze {entry.environment} --reason …` first"
    )


def rollback_version(state: PartState | None, found: str | None) -> Version | None:
    """The version that a rollback restores: the last known good, else the running one (R4); None if nothing runs.

    `found` is the version that runs now. If it is not the recorded one, it was deployed outside the platform and is the
    version to restore. If the part is in doubt, an unfinished release left `found`: the last known good is restored.
    """
    recorded = state.running if state else None
    if found is None:
        return None
    if state and state.in_doubt and state.good:
        return state.good
    if recorded is None or recorded.version != found:
        return Version("", "", "", "", found, "")
    return state.good if state and state.good else recorded


def in_force(
    ledger: Sequence[Compensation], environment: str, deployment_id: str, states: Mapping[str, PartState]
) -> tuple[Compensation, ...]:
    """The ledger entries whose parts no later deployment has changed: a late rollback keeps a newer release (P3)."""

    def overtaken(entry: Compensation) -> bool:
        state = states.get(entry.part.name)
        running = state.running if state else None
        ours = running is not None and running.deployment_id == deployment_id
        return not ours and running not in (entry.before, entry.recorded)

    return tuple(c for c in ledger if c.environment == environment and not overtaken(c))


def verdict(parts: Sequence[ReadBack]) -> tuple[RollbackResult, str]:
    """The result and its reason.

    `restored`: every part runs what it should. `partly`: the only exceptions are first releases, which have no earlier
    version. `unknown`: anything else.
    """
    wrong = [p for p in parts if p.meant is not None and (p.found != p.meant or p.healthy is False)]
    if wrong:
        return "unknown", "; ".join(_why(p) for p in wrong)
    first = [p.part for p in parts if p.meant is None]
    if first:
        return "partly", f"{', '.join(first)}: this was the first release, there is no earlier one to restore"
    return "restored", "; ".join(map(_back, parts)) or "nothing had been changed"


def outcome(ends: Iterable[RollbackResult | None]) -> RollbackResult:
    """The outcome of a release from the results of its rollbacks, one per environment; None is an unrecorded result."""
    found = set(ends)
    if found <= {"restored"}:
        return "restored"
    return "partly" if found <= {"restored", "partly"} else "unknown"


def _back(part: ReadBack) -> str:
    shown = part.tag or part.commit[:12]
    if shown and part.commit != part.meant:
        return f"{part.part} is back at {shown} (version {part.meant})"
    return f"{part.part} is back at {shown or f'version {part.meant}'}"


def _why(part: ReadBack) -> str:
    if part.found != part.meant:
        return f"{part.part} runs {part.found or 'an unknown version'} instead of {part.meant}"
    return f"{part.part} runs {part.meant} but is not healthy"


def after_rollback(state: PartState, step: Step) -> PartState:
    """The record of a part after it was restored; the version that was rolled back is no longer the last known good."""
    good = step.to if state.good else None
    return PartState(state.environment, state.part, step.to, good, step.part, state.outputs)  # no longer in doubt
