"""Comparing the two versions that share the requests at a step of a rollout, or a part after and before its change."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from functions.adapters.clock import Clock, iso
from functions.adapters.version_figures import VersionFigures
from functions.domain.comparisons import (
    NOTHING_TO_COMPARE,
    SAMPLE_SECONDS,
    Comparison,
    Samples,
    compare,
    compare_with_before,
    together,
    uncompared,
)
from functions.domain.environments import Environment, PartState
from functions.domain.manifests import Part
from functions.domain.rollouts import Rollout
from functions.domain.values import Value
from functions.handler import decode, encode


class Step(Value, frozen=True):
    """A step of a rollout: the part, how far its rollout is, and since when requests are shared (ISO 8601)."""

    part: Part
    rollout: Rollout
    since: str


def sample(
    environment: Environment, step: Step, before: Mapping[str, Any], figures: VersionFigures, clock: Clock
) -> tuple[dict[str, Any], Comparison]:
    """Take a sample; returns the samples so far, as JSON like `before`, and the comparison."""
    known = decode(Samples, before)
    versions = figures.versions(environment, step.part, step.rollout) if step.rollout.shares else None
    if versions is None:
        return encode(known), uncompared(known, NOTHING_TO_COMPARE)
    found = figures.read(environment, versions, datetime.fromisoformat(step.since), clock.now())
    if isinstance(found, Comparison):
        return encode(known), uncompared(known, found)
    samples, comparison = compare(known, *found, versions.limits)
    return encode(samples), comparison


def sample_whole(
    environment: Environment,
    changed: Iterable[PartState],
    before: Mapping[str, Any],
    figures: VersionFigures,
    clock: Clock,
) -> tuple[dict[str, Any], Comparison | None]:
    """The same for parts whose requests all met the new version at once, by part; None if nothing is to be said."""
    samples, found = dict(before), dict[str, Comparison]()
    for state in changed:
        part, running, good = state.definition, state.running, state.good
        whole = figures.whole(environment, part) if part else None
        if part is None or running is None or good is None or whole is None:
            continue
        known = decode(Samples, before.get(state.part, {}))
        if isinstance(whole, Comparison):
            found[state.part] = uncompared(known, whole)
            continue
        began, since = datetime.fromisoformat(good.at), datetime.fromisoformat(running.at)
        read = figures.read_around(environment, whole, began, since, clock.now())
        if isinstance(read, Comparison):
            found[state.part] = uncompared(known, read)
            continue
        taken, found[state.part] = compare_with_before(known, *read, whole.limits)
        samples[state.part] = encode(taken)
    return samples, together(found)


def patience(until: str, needed: int) -> str:
    """How long a watch that ends at `until` (ISO 8601) waits for the samples that decide about a bad one."""
    return iso(datetime.fromisoformat(until) + timedelta(seconds=needed * SAMPLE_SECONDS))
