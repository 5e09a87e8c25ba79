"""VerifyRestored: restored, partly or unknown, read from what runs."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.clock import iso
from functions.domain.manifests import Health
from functions.domain.order import Order
from functions.domain.rollback import Compensation
from tests.functions.delivered import Service, alarm, create_function, runs
from tests.functions.rollback.test_plan_rollback import note
from tests.functions.samples import (
    COMMAND,
    COMMIT,
    DEPLOYMENT,
    NOW,
    OLDER,
    RELEASE,
    SERVICE,
    environment,
    state,
    version,
)
from tests.functions.stack import Stack

SERVICE_ENTRY = Compensation("production", 1, SERVICE, version(), SERVICE, NOW)
# A command's version is the commit that it ran with.
RAN = version(OLDER, OLDER)
COMMAND_ENTRY = Compensation("production", 0, COMMAND, RAN, COMMAND, NOW)


def verify(stack: Stack, **changes: Any) -> Any:
    """Run the handler."""
    wanted = {"deploymentId": DEPLOYMENT, "release": RELEASE, "environment": environment(critical_alarms=["errors"])}
    found = stack.run("rollback.verify_restored", {**wanted, **changes})
    assert found.pop("verifiedAt") <= iso(datetime.now(UTC))
    return found


def settled(result: str, reason: str) -> dict[str, str]:
    """The output of a verification that found everything that it needs."""
    return {"outcome": "settled", "result": result, "reason": reason}


def test_what_reads_back_as_it_was_is_restored(stack: Stack) -> None:
    """By the alias of a service and the record of a command; a repetition has the same result."""
    create_function(stack, versions=1)
    runs(stack, state(), state(COMMAND, RAN))
    note(stack, SERVICE_ENTRY, COMMAND_ENTRY)
    found = verify(stack)
    assert found["result"] == "restored"
    back = f"hello is back at {OLDER[:12]} (version 1); infrastructure is back at {OLDER[:12]}"
    assert found["reason"] == back
    assert verify(stack) == found


def test_an_alias_elsewhere_is_unknown(stack: Stack) -> None:
    """R4: the record alone is not enough."""
    create_function(stack, versions=2)
    runs(stack, state())
    note(stack, SERVICE_ENTRY)
    assert verify(stack) == settled("unknown", "hello runs 2 instead of 1")


def test_a_command_that_is_in_doubt_is_unknown(stack: Stack) -> None:
    """It may have failed half-way in both directions."""
    runs(stack, state(COMMAND, RAN, in_doubt=DEPLOYMENT))
    note(stack, COMMAND_ENTRY)
    assert verify(stack) == settled("unknown", f"infrastructure runs an unknown version instead of {OLDER}")


def test_a_command_whose_record_is_the_new_one_is_unknown(stack: Stack) -> None:
    """RecordRestored did not run."""
    runs(stack, state(COMMAND, version(COMMIT, COMMIT)))
    note(stack, COMMAND_ENTRY)
    assert verify(stack)["reason"] == f"infrastructure runs {COMMIT} instead of {OLDER}"


def test_a_first_release_is_partly_restored(stack: Stack) -> None:
    """The reason says that there is no earlier version."""
    create_function(stack)
    note(stack, replace(SERVICE_ENTRY, before=None))
    found = verify(stack)
    assert found["result"] == "partly"
    assert "first release" in found["reason"]


def test_nothing_changed_is_restored(stack: Stack) -> None:
    """The stage failed before its first change."""
    assert verify(stack) == settled("restored", "nothing had been changed")


@pytest.mark.parametrize("state_of", ["ALARM", "INSUFFICIENT_DATA", "OK"])
def test_alarms_decide_nothing(stack: Stack, state_of: str) -> None:
    """R5: an alarm stays in ALARM until the bad data has left its evaluation range; what runs and its health decide."""
    create_function(stack)
    runs(stack, state())
    note(stack, SERVICE_ENTRY)
    alarm(stack, "errors", state_of)
    assert verify(stack) == settled("restored", f"hello is back at {OLDER[:12]} (version 1)")
    assert "cloudwatch:DescribeAlarms" not in {call.action for call in stack.calls}


def test_an_unhealthy_service_is_probed_again(stack: Stack, service: Service) -> None:
    """R5: it must answer with the commit of the restored version."""
    part = replace(SERVICE, health=Health(service.url))
    create_function(stack)
    runs(stack, state(part))
    note(stack, SERVICE_ENTRY)
    service.says(version=COMMIT)
    found = verify(stack)
    assert (found["outcome"], found["result"]) == ("unhealthy", "unknown"), "unknown, if it stays so"
    assert found["reason"].startswith("hello is not healthy: ")
    service.says(version=OLDER)
    assert verify(stack)["result"] == "restored"


def test_a_version_made_by_hand_is_healthy_if_it_answers(stack: Stack, service: Service) -> None:
    """Its commit is not known, so any commit is accepted."""
    by_hand = version("", "1")
    create_function(stack)
    runs(stack, state(replace(SERVICE, health=Health(service.url)), by_hand))
    note(stack, replace(SERVICE_ENTRY, before=by_hand))
    service.says(version="whatever")
    assert verify(stack)["result"] == "restored"


def test_what_a_newer_release_has_replaced_is_not_read_back(stack: Stack) -> None:
    """P3: its alias points to the newer version."""
    create_function(stack, versions=2)
    newer = version("f" * 40, "2", order=Order(1, 11))
    runs(stack, state(SERVICE, newer), state(COMMAND, RAN))
    note(stack, SERVICE_ENTRY, COMMAND_ENTRY)
    assert verify(stack) == settled("restored", f"infrastructure is back at {OLDER[:12]}")


def test_only_parts_that_went_back_are_probed(stack: Stack, service: Service) -> None:
    """The health of a part that this release did not change is no sign of what was restored."""
    create_function(stack)
    sick = replace(SERVICE, name="blog/hello", health=Health("http://127.0.0.1:9/"))
    runs(stack, state(replace(SERVICE, health=Health(service.url))), state(sick))
    note(stack, SERVICE_ENTRY)
    service.says(version=OLDER)
    assert verify(stack)["result"] == "restored"
