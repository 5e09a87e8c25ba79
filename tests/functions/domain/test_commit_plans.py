"""The plan of a release of a commit: which parts change in each environment, and why."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.commit_plans import Scope, plan
from functions.domain.environments import PartState
from functions.domain.images import Image
from functions.domain.manifests import AfterDeploy, Manifest
from functions.domain.order import Order
from functions.domain.pins import Pin
from functions.domain.plans import Change, Plan, recorded
from tests.functions.samples import COMMAND, COMMIT, NOW, OLDER, SERVICE, environment, state, version

TEST, PRODUCTION = environment(name="test", approval=False), environment()
MANIFEST = Manifest("hello", "build.yml", [COMMAND, SERVICE], gates={"tests": {"junit": ["junit.xml"]}})
EVERYTHING = Scope()
AHEAD = Change("ahead", ("src/hello.py",))


def made(
    running: dict[str, dict[str, PartState]] | None = None,
    change: Change = AHEAD,
    manifest: Manifest = MANIFEST,
    scope: Scope = EVERYTHING,
) -> Plan:
    """A plan for test and production."""
    changes = {OLDER: change, COMMIT: Change("identical", ())}
    return plan(manifest, (TEST, PRODUCTION), running or {}, changes, COMMIT, scope)


def reasons(made_plan: Plan, stage: int = 0) -> dict[str, str]:
    """Why each part of a stage is in (+) or out (-)."""
    chosen = made_plan.stages[stage]
    return {f"+{p.part.name}": p.reason for p in chosen.parts} | {f"-{s.part}": s.reason for s in chosen.skipped}


def everywhere(**states: PartState) -> dict[str, dict[str, PartState]]:
    """The same parts run in both environments."""
    return {"test": states, "production": states}


def test_a_service_whose_images_are_requested_keeps_its_image() -> None:
    """M3: no commit changes it; where its infrastructure changes it is configured anew, with the image that runs."""
    asked = Scope(requested=("hello",))
    first = made(scope=asked)
    assert reasons(first)["-hello"] == "its images come by request, and none was requested yet"
    running = version(image=Image("registry/hello", "v1.2.3", "sha256:1"))
    unchanged = made(everywhere(infrastructure=state(COMMAND), hello=state(running=running)), scope=asked)
    assert reasons(unchanged)["-hello"] == "its image changes by request only"
    changed = Change("ahead", ("infra/a.yml", "src/hello.py"))
    after = made(everywhere(infrastructure=state(COMMAND), hello=state(running=running)), changed, scope=asked)
    assert reasons(after)["+hello"].startswith("infrastructure changes")
    assert after.stages[0].images == {"hello": running.image}
    built = made(everywhere(infrastructure=state(COMMAND), hello=state(running=running)), changed)
    assert (reasons(built)["+hello"], built.stages[0].images) == (f"src/hello.py changed since {OLDER[:12]}", {})


def test_an_image_that_runs_keeps_no_older_commit_out() -> None:
    """M3: its commit is only that of the manifest with which it was requested."""
    running = version(image=Image("registry/hello", "v1", "sha256:1"), order=Order(1, 5, 1, ("hello",)))
    states = everywhere(infrastructure=state(COMMAND, version(COMMIT)), hello=state(running=running))
    assert made(states, Change("behind", ("src/hello.py",)), scope=Scope(order=Order(1, 4))).outcome == "deploy"


def test_an_empty_environment_gets_every_part_in_order() -> None:
    """Infrastructure before services, environments in the order of the settings."""
    first = made()
    assert first.outcome == "deploy"
    assert [stage.environment.name for stage in first.stages] == ["test", "production"]
    assert [chosen.part.name for chosen in first.stages[0].parts] == ["infrastructure", "hello"]
    assert (first.buildspec, first.gates) == ("build.yml", {"tests": {"junit": ["junit.xml"]}})


def test_only_what_changed_is_in_and_the_rest_says_why_not() -> None:
    """P5: a part is in because of a changed file, and out with the commit it was compared with."""
    found = made(everywhere(infrastructure=state(COMMAND), hello=state()))
    assert reasons(found) == {
        "+hello": f"src/hello.py changed since {OLDER[:12]}",
        "-infrastructure": f"none of its paths changed since {OLDER[:12]}",
    }


def test_nothing_to_do_is_said() -> None:
    """A commit that changes no part has the outcome `nothing`, with a reason for every part."""
    found = made(everywhere(infrastructure=state(COMMAND), hello=state()), Change("ahead", ("README.md",)))
    assert found.outcome == "nothing"
    assert set(reasons(found)) == {"-infrastructure", "-hello"}


def test_the_same_commit_again_does_nothing() -> None:
    """A part that runs this commit verified good is left out."""
    now = version(COMMIT)
    assert made(everywhere(infrastructure=state(COMMAND, now), hello=state(SERVICE, now))).outcome == "nothing"


def test_a_commit_that_was_never_verified_is_deployed_again() -> None:
    """A part that runs this commit unverified is in."""
    now = version(COMMIT)
    found = made(everywhere(infrastructure=state(COMMAND, now), hello=state(SERVICE, now, good=version())))
    assert reasons(found)["+hello"] == "runs this commit, but it was never verified good"


def test_what_was_never_verified_is_no_base_to_leave_out_a_part() -> None:
    """P5: an older release that is being judged may be rolled back, and the next environments would still get it."""
    judged = state(SERVICE, version(), good=version("b" * 40))
    found = made(everywhere(infrastructure=state(COMMAND), hello=judged), Change("ahead", ("README.md",)))
    assert reasons(found)["+hello"] == f"runs {OLDER[:12]}, which was never verified good"


def test_what_the_repository_no_longer_names_is_gone() -> None:
    """Parts that the manifest no longer names are gone, but not those of other repositories."""
    states = {"hello/old": state(SERVICE), "other/old": state(SERVICE), "infrastructure": state(COMMAND)}
    found = made({"test": states, "production": {}})
    assert [stage.gone for stage in found.stages] == [("hello/old",), ()]
    assert reasons(found)["-hello/old"] == "delivery.yml no longer names it: it is no longer watched"


def test_what_is_in_doubt_is_deployed_whatever_is_on_record() -> None:
    """A part in doubt is in, even with the same commit and without changed paths."""
    now = version(COMMIT)
    found = made(
        everywhere(
            infrastructure=state(COMMAND, in_doubt="main-that-died"),
            hello=state(SERVICE, now, in_doubt="main-that-died"),
        )
    )
    why = "deployment main-that-died began to change it and did not record what runs"
    assert reasons(found) == {"+infrastructure": why, "+hello": why}
    assert not any(chosen.by_path for chosen in found.stages[0].parts)


def test_a_changed_definition_brings_a_part_in() -> None:
    """A part whose definition in the manifest changed is in, even without changed paths."""
    found = made(everywhere(infrastructure=state(COMMAND), hello=state(replace(SERVICE, settings={"alias": "old"}))))
    assert "delivery.yml changed" in reasons(found)["+hello"]


@pytest.mark.parametrize("status", ["diverged", "unknown"])
def test_what_nobody_can_tell_counts_as_changed(status: str) -> None:
    """Every part is in if the changed files are unknown."""
    found = made(everywhere(infrastructure=state(COMMAND), hello=state()), Change(status, None))  # type: ignore[arg-type]
    assert [key[0] for key in reasons(found)] == ["+", "+"]
    assert f"the changes since {OLDER[:12]} are unknown" in reasons(found)["+hello"]


def test_a_version_without_a_commit_counts_as_changed() -> None:
    """Every part is in after a rollback to a version without a commit."""
    by_hand = state(SERVICE, version("", "7"))
    assert "+hello" in reasons(made(everywhere(hello=by_hand)))


def test_an_older_release_is_superseded_as_a_whole() -> None:
    """P3: a newer commit in one environment supersedes the whole release, and is named."""
    found = made({"production": {"hello": state()}}, Change("behind", None))
    assert found.outcome == "superseded"
    assert found.reason == f"production already runs {OLDER[:12]} of hello, which is newer"
    assert found.stages == ()


def test_a_repository_walks_its_own_environments() -> None:
    """A manifest may choose environments; their order is that of the stack."""
    found = made(manifest=replace(MANIFEST, environments=["production"]))
    assert [stage.environment.name for stage in found.stages] == ["production"]
    # what runs where this repository does not go is not asked
    both = replace(MANIFEST, environments=["production", "test"])
    assert [stage.environment.name for stage in made(manifest=both).stages] == ["test", "production"]


def test_an_unknown_environment_is_named_with_the_known_ones() -> None:
    """An unknown environment makes the plan invalid."""
    found = made(manifest=replace(MANIFEST, environments=["prod"]))
    assert (found.outcome, found.stages) == ("invalid", ())
    assert "prod unknown (known: production, test)" in found.reason


def test_every_environment_is_walked() -> None:
    """P3: also one without changes, so that the release ends the waits of older ones there."""
    now = version(COMMIT)
    settled = {"test": {"infrastructure": state(COMMAND, now), "hello": state(SERVICE, now)}}
    test, production = made(settled).stages
    assert (test.parts, [left.running for left in test.skipped]) == ((), [now, now])
    assert (production.environment.name, len(production.parts)) == ("production", 2)


STATES = st.none() | st.builds(
    lambda commit, good, part: state(part, version(commit), good=version(commit) if good else None),
    st.sampled_from([OLDER, COMMIT]),
    st.booleans(),
    st.sampled_from([SERVICE, replace(SERVICE, settings={"alias": "old"})]),
)
CHANGES = st.builds(
    Change,
    st.sampled_from(["ahead", "diverged", "unknown", "identical"]),
    st.none() | st.lists(st.sampled_from(["src/a.py", "infra/b.py", "README.md"])).map(tuple),
)


@given(st.dictionaries(st.sampled_from(["infrastructure", "hello"]), STATES), CHANGES)
def test_every_part_is_in_or_out_with_a_reason(states: dict[str, PartState | None], change: Change) -> None:
    """Each part of the manifest is exactly once in each stage, with a reason."""
    running = {name: one for name, one in states.items() if one}
    found = made(everywhere(**running), change)
    assert found.outcome in ("deploy", "nothing")
    assert found.reason
    for number in range(len(found.stages)):
        said = reasons(found, number)
        assert sorted(key[1:] for key in said) == ["hello", "infrastructure"]
        assert all(said.values())
    if found.outcome == "deploy":
        assert all(stage.parts for stage in found.stages)


def test_gates_of_the_manifest_are_in_the_plan() -> None:
    """The plan has the gates of the build, and of tests by environment; an unknown environment is named."""
    gates = {"security": {"sarif": ["a.sarif"]}}
    tests = AfterDeploy("e2e.yml", {"tests": {"junit": ["e2e.xml"]}})
    found = made(manifest=replace(MANIFEST, gates=gates, after_deploy={"production": tests}))
    assert found.gates == gates
    assert [stage.after_deploy for stage in found.stages] == [None, tests]
    wrong = made(manifest=replace(MANIFEST, after_deploy={"prod": tests}))
    assert (wrong.outcome, "gates.afterDeploy: prod unknown (known: production, test)" in wrong.reason) == (
        "invalid",
        True,
    )


def test_a_service_is_published_again_with_its_infrastructure() -> None:
    """P5: the infrastructure may change a function's configuration, which requests meet once it is published."""
    found = made(everywhere(infrastructure=state(COMMAND), hello=state()), Change("ahead", ("infra/network.py",)))
    assert reasons(found) == {
        "+infrastructure": f"infra/network.py changed since {OLDER[:12]}",
        "+hello": "infrastructure changes, and perhaps its configuration with it",
    }
    assert [chosen.follows for chosen in found.stages[0].parts] == ["", "infrastructure"]


def test_a_service_follows_nothing_but_the_infrastructure() -> None:
    """A service that a build changes publishes itself, and one service does not configure another."""
    worker = replace(COMMAND, name="worker", paths=["worker/*"])
    last = replace(COMMAND, name="last", paths=["last/*"])
    manifest = replace(MANIFEST, parts=[worker, SERVICE, last])
    running = everywhere(worker=state(worker), hello=state(), last=state(last))
    found = made(running, Change("ahead", ("worker/a.py",)), manifest)
    assert set(reasons(found)) == {"+worker", "-hello", "-last"}


def test_a_release_ends_at_the_last_environment_of_its_request() -> None:
    """P1: the manifest may name environments behind it."""
    manifest = replace(MANIFEST, environments=["test", "production"])
    for until, names in (("test", ["test"]), ("production", ["test", "production"]), ("", ["test", "production"])):
        found = made(manifest=manifest, scope=Scope(until=until))
        assert [stage.environment.name for stage in found.stages] == names


def test_force_changes_what_is_unchanged_too() -> None:
    """P1: each part says that it is in because of that, and no preview takes it out again."""
    now = version(COMMIT)
    running = everywhere(infrastructure=state(COMMAND, now), hello=state())
    found = made(running, scope=Scope(force=True))
    assert reasons(found) == {
        "+infrastructure": "forced: already runs this commit",
        "+hello": f"src/hello.py changed since {OLDER[:12]}",
    }
    assert not any(chosen.by_path for chosen in found.stages[0].parts)


def test_only_the_infrastructure_can_be_asked_for() -> None:
    """P1: no service is changed, not even one that the infrastructure configures; with force, too."""
    for scope in (Scope(parts="infrastructure"), Scope(parts="infrastructure", force=True)):
        found = made(scope=scope)
        assert reasons(found) == {
            "+infrastructure": "nothing runs here yet",
            "-hello": "only the infrastructure was asked for",
        }


@pytest.mark.parametrize(
    ("running", "release", "outcome"),
    [
        (Order(1, 5, 1), Order(1, 4), "deploy"),
        (Order(1, 5, 1), Order(1, 5, 2), "superseded"),
        (Order(1, 5), Order(1, 4), "superseded"),
        (None, Order(1, 4), "superseded"),
        (Order(1, 5), Order(2, 0), "deploy"),
        (Order(2, 0), Order(1, 5), "superseded"),
    ],
    ids=["main over branch", "branch over branch", "main over main", "unordered", "moved back", "older line"],
)
def test_only_a_branch_gives_way_to_a_commit_that_it_contains(
    running: Order | None, release: Order, outcome: str
) -> None:
    """P14: a branch that was made of main does not keep main's release out, nor does what main no longer reaches."""
    states = everywhere(hello=state(SERVICE, version(order=running)))
    assert made(states, Change("behind", None), scope=Scope(order=release)).outcome == outcome


def test_what_was_passed_before_is_not_entered_again() -> None:
    """P1: a version tag goes on where its commit ended, although the environments before run a newer release by now."""
    behind = {"test": {"hello": state()}, "production": {}}
    assert made(behind, Change("behind", None)).outcome == "superseded"
    found = made(behind, Change("behind", None), scope=Scope(passed={"test": "main-1"}))
    assert [stage.environment.name for stage in found.stages] == ["production"]
    assert found.reason == "production: infrastructure, hello; test was passed by main-1 and has a newer release now"
    everywhere_passed = made(behind, scope=Scope(passed={"test": "main-1", "production": "main-1"}))
    assert (everywhere_passed.outcome, everywhere_passed.stages) == ("superseded", ())


PIN = Pin("production", "hello", "errors after main-1", "ada", NOW)
RUNS = everywhere(infrastructure=state(COMMAND), hello=state())


def test_a_pinned_part_is_left_out_and_says_why() -> None:
    """R14: the environments before it get the release; the plan, the record and each part have the reason."""
    found = made(RUNS, scope=Scope(pins={"production": {"hello": PIN}}))
    assert (reasons(found)["+hello"], found.outcome) == (f"src/hello.py changed since {OLDER[:12]}", "deploy")
    assert reasons(found, 1)["-hello"] == PIN.describe()
    assert found.reason == f"test: hello; {PIN.describe()}"
    assert [stage["pinned"] for stage in recorded(found)["stages"]] == [[], ["hello"]]  # type: ignore[attr-defined]


def test_what_would_not_change_anyway_is_not_called_pinned() -> None:
    """Its own reason stands."""
    pinned = {name: replace(PIN, part=name) for name in ("infrastructure", "hello")}
    found = made(RUNS, scope=Scope(pins={"production": pinned}))
    assert reasons(found, 1)["-infrastructure"] == f"none of its paths changed since {OLDER[:12]}"
    assert [left.part for left in found.stages[1].skipped if left.pinned] == ["hello"]


@pytest.mark.parametrize("scope", [Scope(), Scope(force=True)], ids=["release", "forced"])
def test_where_everything_is_pinned_nothing_is_done(scope: Scope) -> None:
    """Not even by force, and not in the environments after it: none of them gets what the one before did not pass."""
    pins = {name: replace(PIN, environment="test", part=name) for name in ("infrastructure", "hello")}
    found = made(scope=replace(scope, pins={"test": pins}))
    words = f"{pins['infrastructure'].describe()}; {pins['hello'].describe()}"
    assert (found.outcome, found.reason) == ("nothing", words)
    assert [stage.parts for stage in found.stages] == [(), ()]


@pytest.mark.parametrize(
    ("status", "enters"), [("ahead", True), ("identical", False), ("diverged", False), ("unknown", False)]
)
def test_a_pin_lets_a_newer_commit_pass(status: Any, *, enters: bool) -> None:
    """R14, P14: by ancestry; the named commit itself stays out, and what GitHub can't compare."""
    bad = "b" * 40
    scope = Scope(pins={"production": {"hello": replace(PIN, newer_than=bad)}})
    changes = {OLDER: AHEAD, bad: Change(status, None)}
    found = plan(MANIFEST, (TEST, PRODUCTION), RUNS, changes, COMMIT, scope)
    assert [one.part.name for one in found.stages[1].parts] == (["hello"] if enters else [])
    assert found.stages[1].descends_from == ((OLDER, bad) if enters else (OLDER,))


def test_a_service_does_not_follow_its_infrastructure_past_a_pin() -> None:
    """It would be published again with the release's code."""
    changed = Change("ahead", ("infra/a.yml",))
    found = made(RUNS, changed, scope=Scope(pins={"production": {"hello": PIN}}))
    assert (reasons(found, 1)["-hello"], [one.part.name for one in found.stages[1].parts]) == (
        PIN.describe(),
        ["infrastructure"],
    )
