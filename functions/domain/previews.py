"""Infrastructure previews: whether one changes more than metadata, and the plan without parts that do not change (P5).

Tags and descriptions are metadata: an update of nothing else counts as no change. An update that does not name the
changed properties counts as a change.
"""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from functions.domain.plans import PartPlan, Plan, SkippedPart, StagePlan
from functions.domain.texts import quote
from functions.domain.values import Value

METADATA = frozenset({"tags", "tagsAll", "description"})
_UNCHANGED = frozenset({"same", "read", "refresh"})
# `tags.Name`, `tags["a.b"]`, `ingress[0].description`: the first word is the property of the resource.
_PROPERTY = re.compile(r"(\w+)(?=$|[.\[])")
_NAMED = 3


class ResourceStep(Value, frozen=True):
    """The operation on one resource (a URN); `differences` are the paths of changed properties, for updates only."""

    operation: str
    resource: str
    differences: tuple[str, ...] = ()
    replaces: bool = False


class Preview(Value, frozen=True):
    """The steps of one preview report."""

    report: str
    steps: tuple[ResourceStep, ...]


# By environment and part.
Previews = Mapping[tuple[str, str], Preview]


def judge_preview(preview: Preview) -> tuple[bool, str]:
    """Whether anything but metadata would change, and a text on the changes."""
    touched = [step for step in preview.steps if step.operation not in _UNCHANGED]
    real = [step for step in touched if not _is_metadata(step)]
    if real:
        rest = f" and {len(real) - _NAMED} more" if len(real) > _NAMED else ""
        return True, f"{preview.report} would {', '.join(map(_words, real[:_NAMED]))}{rest}"
    if touched:
        return False, f"{preview.report} changes only tags or descriptions ({len(touched)} resources)"
    return False, f"{preview.report} changes nothing"


def narrowed(made: Plan, previews: Previews) -> Plan:
    """The plan without parts whose previews change nothing; the reasons of the others include their previews.

    A preview takes out only a part that is in because of changed paths alone. A part that never ran, was never verified
    good or has a changed definition stays in.
    """
    stages = tuple(_stage(stage, previews) for stage in made.stages)
    if any(stage.parts for stage in stages):
        return replace(made, stages=stages)
    return replace(made, outcome="nothing", reason=_nothing(stages), stages=stages)


def _stage(stage: StagePlan, previews: Previews) -> StagePlan:
    parts: list[PartPlan] = []
    skipped = list(stage.skipped)
    for chosen in stage.parts:
        if chosen.follows and chosen.follows not in {one.part.name for one in parts}:
            skipped.append(
                SkippedPart(
                    chosen.part.name, f"none of its paths changed, and {chosen.follows} is left out", chosen.running
                )
            )
            continue
        preview = previews.get((stage.environment.name, chosen.part.name))
        changes, words = judge_preview(preview) if preview else (True, "")
        if changes or not chosen.by_path:
            parts.append(replace(chosen, reason=f"{chosen.reason}; {words}" if words else chosen.reason))
        else:
            skipped.append(SkippedPart(chosen.part.name, f"{chosen.reason}, but {words}", chosen.running))
    return replace(stage, parts=tuple(parts), skipped=tuple(skipped))


def _nothing(stages: tuple[StagePlan, ...]) -> str:
    out = (f"{stage.environment.name}: {left.part}: {left.reason}" for stage in stages for left in stage.skipped)
    return f"nothing to deploy after the previews: {'; '.join(out)}"


def _is_metadata(step: ResourceStep) -> bool:
    if step.operation != "update" or step.replaces or not step.differences:
        return False
    heads = (_PROPERTY.match(path) for path in step.differences)
    return all(head and head[1] in METADATA for head in heads)


def _words(step: ResourceStep) -> str:
    """`urn:pulumi:test::shop::a:B$aws:s3/bucket:Bucket::logs` is `aws:s3/bucket:Bucket logs`."""
    *_, kind, name = ("", *step.resource.split("::"))
    return quote(f"{step.operation} {kind.rpartition('$')[2]} {name}")
