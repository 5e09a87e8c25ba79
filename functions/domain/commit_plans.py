"""The plan of a release of a commit: which parts are in, because of a path, their definition or what runs (P5)."""

from collections.abc import Collection, Mapping

from msgspec import field
from msgspec.structs import replace

from functions.domain.environments import Environment, PartState
from functions.domain.images import Image
from functions.domain.manifests import MANIFEST, Manifest, Part, changed_path, is_infrastructure, own_name
from functions.domain.order import Order
from functions.domain.pins import Pin, left_out
from functions.domain.plans import Change, PartPlan, Plan, SkippedPart, StagePlan, entered_by, pins_of, summary, within
from functions.domain.requests import Parts
from functions.domain.values import Value

# The commit of a version that was deployed outside the platform and that a rollback has restored.
_NO_COMMIT = ""


class Scope(Value, frozen=True):
    """What the request of the release and its past limit.

    - `until` is the last environment, "" for all. `force` changes unchanged parts, too.
    - `order` is that of the release: one of the main branch replaces one of another branch, whatever their commits.
    - `passed` are environments that this commit passed before and that a newer release has reached since, each with the
      deployment that passed. They are not entered again: the newer release stays.
    - `requested` are the services whose images come by request only, so no commit changes their image.
    - `pins` are the pins of the repository's parts, by environment and part.
    """

    until: str = ""
    parts: Parts = "all"
    force: bool = False
    order: Order | None = None
    passed: Mapping[str, str] = field(default_factory=dict)
    requested: tuple[str, ...] = ()
    pins: Mapping[str, Mapping[str, Pin]] = field(default_factory=dict)


_EVERYTHING = Scope()


def plan(
    manifest: Manifest,
    environments: tuple[Environment, ...],
    running: Mapping[str, Mapping[str, PartState]],
    changes: Mapping[str, Change],
    commit: str,
    scope: Scope = _EVERYTHING,
) -> Plan:
    """The plan of a release; `running` is by environment and part, `changes` is by running commit."""
    changes = {_NO_COMMIT: Change("unknown", None), **changes}
    entered = entered_by(manifest, environments)
    if isinstance(entered, Plan):
        return entered
    entered = within(entered, scope.until)
    descends_from = tuple(sorted(base for base, change in changes.items() if base and change.status == "ahead"))
    pinned = left_out([one.name for one in entered], scope.pins, descends_from)
    passed = [one.name for one in entered if one.name in scope.passed]
    entered = tuple(one for one in entered if one.name not in passed)
    for environment in entered:
        for state in running.get(environment.name, {}).values():
            if state.running and changes[state.running.commit].status == "behind" and not _gives_way(state, scope):
                newer = state.running.commit[:12]
                reason = f"{environment.name} already runs {newer} of {state.part}, which is newer"
                return Plan("superseded", reason)
    stages = tuple(
        replace(
            _stage(manifest, one, running.get(one.name, {}), changes, commit, scope, pinned[one.name]),
            descends_from=descends_from,
        )
        for one in entered
    )
    before = "".join(f"; {name} was passed by {scope.passed[name]} and has a newer release now" for name in passed)
    if passed and not entered:
        return Plan("superseded", before.removeprefix("; "))
    build, pins = (manifest.buildspec, manifest.gates), pins_of(stages)
    if not any(stage.parts for stage in stages):
        nothing = pins or "every part of every environment is already up to date with this commit"
        return Plan("nothing", f"{nothing}{before}", stages, *build)
    return Plan("deploy", f"{summary(stages)}{before}{pins and f'; {pins}'}", stages, *build)


def _gives_way(state: PartState, scope: Scope) -> bool:
    """Whether what runs is of another branch than the main one, and the release is of the main branch; or an image.

    So does all of an earlier epoch: the main branch was moved back to the release.
    """
    order = state.running.order if state.running else None
    if order and scope.order and not order.branch and not scope.order.branch and order.epoch < scope.order.epoch:
        return True
    return bool(order and order.branch and (order.services or (scope.order and not scope.order.branch)))


def _stage(
    manifest: Manifest,
    environment: Environment,
    states: Mapping[str, PartState],
    changes: Mapping[str, Change],
    commit: str,
    scope: Scope,
    pinned: Mapping[str, str],
) -> StagePlan:
    parts: list[PartPlan] = []
    skipped: list[SkippedPart] = []
    for part in manifest.parts:
        decided = _decide(part, states.get(part.name), parts, changes, commit, scope)
        if isinstance(decided, PartPlan) and part.name in pinned:
            decided = SkippedPart(part.name, pinned[part.name], decided.running, pinned=True)
        if isinstance(decided, PartPlan):
            parts.append(decided)
        else:
            skipped.append(decided)
    gone = _gone(manifest, states)
    no_longer = f"{MANIFEST} no longer names it: it is no longer watched"
    skipped += [SkippedPart(name, no_longer, states[name].running) for name in gone]
    after = manifest.after_deploy.get(environment.name)
    return StagePlan(environment, tuple(parts), tuple(skipped), after, gone, _kept(parts, scope))


def _decide(
    part: Part,
    state: PartState | None,
    before: list[PartPlan],
    changes: Mapping[str, Change],
    commit: str,
    scope: Scope,
) -> PartPlan | SkippedPart:
    """Whether a part is in or out, if it is not pinned; `before` are the parts that the release changes before it."""
    requested, seen = own_name(part.name) in scope.requested, state.running if state else None
    inside, reason = _judge(part, state, changes, commit, requested=requested)
    followed = _followed(part, before)
    if scope.parts == "infrastructure" and not is_infrastructure(part.name):
        return SkippedPart(part.name, "only the infrastructure was asked for", seen)
    if requested and (seen is None or seen.image is None):
        return SkippedPart(part.name, "its images come by request, and none was requested yet", seen)
    if scope.force and not inside:
        return PartPlan(part, f"forced: {reason}", running=seen)
    if inside:
        return PartPlan(part, reason, _by_path(part, state) and not scope.force, running=seen)
    if followed:
        why = f"{followed} changes, and perhaps its configuration with it"
        return PartPlan(part, why, follows=followed, running=seen)
    return SkippedPart(part.name, reason, seen)


def _kept(parts: Collection[PartPlan], scope: Scope) -> dict[str, Image]:
    """The images that services keep which this release configures anew."""
    known = {own_name(one.part.name): one.running.image for one in parts if one.running and one.running.image}
    return {service: image for service, image in known.items() if service in scope.requested}


def _followed(part: Part, parts: list[PartPlan]) -> str:
    """The infrastructure, if the release changes it before this service; "" if the service does not depend on it.

    The infrastructure configures a function (its variables, memory, layers). Requests meet what was published, so an
    unchanged service is published again, with the new configuration; what did not change keeps its version.
    """
    if part.way != "call":
        return ""
    return next((one.part.name for one in parts if is_infrastructure(one.part.name)), "")


def _gone(manifest: Manifest, states: Mapping[str, PartState]) -> tuple[str, ...]:
    named = {part.name for part in manifest.parts}
    return tuple(name for name in sorted(states) if name.partition("/")[0] == manifest.name and name not in named)


def _judge(
    part: Part, state: PartState | None, changes: Mapping[str, Change], commit: str, *, requested: bool
) -> tuple[bool, str]:
    """Whether the release changes the part, and why; `requested` if its images come by request."""
    if state is None or state.running is None:
        return True, "nothing runs here yet"
    if state.in_doubt:
        return True, f"deployment {state.in_doubt} began to change it and did not record what runs"
    base = state.running.commit
    if base == commit and state.proven:
        return False, "already runs this commit"
    if base == commit:
        return True, "runs this commit, but it was never verified good"
    if not state.proven:
        return True, f"runs {base[:12] or 'a version that was deployed by hand'}, which was never verified good"
    if state.definition != part:
        return True, f"its definition in {MANIFEST} changed"
    if requested:
        return False, "its image changes by request only"
    files = changes[base].files
    if files is None:
        return True, f"the changes since {base[:12] or 'a version that was deployed by hand'} are unknown"
    file = changed_path(part, files)
    if file is None:
        return False, f"none of its paths changed since {base[:12]}"
    return True, f"{file} changed since {base[:12]}"


def _by_path(part: Part, state: PartState | None) -> bool:
    """Whether changed paths are the only reason: the part runs, was verified good and has the same definition."""
    return bool(state and state.proven and state.definition == part)
