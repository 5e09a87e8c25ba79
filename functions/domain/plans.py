"""What a release changes in each environment, and why each part is in or out (P5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from functions.domain.environments import Environment, Freeze, PartState
from functions.domain.manifests import MANIFEST, AfterDeploy, GateSettings, Manifest, Part, changed_path

# The commit of a version that somebody made by hand, once a rollback went back to it.
_BY_HAND = ""


@dataclass(frozen=True, slots=True)
class PartPlan:
    """A part that the release changes, and why; `by_path` when nothing but changed paths speaks for it."""

    part: Part
    reason: str
    by_path: bool = False


@dataclass(frozen=True, slots=True)
class SkippedPart:
    """A part that stays as it is, and why."""

    part: str
    reason: str


@dataclass(frozen=True, slots=True)
class StagePlan:
    """One environment's share of the release, in the order of application.

    `gone` are parts that run here and that the repository no longer names: nobody looks at them while this release is
    judged, and they are forgotten once it is good.
    """

    environment: Environment
    parts: tuple[PartPlan, ...]
    skipped: tuple[SkippedPart, ...]
    after_deploy: AfterDeploy | None = None
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deployment will do. `invalid` and `frozen` name what a person has to mend."""

    outcome: Literal["deploy", "nothing", "invalid", "frozen", "superseded"]
    reason: str
    stages: tuple[StagePlan, ...] = ()
    buildspec: str = ""
    gates: GateSettings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What lies between a commit that runs somewhere and the release; `files` is None when nobody can tell."""

    status: Literal["ahead", "behind", "identical", "diverged", "unknown"]
    files: tuple[str, ...] | None


def plan(
    manifest: Manifest,
    environments: tuple[Environment, ...],
    running: Mapping[str, Mapping[str, PartState]],
    changes: Mapping[str, Change],
    commit: str,
) -> Plan:
    """The plan of a release; `running` is by environment and part, `changes` by the commit that runs."""
    changes = {_BY_HAND: Change("unknown", None), **changes}
    walk = _walk(manifest, environments)
    if isinstance(walk, Plan):
        return walk
    for environment in walk:
        for state in running.get(environment.name, {}).values():
            if state.running and changes[state.running.commit].status == "behind":
                newer = state.running.commit[:12]
                reason = f"{environment.name} already runs {newer} of {state.part}, which is newer"
                return Plan("superseded", reason)
    stages = tuple(
        _stage(manifest, environment, running.get(environment.name, {}), changes, commit) for environment in walk
    )
    build = (manifest.buildspec, manifest.gates)
    if not any(stage.parts for stage in stages):
        return Plan("nothing", "every part of every environment already is as this commit wants it", stages, *build)
    return Plan("deploy", _summary(stages), tuple(stage for stage in stages if stage.parts), *build)


def frozen_plan(made: Plan, frozen: Mapping[str, Freeze]) -> Plan | None:
    """The refusal of a release that would enter a frozen environment; None when it enters none."""
    for name in (stage.environment.name for stage in made.stages):
        if name in frozen:
            return Plan("frozen", frozen[name].describe(name))
    return None


def in_emergency(made: Plan) -> Plan:
    """The plan without tests and load runs after deployments; approvals and every gate before them stay (P8)."""
    if made.outcome != "deploy":
        return made
    untested = [stage.environment.name for stage in made.stages if stage.after_deploy]
    words = "EMERGENCY: deployment windows are not waited for"
    if untested:
        words += f", tests after the deployment are left out in {', '.join(untested)}"
    stages = tuple(replace(stage, after_deploy=None) for stage in made.stages)
    return replace(made, reason=f"{words}; {made.reason}", stages=stages)


def _walk(manifest: Manifest, environments: tuple[Environment, ...]) -> tuple[Environment, ...] | Plan:
    """The environments that this repository walks, in the order of the settings."""
    known = {environment.name for environment in environments}
    for place, names in {"environments": manifest.environments, "gates.afterDeploy": manifest.after_deploy}.items():
        unknown = [name for name in names if name not in known]
        if unknown:
            reason = f"{MANIFEST}: {place}: {', '.join(unknown)} unknown (known: {', '.join(sorted(known))})"
            return Plan("invalid", reason)
    return tuple(e for e in environments if not manifest.environments or e.name in manifest.environments)


def _stage(
    manifest: Manifest,
    environment: Environment,
    states: Mapping[str, PartState],
    changes: Mapping[str, Change],
    commit: str,
) -> StagePlan:
    parts: list[PartPlan] = []
    skipped: list[SkippedPart] = []
    for part in manifest.parts:
        state = states.get(part.name)
        inside, reason = _judge(part, state, changes, commit)
        if inside:
            parts.append(PartPlan(part, reason, _by_path(part, state)))
        else:
            skipped.append(SkippedPart(part.name, reason))
    gone = _gone(manifest, states)
    skipped += [SkippedPart(name, f"{MANIFEST} no longer names it: it is looked at no more") for name in gone]
    return StagePlan(environment, tuple(parts), tuple(skipped), manifest.after_deploy.get(environment.name), gone)


def _gone(manifest: Manifest, states: Mapping[str, PartState]) -> tuple[str, ...]:
    named = {part.name for part in manifest.parts}
    return tuple(name for name in sorted(states) if name.partition("/")[0] == manifest.name and name not in named)


def _judge(part: Part, state: PartState | None, changes: Mapping[str, Change], commit: str) -> tuple[bool, str]:
    """Whether the part is in, and why."""
    if state is None or state.running is None:
        return True, "nothing runs here yet"
    if state.in_doubt:
        return True, f"{state.in_doubt} began to change it, and has not recorded what runs"
    base = state.running.commit
    if base == commit and state.proven:
        return False, "already runs this commit"
    if base == commit:
        return True, "runs this commit, but it was never verified good"
    if state.definition != part:
        return True, f"its definition in {MANIFEST} changed"
    files = changes[base].files
    if files is None:
        return True, f"what changed since {base[:12] or 'a version made by hand'} can't be told"
    file = changed_path(part, files)
    if file is None:
        return False, f"none of its paths changed since {base[:12]}"
    return True, f"{file} changed since {base[:12]}"


def _by_path(part: Part, state: PartState | None) -> bool:
    """Whether it runs, verified good and defined as now, so that only what changed in the repository is a reason."""
    return bool(state and state.proven and state.definition == part)


def told(made: Plan) -> dict[str, object]:
    """The plan as the record keeps it: what is in and out, and why."""
    return {
        "outcome": made.outcome,
        "reason": made.reason,
        "stages": [
            {
                "environment": stage.environment.name,
                "parts": {chosen.part.name: chosen.reason for chosen in stage.parts},
                "skipped": {left.part: left.reason for left in stage.skipped},
            }
            for stage in made.stages
        ],
    }


def _summary(stages: tuple[StagePlan, ...]) -> str:
    return "; ".join(
        f"{stage.environment.name}: {', '.join(p.part.name for p in stage.parts)}" for stage in stages if stage.parts
    )
