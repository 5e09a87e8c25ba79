"""The way back: what was changed, in which order it is undone, and what the end of it is called (R4, R5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from functions.domain.environments import PartState, Version
from functions.domain.manifests import Part

Verdict = Literal["restored", "partly", "unknown"]


@dataclass(frozen=True, slots=True)
class Compensation:
    """One ledger entry, written before the change it undoes. `before` is None when the part did not run yet."""

    environment: str
    order: int
    part: Part
    before: Version | None
    definition_before: Part | None
    at: str


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


def still_ours(
    ledger: Sequence[Compensation], states: Mapping[str, PartState], committed_at: str
) -> tuple[Compensation, ...]:
    """The entries whose part no newer release has replaced: undoing those would undo the newer one (P3)."""

    def replaced(entry: Compensation) -> bool:
        state = states.get(entry.part.name)
        return bool(state and state.running and state.running.committed_at > committed_at)

    return tuple(entry for entry in ledger if not replaced(entry))


def verdict(parts: Sequence[ReadBack]) -> tuple[Verdict, str]:
    """*restored* when all reads back as meant, *partly* when only first releases have no way back, else *unknown*."""
    wrong = [p for p in parts if p.meant is not None and (p.found != p.meant or p.healthy is False)]
    if wrong:
        return "unknown", "; ".join(_why(p) for p in wrong)
    first = [p.part for p in parts if p.meant is None]
    if first:
        return "partly", f"{', '.join(first)}: this was the first release, there is none to go back to"
    return "restored", "; ".join(f"{p.part} runs {p.meant}" for p in parts) or "nothing had been changed"


def _why(part: ReadBack) -> str:
    if part.found != part.meant:
        return f"{part.part} runs {part.found or 'nothing known'} instead of {part.meant}"
    return f"{part.part} runs {part.meant} but is not healthy"


def after_rollback(state: PartState, step: Step) -> PartState:
    """The record of a part once it was put back."""
    return PartState(state.environment, state.part, step.to, state.good, step.part, state.outputs)
