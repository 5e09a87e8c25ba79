"""Previews of infrastructure: what counts as a change, and what that leaves of a plan (P5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.plans import PartPlan, Plan, SkippedPart, StagePlan
from functions.domain.previews import METADATA, Preview, ResourceStep, judge_preview, narrowed
from tests.functions.samples import COMMAND, SERVICE, environment

URN = "urn:pulumi:test::shop::a:Site$aws:s3/bucket:Bucket::logs"
TAGGED = ResourceStep("update", URN, ("tags.Owner", "tagsAll.Owner", "description"))
CREATED = ResourceStep("create", URN)
METADATA_PATHS = st.sampled_from(sorted(METADATA)).flatmap(
    lambda name: st.sampled_from([name, f"{name}.Owner", f'{name}["a.b"]'])
)
HARMLESS = st.one_of(
    st.builds(ResourceStep, st.sampled_from(["same", "read", "refresh"]), st.just(URN)),
    st.builds(ResourceStep, st.just("update"), st.just(URN), st.lists(METADATA_PATHS, min_size=1).map(tuple)),
)
OTHER_PATHS = st.sampled_from(["policy", "tagsOf", "a[0].description", '["tags"]', "", "tags-x", "versioning.tags"])
REAL = st.one_of(
    st.builds(
        ResourceStep,
        st.sampled_from(["create", "delete", "replace", "create-replacement", "import", "of the future"]),
        st.just(URN),
        st.lists(METADATA_PATHS).map(tuple),
    ),
    st.builds(lambda path, more: ResourceStep("update", URN, (*more, path)), OTHER_PATHS, st.lists(METADATA_PATHS)),
    st.builds(lambda more: ResourceStep("update", URN, tuple(more), replaces=True), st.lists(METADATA_PATHS)),
    st.just(ResourceStep("update", URN)),
)


@given(st.lists(HARMLESS))
def test_metadata_alone_is_no_change(steps: list[ResourceStep]) -> None:
    """Any number of changed tags and descriptions is no change."""
    assert judge_preview(Preview("p.json", tuple(steps)))[0] is False


@given(st.lists(HARMLESS), REAL, st.integers(0, 9))
def test_one_real_difference_is_a_change(harmless: list[ResourceStep], real: ResourceStep, where: int) -> None:
    """One change that is not known to be metadata makes the preview a change, at any position."""
    steps = (*harmless[:where], real, *harmless[where:])
    assert judge_preview(Preview("p.json", steps))[0] is True


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((), "p.json changes nothing"),
        ((TAGGED,), "p.json changes only tags or descriptions (1 resources)"),
        ((TAGGED, CREATED), "p.json would create aws:s3/bucket:Bucket logs"),
        (
            (CREATED,) * 5,
            "p.json would create aws:s3/bucket:Bucket logs, create aws:s3/bucket:Bucket logs, "
            "create aws:s3/bucket:Bucket logs and 2 more",
        ),
        ((ResourceStep("delete", "odd"),), "p.json would delete odd"),
    ],
)
def test_it_says_what_would_change(steps: tuple[ResourceStep, ...], said: str) -> None:
    """The reason names the first few resources by type and name."""
    assert judge_preview(Preview("p.json", steps))[1] == said


def made(*chosen: PartPlan) -> Plan:
    """A plan with these parts in one environment."""
    return Plan("deploy", "test: infrastructure", (StagePlan(environment(name="test"), chosen, ()),))


INFRASTRUCTURE = PartPlan(COMMAND, "infra/a.py changed since 0a0a", by_path=True)
APPLICATION = PartPlan(SERVICE, "src/a.py changed since 0a0a", by_path=True)


def look(plan: Plan, *steps: ResourceStep) -> Plan:
    """The plan after the infrastructure's preview."""
    return narrowed(plan, {("test", COMMAND.name): Preview("p.json", steps)})


def test_a_preview_without_changes_takes_its_part_out() -> None:
    """Only the part of the preview is out, with the reason."""
    left = look(made(INFRASTRUCTURE, APPLICATION), TAGGED)
    (stage,) = left.stages
    assert (left.outcome, stage.parts) == ("deploy", (APPLICATION,))
    words = "infra/a.py changed since 0a0a, but p.json changes only tags or descriptions (1 resources)"
    assert stage.skipped == (SkippedPart(COMMAND.name, words),)


def test_a_preview_with_changes_says_them() -> None:
    """The reason of the part has the changed path and the changes of the preview."""
    (chosen,) = look(made(INFRASTRUCTURE), CREATED).stages[0].parts
    assert chosen.reason == "infra/a.py changed since 0a0a; p.json would create aws:s3/bucket:Bucket logs"


def test_nothing_left_is_nothing_to_do() -> None:
    """A plan without any part left has the outcome `nothing`, with the reasons of all stages."""
    left = look(made(INFRASTRUCTURE))
    assert left.outcome == "nothing"
    assert "test: infrastructure: infra/a.py changed since 0a0a, but p.json changes nothing" in left.reason
    assert left.stages[0].skipped


def test_a_part_that_is_in_for_another_reason_stays() -> None:
    """A part that never ran, was never verified or has a new definition stays in."""
    first = replace(INFRASTRUCTURE, reason="nothing runs here yet", by_path=False)
    (chosen,) = look(made(first)).stages[0].parts
    assert chosen.reason == "nothing runs here yet; p.json changes nothing"


def test_environments_have_previews_of_their_own() -> None:
    """In an environment without a preview, the changed paths decide."""
    plan = made(INFRASTRUCTURE)
    staging = replace(plan.stages[0], environment=environment(name="staging"))
    left = look(replace(plan, stages=(*plan.stages, staging)))
    assert [stage.environment.name for stage in left.stages] == ["test", "staging"]
    assert [stage.parts for stage in left.stages] == [(), (INFRASTRUCTURE,)]


def test_a_service_leaves_with_the_part_that_it_follows() -> None:
    """Infrastructure that its preview takes out configures nothing."""
    follower = PartPlan(SERVICE, "infrastructure changes", follows=COMMAND.name)
    assert look(made(INFRASTRUCTURE, follower), CREATED).stages[0].parts[1] == follower
    left = look(made(INFRASTRUCTURE, follower), TAGGED)
    assert left.outcome == "nothing"
    assert left.stages[0].skipped[1] == SkippedPart(
        SERVICE.name, f"none of its paths changed, and {COMMAND.name} is left out"
    )
