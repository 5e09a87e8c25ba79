"""The ways through `rollback.asl.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.handler import encode
from tests.statemachines.paths.answers import LEASE, build_end, restored, steps, turn
from tests.statemachines.paths.playing import AS_USUAL, Played, Script, answer, raises

if TYPE_CHECKING:
    from tests.statemachines.paths.house import House

OPENED = ["Open", "AnnounceStart", "LeaseGiven"]
ALONE = [*OPENED, "AcquireLock", "LockTaken"]
SERVICE_STEP = ["NextStep", "RestoreService"]
COMMAND_STEP = ["NextStep", "StartBuild", "AwaitBuild", "CommandSucceeded", "RecordRestored"]
VERIFIED = ["NextStep", "Stabilise", "VerifyRestored"]
END = ["RecordRollback", "ReleaseLock", "AnnounceEnd", "Ended"]
SICK = raises("NotHealthyYetError", "hello: 503")
BOTH = answer(steps("hello", "infrastructure"))


def ended(played: Played, result: str, *words: str) -> bool:
    """The rollback succeeded as an execution, and its output carries this result and a reason with these words."""
    assert played.status == "SUCCEEDED", (played.error, played.states)
    assert played.output["result"] == result, played.output
    assert all(word in played.output["reason"] for word in words), played.output["reason"]
    return True


def test_a_lent_lease_needs_no_lock(house: House) -> None:
    """A stage's rollback works under the stage's lease, and hands it to all that changes something."""
    played = house.play("rollback", {"PlanRollback": BOTH}, lease=encode(LEASE))
    assert played.states == [*OPENED, "PlanRollback", *SERVICE_STEP, *COMMAND_STEP, *VERIFIED, *END]
    assert played.told("RestoreService")["lease"] == played.told("RecordRestored")["lease"] == encode(LEASE)
    assert ended(played, "restored", "hello runs 41")


def test_who_asked_for_it_is_told_to_the_plan(house: House) -> None:
    """The builds of the stage that goes back are found by its execution; a person's rollback has none."""
    played = house.play("rollback", AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID="the stage's execution")
    assert played.told("PlanRollback")["startedBy"] == "the stage's execution"
    assert house.play("rollback").told("PlanRollback")["startedBy"] == ""


def test_a_rollback_alone_takes_the_lock(house: House) -> None:
    """Without a lent lease a rollback takes the lock as a rollback, gives it back, and tells its start and end."""
    played = house.play("rollback")
    assert played.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *VERIFIED, *END]
    assert played.told("AcquireLock", times=1)["rollback"] is True
    assert played.told("ReleaseLock", times=1)["execution"] == played.told("AcquireLock")["execution"]
    assert ended(played, "restored")
    assert [kind for kind, _ in house.announced(played, 2)] == ["RollbackStarted", "RollbackFinished"]


@pytest.mark.parametrize("held", ["waiting", "superseded", "frozen"])
def test_a_rollback_waits_for_its_turn(house: House, held: str) -> None:
    """A rollback that does not get the lock at once waits for it, whatever the reason, and then goes on."""
    played = house.play("rollback", {"AcquireLock": answer(turn(held))})
    assert played.states == [*ALONE, "AwaitLock", "LockTaken", "PlanRollback", *SERVICE_STEP, *VERIFIED, *END]
    assert played.told("AwaitLock", times=1)["rollback"] is True
    assert played.told("RestoreService")["lease"]["fence"] == LEASE.fence
    assert ended(played, "restored")


def test_steps_are_taken_in_the_order_of_the_plan(house: House) -> None:
    """The last change goes back first; a command runs again from the source and artifact it ran with."""
    played = house.play("rollback", {"PlanRollback": BOTH})
    assert played.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *COMMAND_STEP, *VERIFIED, *END]
    build = played.told("StartBuild")
    assert (build["source"], build["inputArtifact"]) == ("sources/earlier.zip", "deployments/earlier/build.zip")
    assert build["release"]["commit"] == "0" * 40
    assert build["release"]["repository"] == "example/hello"


def test_nothing_to_put_back_is_verified_too(house: House) -> None:
    """A release that changed nothing that ran before is read back all the same."""
    script = {"PlanRollback": answer(steps()), "VerifyRestored": answer(restored("partly", "hello: first release"))}
    played = house.play("rollback", script)
    assert played.states == [*ALONE, "PlanRollback", *VERIFIED, *END]
    assert ended(played, "partly", "first release")


@pytest.mark.parametrize(
    ("script", "way", "said"),
    [
        ({"RestoreService": raises("DeployTargetError", "no alias")}, [*SERVICE_STEP, *COMMAND_STEP], "hello: Deploy"),
        (
            {"AwaitBuild": answer(build_end("failed", "exit 3"))},
            [*SERVICE_STEP, *COMMAND_STEP[:-1], "CommandFailed"],
            "infrastructure failed: exit 3",
        ),
        ({"StartBuild": raises("BadInputError")}, [*SERVICE_STEP, *COMMAND_STEP[:2]], "infrastructure: BadInputError"),
        ({"RecordRestored": raises("StaleLeaseError")}, [*SERVICE_STEP, *COMMAND_STEP], "infrastructure: StaleLease"),
    ],
)
def test_a_step_that_fails_does_not_keep_the_others(house: House, script: Script, way: list[str], said: str) -> None:
    """Every other part still goes back, and the record learns what could not."""
    found = answer(restored("unknown", "hello runs 42 instead of 41"))
    played = house.play("rollback", {"PlanRollback": BOTH, "VerifyRestored": found, **script})
    assert played.states == [*ALONE, "PlanRollback", *way, *VERIFIED, *END]
    assert said in played.told("RecordRollback", times=1)["reason"]
    assert ended(played, "unknown", said, "hello runs 42 instead of 41")


def test_every_failure_is_named(house: House) -> None:
    """Two parts that can't go back are two failures, in order."""
    script = {"RestoreService": raises("DeployTargetError"), "StartBuild": raises("BadInputError")}
    played = house.play("rollback", {"PlanRollback": BOTH, **script})
    failures = played.told("RecordRollback")["reason"].split("; ")[:2]
    assert [failure.partition(":")[0] for failure in failures] == ["hello", "infrastructure"]


def test_a_slow_return_gets_a_few_looks(house: House) -> None:
    """A service that becomes healthy at a later look was restored."""
    played = house.play("rollback", {"VerifyRestored": [SICK, SICK, AS_USUAL]})
    assert played.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *VERIFIED, *END]
    played.told("VerifyRestored", times=3)
    assert ended(played, "restored")


def test_what_never_becomes_healthy_is_unknown(house: House) -> None:
    """A service that is unhealthy to the last look ends the rollback as unknown, and the reason says so."""
    played = house.play("rollback", {"VerifyRestored": SICK})
    assert played.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *VERIFIED, *END]
    assert played.told("VerifyRestored", times=11)
    assert played.told("RecordRollback")["result"] == "unknown"
    assert ended(played, "unknown", "VerifyRestored: NotHealthyYetError", "hello: 503")


def test_without_a_ledger_what_runs_is_read_back(house: House) -> None:
    """A plan that can't be made changes nothing; what runs decides the result, and the reason names the plan."""
    played = house.play("rollback", {"PlanRollback": raises("BadInputError")})
    assert played.states == [*ALONE, "PlanRollback", "VerifyRestored", *END]
    assert ended(played, "restored", "PlanRollback: BadInputError", "hello runs 41")


@pytest.mark.parametrize("lost", ["AcquireLock", "AwaitLock"])
def test_without_the_lock_nothing_is_changed(house: House, lost: str) -> None:
    """A lock that can't be asked for ends the rollback as unknown before anything is touched."""
    held = {"AcquireLock": answer(turn("waiting"))} if lost == "AwaitLock" else {}
    played = house.play("rollback", {**held, lost: raises("BadInputError")})
    assert played.states == [*(ALONE[:4] if lost == "AcquireLock" else [*ALONE, "AwaitLock"]), *END]
    assert played.told("RecordRollback")["result"] == "unknown"
    assert ended(played, "unknown", lost)
    assert not played.output["reason"].endswith("; ")


FROZEN = ["RecordRollback", "Freeze", *END[1:]]


def test_a_record_that_fails_freezes_before_the_lock_is_given_on(house: House) -> None:
    """A rollback whose end can't be written is unknown: frozen, told with its cause and times, and then it ends."""
    played = house.play("rollback", {"RecordRollback": raises("BadInputError")})
    assert played.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *VERIFIED, *FROZEN]
    assert ended(played, "unknown", "RecordRollback: BadInputError")
    assert house.announced(played, 2)[-1] == ("RollbackFinished", played.output)
    assert {"cause", "breachedAt", "startedAt", "verifiedAt"} <= played.output.keys()


def test_a_freeze_that_fails_is_told(house: House) -> None:
    """Where nothing can be written the lock is given back, and people learn that nothing is frozen."""
    played = house.play("rollback", {"RecordRollback": raises("BadInputError"), "Freeze": raises("BadInputError")})
    assert played.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *VERIFIED, *FROZEN]
    assert ended(played, "unknown", "RecordRollback: BadInputError", "could not be frozen: BadInputError")
    assert house.announced(played, 2)[-1] == ("RollbackFinished", played.output)


def test_a_lock_that_cannot_be_released_changes_nothing(house: House) -> None:
    """A failing ReleaseLock leaves the result as it was."""
    played = house.play("rollback", {"ReleaseLock": raises("BadInputError")})
    assert played.states[-4:] == END
    assert ended(played, "restored")
