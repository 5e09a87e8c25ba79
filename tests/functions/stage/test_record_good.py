"""RecordGood: what runs of the repository is the last known good."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import PartState, judged
from functions.domain.errors import StaleLeaseError
from functions.domain.images import Image
from functions.domain.locks import Lease
from functions.domain.order import Mark, Order, Passage
from functions.domain.pins import Pin
from functions.domain.records import PlannedChange
from tests.functions.delivered import parts, runs
from tests.functions.samples import (
    COMMAND,
    COMMIT,
    DEPLOYMENT,
    EXECUTION,
    LEASE,
    NOW,
    OLDER,
    RELEASE,
    SERVICE,
    state,
    version,
)
from tests.functions.stack import Stack

EVENT = {
    "deploymentId": DEPLOYMENT,
    "environment": "production",
    "repository": "acme/hello-service",
    "lease": LEASE,
}


def test_everything_that_was_watched_is_good(stack: Stack) -> None:
    """Also parts that this release did not change; a repetition has the same result."""
    new = version(COMMIT, "2")
    runs(stack, state(SERVICE, new, good=version()), state(COMMAND))
    for _ in range(2):
        assert sorted(stack.run("stage.record_good", EVENT)["parts"]) == ["hello", "infrastructure"]
        assert {name: part.good for name, part in parts(stack).items()} == {"hello": new, "infrastructure": version()}


def test_the_release_has_passed(stack: Stack) -> None:
    """P3: an older release that comes later may not enter; one that was rolled back here keeps none out."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, EXECUTION, "push")
    stack.run("stage.record_good", EVENT)
    environments = EnvironmentsTable.connect(stack.clients)
    assert RELEASE.order
    mark = Mark(RELEASE.order, DEPLOYMENT, COMMIT, EXECUTION)
    assert environments.passage("production", RELEASE.repository) == Passage(passed=mark)
    environments.forget_passed("production", RELEASE.repository, "main-another")
    assert environments.passage("production", RELEASE.repository) == Passage(passed=mark)
    environments.forget_passed("production", RELEASE.repository, DEPLOYMENT)
    assert environments.passage("production", RELEASE.repository) == Passage()


def test_the_images_of_a_release_are_proved(stack: Stack) -> None:
    """M3: each by its digest, and none in an emergency; its passage is beside that of commits, by service."""
    image = Image("registry/hello", "v1", "sha256:1")
    order = Order(1, 10, 1, ("hello", "web"))
    release = replace(RELEASE, images={"hello": image, "web": image}, order=order)
    deployments, environments = DeploymentsTable.connect(stack.clients), EnvironmentsTable.connect(stack.clients)
    deployments.begin("urgent", replace(release, emergency=True), EXECUTION, "operator")
    stack.run("stage.record_good", {**EVENT, "deploymentId": "urgent"})
    assert deployments.passed(RELEASE.repository, "hello@sha256:1") == {}
    deployments.begin(DEPLOYMENT, release, EXECUTION, "dispatch")
    stack.run("stage.record_good", EVENT)
    for service in ("hello", "web"):
        assert deployments.passed(RELEASE.repository, f"{service}@sha256:1") == {"production": DEPLOYMENT}
        mark = Mark(order, DEPLOYMENT, COMMIT, EXECUTION)
        assert environments.passage("production", RELEASE.repository, service) == Passage(branch_passed=mark)
    assert deployments.passed(RELEASE.repository, COMMIT) == {}
    assert environments.passage("production", RELEASE.repository) == Passage()


def test_parts_of_other_repositories_are_not_judged(stack: Stack) -> None:
    """R7: in the lock mode `parallel` another release may be changing them under its own lock."""
    theirs = state(COMMAND, version(COMMIT, "7", source="sources/acme/other/x.zip"), good=version())
    runs(stack, state(SERVICE, version(COMMIT, "2"), good=version()), theirs)
    assert stack.run("stage.record_good", EVENT) == {"parts": ["hello"]}
    assert parts(stack)["infrastructure"] == theirs


REPOSITORIES = ["acme/hello-service", "acme/other"]
WRITES = st.lists(
    st.tuples(
        st.sampled_from(["read", "doubt", "record", "good"]),
        st.sampled_from(REPOSITORIES),
        st.sampled_from(["a", "b"]),
    ),
    max_size=12,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WRITES)
def test_what_changed_since_the_read_is_never_good(stack: Stack, writes: list[tuple[str, str, str]]) -> None:
    """R7: whatever two repositories write in between, a version is good only if it was read and still runs."""
    table, prefix = EnvironmentsTable.connect(stack.clients), datetime.now(UTC).isoformat()
    leases = {one: Lease(f"environment/{prefix}/{one}", f"arn:{one}", 1) for one in REPOSITORIES}
    read: dict[str, PartState] = {}
    truth: dict[str, PartState] = {}
    for number, (action, repository, letter) in enumerate(writes):
        name = f"{repository}/{letter}"
        if action == "record":
            ran = version(f"{number:040}", str(number), source=f"sources/{repository}/x.zip")
            old = truth.get(name)
            truth[name] = PartState(prefix, name, ran, old.good if old else None)
            table.save(truth[name], leases[repository])
        elif action == "doubt" and name in truth:
            truth[name] = replace(truth[name], in_doubt="main-x")
            table.doubt(prefix, name, "main-x", leases[repository])
        elif action == "read":
            read = table.parts(prefix)
        elif action == "good":
            for one in judged(read.values(), repository):
                same = truth[one.part].running == one.running and not truth[one.part].in_doubt
                assert table.mark_good(one, leases[repository]) == same
                if same:
                    truth[one.part] = replace(truth[one.part], good=one.running)
        assert table.parts(prefix) == truth


def test_parts_that_are_gone_are_removed_from_the_records(stack: Stack) -> None:
    """Their health and alarms are no longer read; a repetition has the same result."""
    runs(stack, state(), state(COMMAND))
    for _ in range(2):
        assert stack.run("stage.record_good", {**EVENT, "gone": ["hello"]}) == {"parts": ["infrastructure"]}
    assert set(parts(stack)) == {"infrastructure"}


def test_what_is_in_doubt_is_not_good(stack: Stack) -> None:
    """It is not known which version was watched."""
    doubtful = state(SERVICE, version(COMMIT, "2"), good=version(), in_doubt="main-that-died")
    runs(stack, doubtful, state(COMMAND))
    assert stack.run("stage.record_good", EVENT) == {"parts": ["infrastructure"]}
    assert parts(stack)["hello"] == doubtful


def test_an_empty_environment_has_nothing_good(stack: Stack) -> None:
    """Without parts nothing is written."""
    assert stack.run("stage.record_good", EVENT) == {"parts": []}


def test_a_stale_lease_records_nothing_as_good(stack: Stack) -> None:
    """Q1: only the lock owner of the environment records."""
    runs(stack, state(SERVICE, version(COMMIT, "2"), good=version()), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError):
        stack.run("stage.record_good", EVENT)
    assert parts(stack)["hello"].good == version()


def test_a_newer_release_ends_the_pin_that_it_passed(stack: Stack) -> None:
    """R14: once it is good, also of a part that it left as it was.

    Pins of other parts stay, and so does one that was set against it meanwhile.
    """
    pins = {
        "hello": Pin("production", "hello", "errors", "ada", NOW, OLDER),
        "infrastructure": Pin("production", "infrastructure", "errors", "ada", NOW, COMMIT),
        "other": Pin("production", "other", "errors", "ada", NOW, OLDER),
    }
    environments, deployments = EnvironmentsTable.connect(stack.clients), DeploymentsTable.connect(stack.clients)
    for pin in pins.values():
        environments.pin(pin, None)
    planned = PlannedChange((COMMAND,), descends_from=(OLDER,))
    deployments.note(DEPLOYMENT, planned_production=planned)
    runs(stack, state(SERVICE), state(COMMAND))
    for _ in range(2):
        stack.run("stage.record_good", EVENT)
        assert environments.pins("production").keys() == {"infrastructure", "other"}
    (row,) = [one for one in stack.items("environments") if one["part"] == "*pin/hello"]
    assert (row["ended"]["by"], row["ended"]["reason"]) == (
        DEPLOYMENT,
        f"the release is newer than {OLDER[:12]} and passed",
    )
