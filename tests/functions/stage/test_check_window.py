"""CheckWindow: open, closed until a time, or never open."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.clock import iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze
from functions.domain.pins import Pin
from functions.domain.records import PlannedChange
from functions.domain.waiting import for_window
from functions.domain.windows import Closed, Day, Window
from tests.functions.samples import DEPLOYMENT, OLDER, RELEASE, SERVICE, environment
from tests.functions.stack import Stack

NOW = datetime.now(UTC)
AGO, SOON, FAR = (NOW + timedelta(days=days) for days in (-1, 1, 400))
FROZEN = Closed(iso(AGO), iso(SOON), "holidays")
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def check(stack: Stack, *, emergency: bool = False, **changes: Any) -> Any:
    """Run the handler."""
    event = {
        "deploymentId": DEPLOYMENT,
        "environment": environment(**changes),
        "emergency": emergency,
        "release": RELEASE,
    }
    return stack.run("stage.check_window", event)


def test_an_environment_without_windows_is_entered(stack: Stack) -> None:
    """At any time."""
    assert check(stack) == {"outcome": "open", "reason": "no windows are set", "opensAt": ""}


def test_an_open_window_is_entered(stack: Stack) -> None:
    """Every day, the whole day."""
    always = Window(list(DAYS), "00:00", "00:00")
    assert check(stack, windows=[always]) == {
        "outcome": "open",
        "reason": "within a deployment window",
        "opensAt": "",
    }


def test_a_freeze_is_waited_out(stack: Stack) -> None:
    """The output has the reason and the time of the next check."""
    assert check(stack, freezes=[FROZEN]) == {
        "outcome": "closed",
        "reason": f"production: frozen until {iso(SOON)}: holidays",
        "opensAt": iso(SOON),
    }


def test_a_closed_window_is_waited_for(stack: Stack) -> None:
    """The window is on the day after tomorrow, and opens with its first moment."""
    day = NOW + timedelta(days=2)
    found = check(stack, windows=[Window([DAYS[day.weekday()]], "06:00", "07:00")])
    assert found["outcome"] == "closed"
    assert "production: outside the deployment windows" in found["reason"]
    assert found["opensAt"] == iso(day.replace(hour=6, minute=0, second=0, microsecond=0))


@pytest.mark.parametrize("windows", [[], [Window(["mon"], "06:00", "07:00")]])
def test_what_never_opens_is_not_waited_for(stack: Stack, windows: list[Window]) -> None:
    """The reason says what to change, and there is no time of a next check."""
    found = check(stack, windows=windows, freezes=[Closed(iso(AGO), iso(FAR), "retired")])
    assert (found["outcome"], found["opensAt"]) == ("never", "")
    for words in ("production: frozen until", "retired", "no opening follows", "change its windows or freezes"):
        assert words in found["reason"]


def test_an_emergency_enters_at_any_time_and_says_so(stack: Stack) -> None:
    """P8: the reason names the closed window; in an open window it is no exception."""
    found = check(stack, emergency=True, freezes=[FROZEN])
    assert (found["outcome"], found["opensAt"]) == ("open", "")
    assert found["reason"] == f"EMERGENCY: enters although frozen until {iso(SOON)}: holidays"
    assert check(stack, emergency=True, freezes=[Closed(iso(AGO), iso(FAR), "retired")])["outcome"] == "open"
    assert check(stack, emergency=True)["reason"] == "no windows are set"


@pytest.mark.parametrize("emergency", [False, True])
def test_a_freeze_by_a_person_or_a_rollback_is_not_entered(stack: Stack, emergency: bool) -> None:
    """R5: no emergency ignores it either; the reason names who froze it, when and why."""
    EnvironmentsTable.connect(stack.clients).freeze("production", Freeze("broken", "Ada", iso(AGO)))
    found = check(stack, emergency=emergency, freezes=[FROZEN])
    reason = f"production is frozen since {iso(AGO)} by Ada: broken"
    assert found == {"outcome": "frozen", "reason": reason, "opensAt": ""}


def test_people_see_that_a_release_waits_for_a_window(stack: Stack) -> None:
    """P12: record and event say until when and why; once it is open, the record says nothing of it any more."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    check(stack, freezes=[FROZEN])
    reason = for_window("production", f"frozen until {iso(SOON)}: holidays", iso(SOON)).text
    record = stack.deployment()
    assert (record["environment"], record["status"], record["reason"]) == ("production", "waiting for a window", reason)
    ((kind, detail),) = stack.told()
    assert (kind, detail["reason"]) == ("StageHeld", reason)
    check(stack)
    assert stack.deployment()["reason"] == ""


def test_a_stage_that_began_before_an_update_is_checked(stack: Stack) -> None:
    """Its input lacks the release, so no event is published for it."""
    event = {"deploymentId": DEPLOYMENT, "environment": environment(freezes=[FROZEN]), "emergency": False}
    assert stack.run("stage.check_window", event)["outcome"] == "closed"
    assert stack.told() == []


@pytest.mark.parametrize("emergency", [False, True])
def test_what_was_pinned_since_is_not_entered(stack: Stack, emergency: bool) -> None:
    """R14: a person pinned a part while the release waited; no emergency ignores that. Other parts do not matter."""
    deployments, environments = (
        DeploymentsTable.connect(stack.clients),
        EnvironmentsTable.connect(stack.clients),
    )
    planned = PlannedChange((SERVICE,), descends_from=(OLDER,))
    deployments.note(DEPLOYMENT, planned_production=planned, plan={"stages": [{"environment": "production"}]})
    for pin in (Pin("production", "other", "a", "ada", iso(AGO)), Pin("production", "hello", "b", "ada", "t", OLDER)):
        environments.pin(pin, None)
        assert check(stack, emergency=emergency)["outcome"] == "open"
    environments.unpin(pin, Freeze("", "", ""))
    pin = replace(pin, newer_than="")
    environments.pin(pin, None)
    found = check(stack, emergency=emergency)
    assert found["outcome"] == "never"
    assert found["reason"].startswith(f"{pin.describe()}; deploy the release again")
