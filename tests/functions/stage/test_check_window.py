"""CheckWindow: open, closed until a time, or never open."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.clock import iso
from functions.domain.windows import Closed, Day, Window
from tests.functions.samples import DEPLOYMENT, environment
from tests.functions.stack import Stack

NOW = datetime.now(UTC)
AGO, SOON, FAR = (NOW + timedelta(days=days) for days in (-1, 1, 400))
FROZEN = Closed(iso(AGO), iso(SOON), "holidays")
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def check(stack: Stack, *, emergency: bool = False, **changes: Any) -> Any:
    """Run the handler."""
    event = {"deploymentId": DEPLOYMENT, "environment": environment(**changes), "emergency": emergency}
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
