"""The plan of a deployment: which parts change in which environments, and why each part is in or out (P5)."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import field
from msgspec.structs import replace

from functions.domain.environments import Environment, PartState, Version
from functions.domain.images import Image
from functions.domain.manifests import MANIFEST, AfterDeploy, GateSettings, Manifest, Part
from functions.domain.order import is_newer
from functions.domain.values import Value


class PartPlan(Value, frozen=True):
    """A part that the release changes, and why; `by_path` if changed paths are the only reason.

    `follows` names the part whose change is the only reason: it may change how this part is configured. `running` is
    the version that the plan judged by.
    """

    part: Part
    reason: str
    by_path: bool = False
    follows: str = ""
    running: Version | None = None


class SkippedPart(Value, frozen=True):
    """A part that the release does not change, why, and the version that it judged by.

    `pinned`: the release would change it, and a pin keeps it out.
    """

    part: str
    reason: str
    running: Version | None = None
    pinned: bool = False


class StagePlan(Value, frozen=True):
    """The changes in one environment; `parts` are in the order in which they are applied, none if nothing changes.

    `gone` are parts that run in the environment and that the manifest no longer names. They are not watched while this
    release is judged, and their records are deleted once the release is good. `images` are those that `parts` get, by
    service: the requested ones, or those that run already. All other images are the build's.
    `descends_from` are the commits that the release is known to descend from; they end pins.
    """

    environment: Environment
    parts: tuple[PartPlan, ...]
    skipped: tuple[SkippedPart, ...]
    after_deploy: AfterDeploy | None = None
    gone: tuple[str, ...] = ()
    images: dict[str, Image] = field(default_factory=dict)
    descends_from: tuple[str, ...] = ()


class Plan(Value, frozen=True):
    """What a deployment will do; `stages` are all environments that it walks, with and without changes.

    With `invalid`, the reason is what a person has to correct. Without a `buildspec` nothing is built. `files` are the
    paths in the artifact that services of the manifest are deployed from, `manifest_digest` is the SHA-256 of the
    manifest.
    """

    outcome: Literal["deploy", "nothing", "invalid", "superseded"]
    reason: str
    stages: tuple[StagePlan, ...] = ()
    buildspec: str = ""
    gates: GateSettings = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    manifest_digest: str = ""


class Change(Value, frozen=True):
    """The difference from a running commit to the release; `files` is None when it is unknown."""

    status: Literal["ahead", "behind", "identical", "diverged", "unknown"]
    files: tuple[str, ...] | None


def pins_of(stages: Sequence[StagePlan]) -> str:
    """The pins that keep parts of a release out, each once; "" if none does."""
    return "; ".join(dict.fromkeys(left.reason for stage in stages for left in stage.skipped if left.pinned))


def within(environments: tuple[Environment, ...], until: str) -> tuple[Environment, ...]:
    """The environments up to the one that is called `until`; all of them for "" or one that is not among them."""
    names = [one.name for one in environments]
    return environments[: names.index(until) + 1] if until in names else environments


def in_emergency(made: Plan) -> Plan:
    """The plan of an emergency: no tests after deployments; approvals and gates before deployments stay (P8)."""
    if made.outcome != "deploy":
        return made
    untested = [stage.environment.name for stage in made.stages if stage.parts and stage.after_deploy]
    words = "EMERGENCY: deployment windows are ignored"
    if untested:
        words += f", tests after the deployment are skipped in {', '.join(untested)}"
    stages = tuple(replace(stage, after_deploy=None) for stage in made.stages)
    return replace(made, reason=f"{words}; {made.reason}", stages=stages)


def entered_by(manifest: Manifest, environments: tuple[Environment, ...]) -> tuple[Environment, ...] | Plan:
    """The environments that releases of this repository enter, in the order of the settings; or an `invalid` plan."""
    known = {environment.name for environment in environments}
    for place, names in {"environments": manifest.environments, "gates.afterDeploy": manifest.after_deploy}.items():
        unknown = [name for name in names if name not in known]
        if unknown:
            reason = f"{MANIFEST}: {place}: {', '.join(unknown)} unknown (known: {', '.join(sorted(known))})"
            return Plan("invalid", reason)
    return tuple(e for e in environments if not manifest.environments or e.name in manifest.environments)


def is_outdated(stage: StagePlan, states: Mapping[str, PartState], repository: str) -> bool:
    """Whether another release has since changed a part of the repository that the plan leaves as it was.

    A part that was rolled back since runs what an operator or a watch wants, so the plan still holds.
    """
    changed = {chosen.part.name for chosen in stage.parts}
    judged = {left.part: left.running for left in stage.skipped}

    def moved(state: PartState) -> bool:
        seen, now = judged.get(state.part), state.running
        if now is None or now == seen or not now.is_of(repository) or state.part in changed:
            return False
        return seen is None or not is_newer(seen.order, now.order)

    return any(moved(state) for state in states.values())


def recorded(made: Plan) -> dict[str, object]:
    """The plan as the deployment's record stores it: the parts that are in and out, with reasons."""
    return {
        "outcome": made.outcome,
        "reason": made.reason,
        "stages": [
            {
                "environment": stage.environment.name,
                "parts": {chosen.part.name: chosen.reason for chosen in stage.parts},
                "skipped": {left.part: left.reason for left in stage.skipped},
                "pinned": [left.part for left in stage.skipped if left.pinned],
            }
            for stage in made.stages
        ],
    }


def summary(stages: tuple[StagePlan, ...]) -> str:
    """The parts that change, by environment."""
    return "; ".join(
        f"{stage.environment.name}: {', '.join(p.part.name for p in stage.parts)}" for stage in stages if stage.parts
    )
