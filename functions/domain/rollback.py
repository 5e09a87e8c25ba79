"""The way back: what was changed, in which order it is undone, and what the end of it is called (R4, R5)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from functions.domain.environments import PartState, Version
from functions.domain.manifests import Part

RollbackResult = Literal["restored", "partly", "unknown"]


@dataclass(frozen=True, slots=True)
class Compensation:
    """One ledger entry, written before the change it undoes. `before` is None when the part did not run yet.

    `recorded` is what the record said then, by which a rollback sees that nobody built upon the change since.
    """

    environment: str
    order: int
    part: Part
    before: Version | None
    definition_before: Part | None
    at: str
    recorded: Version | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to put back."""

    part: Part
    to: Version


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a part was meant to run and what it was found running; `healthy` is None where nothing tells."""

    part: str
    meant: str | None
    found: str | None
    healthy: bool | None


def steps(ledger: Sequence[Compensation], environment: str) -> tuple[Step, ...]:
    """The compensations of an environment, last change first; a part that never ran has nothing to go back to."""
    mine = sorted((c for c in ledger if c.environment == environment), key=lambda c: c.order, reverse=True)
    return tuple(Step(c.definition_before or c.part, c.before) for c in mine if c.before is not None)


def way_back(state: PartState | None, found: str | None) -> Version | None:
    """Where a part goes back to: what runs, unless that was never verified and something before it was (R4).

    `found` is the version that truly runs; it counts where the record knows it as another one, made by hand. What is in
    doubt was left by a release that never came to its end, so that the last known good lies behind it.
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
    """The entries of a release that nobody has built upon since: a late rollback leaves a newer release alone (P3)."""

    def overtaken(entry: Compensation) -> bool:
        state = states.get(entry.part.name)
        running = state.running if state else None
        ours = running is not None and running.deployment_id == deployment_id
        return not ours and running not in (entry.before, entry.recorded)

    return tuple(c for c in ledger if c.environment == environment and not overtaken(c))


def verdict(parts: Sequence[ReadBack]) -> tuple[RollbackResult, str]:
    """*restored* when all reads back as meant, *partly* when only first releases have no way back, else *unknown*."""
    wrong = [p for p in parts if p.meant is not None and (p.found != p.meant or p.healthy is False)]
    if wrong:
        return "unknown", "; ".join(_why(p) for p in wrong)
    first = [p.part for p in parts if p.meant is None]
    if first:
        return "partly", f"{', '.join(first)}: this was the first release, there is none to go back to"
    return "restored", "; ".join(f"{p.part} runs {p.meant}" for p in parts) or "nothing had been changed"


def outcome(ends: Iterable[RollbackResult | None]) -> RollbackResult:
    """What a release's rollbacks come to, one end per environment it touched; None is one that never said its end."""
    found = set(ends)
    if found <= {"restored"}:
        return "restored"
    return "partly" if found <= {"restored", "partly"} else "unknown"


def _why(part: ReadBack) -> str:
    if part.found != part.meant:
        return f"{part.part} runs {part.found or 'nothing known'} instead of {part.meant}"
    return f"{part.part} runs {part.meant} but is not healthy"


def after_rollback(state: PartState, step: Step) -> PartState:
    """The record of a part once it was put back; the release that was taken away is no known good any more."""
    good = step.to if state.good else None
    return PartState(state.environment, state.part, step.to, good, step.part, state.outputs)  # in doubt no more
