"""CheckDrift: what runs is compared with what is recorded, and people are notified once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.adapters.trails import Trails
from functions.domain.drift import Author, Drift
from functions.domain.environments import PartState
from functions.domain.locks import Contender
from functions.domain.manifests import Part
from functions.handler import encode
from functions.targets.lambda_ import LambdaTarget
from tests.functions.delivered import create_function, lambdas, parts, runs
from tests.functions.samples import COMMAND, DEPLOYMENT, NOW, OLDER, SERVICE, environment, state, version
from tests.functions.stack import MACHINES, Stack

GRACE = Author("arn:aws:iam::1:user/grace", NOW, "UpdateAlias20150331")
RUNS_2 = f"hello runs version 2 in production, and {OLDER[:12]} (version 1) is recorded: "


@pytest.fixture(autouse=True)
def _delivered(stack: Stack) -> None:
    """Version 1 is recorded and runs; versions up to 3 exist."""
    create_function(stack, versions=3)
    move(stack, "1")
    runs(stack, state(), state(COMMAND))
    define(stack, environment())


def define(stack: Stack, *environments: Any) -> None:
    """The environments of the stack."""
    begin = {"Arguments": {"repositories": []}, "Assign": {"environments": encode(list(environments))}}
    client = stack.client("stepfunctions")
    definition = json.dumps({"States": {"Begin": begin}})
    client.update_state_machine(stateMachineArn=MACHINES["deployment"], definition=definition)


def move(stack: Stack, to: str, **how: Any) -> None:
    """Somebody moves the alias."""
    lambdas(stack).update_alias(FunctionName="hello-production", Name="live", FunctionVersion=to, **how)


def check(stack: Stack) -> list[str]:
    """Run the handler; returns the parts that drift."""
    return [one["part"] for one in stack.run("events.check_drift", {})["drifts"]]


@contextmanager
def trail(found: Author | Exception | None) -> Iterator[None]:
    """What CloudTrail knows; moto has no LookupEvents (test_trails.py has the calls)."""

    def last_change(*_: object) -> Author | None:
        if isinstance(found, Exception):
            raise found
        return found

    with patch.object(Trails, "last_change", last_change):
        yield


def noted(stack: Stack) -> dict[str, Drift]:
    """The drift that is noted."""
    return EnvironmentsTable.connect(stack.clients).drifts("production")


def test_what_runs_as_recorded_is_not_mentioned(stack: Stack) -> None:
    """R15: nothing is published or written, and CloudTrail is not read."""
    with trail(AssertionError("not asked")):
        assert check(stack) == []
    assert (stack.told(), noted(stack)) == ([], {})


def test_an_alias_that_was_moved_by_hand_is_told_once(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """R15: with who, when and the command that mends it; the metric says so at every check; its end is told once."""
    move(stack, "2")
    with trail(GRACE):
        for _ in range(2):
            assert check(stack) == ["hello"]
    ((kind, detail),) = stack.told()
    assert kind == "DriftFound"
    assert (detail["environment"], detail["part"]) == ("production", "hello")
    assert detail["reason"] == f"{RUNS_2}changed by {GRACE.who} at {NOW} (UpdateAlias20150331)"
    assert f"kiro-worker rollback production --part hello --to {OLDER[:12]}" in detail["nextStep"]
    assert noted(stack)["hello"].author == GRACE
    assert capsys.readouterr().out.count('"DriftedParts":[1.0]') == 2
    move(stack, "1")
    for _ in range(2):
        assert check(stack) == []
    (_, (kind, detail)) = stack.told()
    assert (kind, detail["reason"].startswith("hello runs what is recorded again; before: hello runs")) == (
        "DriftEnded",
        True,
    )
    assert noted(stack) == {}


def test_another_drift_is_told_anew(stack: Stack) -> None:
    """Somebody moved the alias on; a share of the requests is drift, too."""
    with trail(None):
        for version_by_hand in ("2", "3"):
            move(stack, version_by_hand)
            check(stack)
        move(stack, "1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})
        check(stack)
    assert [detail["reason"].split(" in production")[0] for _, detail in stack.told()] == [
        "hello runs version 2",
        "hello runs version 3",
        "hello runs version 1, but 2 for 10% of requests",
    ]


def test_an_alias_that_is_gone_is_drift(stack: Stack) -> None:
    """Nothing that can be read runs."""
    lambdas(stack).delete_alias(FunctionName="hello-production", Name="live")
    with trail(None):
        assert check(stack) == ["hello"]
    assert "runs nothing that can be read" in stack.told()[0][1]["reason"]


@pytest.mark.parametrize("unknown", [None, PermissionError("not authorized to perform: cloudtrail:LookupEvents")])
def test_who_is_looked_up_again_while_nobody_knows(stack: Stack, unknown: Any) -> None:
    """CloudTrail shows a change minutes later, and may be unreadable; status names who then, without another mail."""
    move(stack, "2")
    with trail(unknown):
        check(stack)
    ((_, detail),) = stack.told()
    assert f"{RUNS_2}who changed it is not known; CloudTrail shows a change some minutes later" in detail["reason"]
    assert noted(stack)["hello"].author is None
    with trail(GRACE):
        check(stack)
    assert (noted(stack)["hello"].author, len(stack.told())) == (GRACE, 1)


def owner(stack: Stack) -> Contender:
    """A deployment that requests the lock of production."""
    return Contender(stack.execution("stage", "main-2"), "main-2", None, "release", False, "acme/hello-service")


def test_nothing_is_concluded_while_a_deployment_owns_the_environment(stack: Stack) -> None:
    """R15: neither that there is drift nor that it has ended."""
    locks, contender = LocksTable.connect(stack.clients), owner(stack)
    move(stack, "2")
    locks.request("environment/production", contender)
    assert (check(stack), stack.told()) == ([], [])
    locks.release("environment/production", contender.execution)
    with trail(None):
        assert check(stack) == ["hello"]
    locks.request("environment/production", contender)
    move(stack, "1")
    assert (check(stack), len(stack.told())) == (["hello"], 1)


def test_a_deployment_that_came_and_went_meanwhile_is_no_drift(stack: Stack) -> None:
    """Its lock is free before and after what runs is read, but its fencing number has grown."""
    locks, contender, aliases = LocksTable.connect(stack.clients), owner(stack), lambdas(stack)
    real = LambdaTarget.read_back

    def moved_meanwhile(target: LambdaTarget, *given: Any) -> str | None:
        stack.recording = False  # what follows is the deployment's
        locks.request("environment/production", contender)
        aliases.update_alias(FunctionName="hello-production", Name="live", FunctionVersion="2")
        locks.release("environment/production", contender.execution)
        stack.recording = True
        return real(target, *given)

    with patch.object(LambdaTarget, "read_back", moved_meanwhile):
        assert (check(stack), stack.told()) == ([], [])


@pytest.mark.parametrize("doubtful", [state(in_doubt=DEPLOYMENT), PartState("production", "hello", definition=SERVICE)])
def test_a_part_in_doubt_is_not_compared(stack: Stack, doubtful: PartState) -> None:
    """The next release deploys it anew."""
    runs(stack, doubtful)
    move(stack, "2")
    assert (check(stack), stack.told()) == ([], [])


def test_a_release_ends_the_drift_that_it_replaces(stack: Stack) -> None:
    """What runs is what is recorded, whoever it was recorded by."""
    move(stack, "2")
    with trail(None):
        check(stack)
    runs(stack, state(running=version("b" * 40, "2")))
    assert check(stack) == []
    assert [kind for kind, _ in stack.told()] == ["DriftFound", "DriftEnded"]


def test_the_drift_of_a_part_that_is_delivered_no_longer_ends(stack: Stack) -> None:
    """Its record is gone, so nothing can be compared."""
    other = Drift("production", "other", "a", "b", NOW)
    EnvironmentsTable.connect(stack.clients).note_drift(other)
    assert check(stack) == []
    assert stack.told()[0][1]["reason"].startswith("other is delivered here no longer")
    assert "other" not in parts(stack)


def test_in_parallel_mode_the_lock_of_the_parts_repository_counts(stack: Stack) -> None:
    """Another repository's deployment says nothing about the part."""
    stack.settings["LOCK_MODE"] = "parallel"
    LocksTable.connect(stack.clients).request("environment/production/acme/other", owner(stack))
    move(stack, "2")
    with trail(None):
        assert check(stack) == ["hello"]
    LocksTable.connect(stack.clients).request("environment/production/acme/hello-service", owner(stack))
    move(stack, "3")
    assert (check(stack), len(stack.told())) == (["hello"], 1)


def test_an_environment_that_cant_be_read_stops_no_other(stack: Stack) -> None:
    """It is raised at the end, so that it becomes an alarm; the next run repeats it."""
    there = Part("there", "lambda", "call", settings={"function": "{nowhere}", "artifact": "a.zip"})
    runs(stack, PartState("staging", "there", version(), version(), there))
    define(stack, environment(name="staging"), environment())
    move(stack, "2")
    with trail(None), pytest.raises(ExceptionGroup, match="could not be compared"):
        check(stack)
    assert [detail["part"] for _, detail in stack.told()] == ["hello"]


def test_it_reads_under_the_read_role(stack: Stack) -> None:
    """Least privilege: no deploy role is entered."""
    stack.clients.entered.clear()
    check(stack)
    assert {one.rpartition("-")[2] for one in stack.clients.entered} == {"read"}
