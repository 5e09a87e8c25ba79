"""An unfreeze ends the waits of the releases that wait for it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.domain.environments import Freeze
from functions.domain.errors import BadInputError
from functions.domain.waits import ApprovalKey, UnfreezeKey, Wait
from tests.functions.samples import DEPLOYMENT, NOW, detail
from tests.functions.stack import Stack


def waiting(stack: Stack, environment: str = "production", name: str = "main-1") -> str:
    """Store the wait of a release; returns its key."""
    key = UnfreezeKey(environment, name)
    WaitsTable.connect(stack.clients).store(Wait(key, f"token-{name}", "arn:e", environment), datetime.now(UTC))
    return str(key)


def freeze(stack: Stack, made: Freeze | None) -> None:
    """Freeze production, or end its freeze."""
    EnvironmentsTable.connect(stack.clients).freeze("production", made)


def happened(stack: Stack, name: str = "EnvironmentUnfrozen", **changes: Any) -> list[str]:
    """Run the handler for an event; returns the keys of the ended waits."""
    ended: list[str] = stack.run("events.unfrozen", {"detail-type": name, "detail": detail(name, **changes)})["ended"]
    return ended


@pytest.mark.parametrize("name", ["EnvironmentUnfrozen", "RollbackFinished"])
def test_an_unfreeze_lets_every_waiting_release_go_on(stack: Stack, name: str) -> None:
    """P12: by a person, or by a rollback that restored what an earlier rollback could not; once for each wait."""
    keys = [waiting(stack), waiting(stack, name="main-2")]
    assert happened(stack, name) == keys
    assert stack.completed() == {f"token-{one}": {"outcome": "unfrozen", "reason": ""} for one in ("main-1", "main-2")}
    assert happened(stack, name) == []


def test_an_environment_that_is_frozen_again_keeps_the_releases(stack: Stack) -> None:
    """R5: the table decides and not the event, which may be late or may be that of a rollback that froze nothing."""
    waiting(stack)
    freeze(stack, Freeze("again", "Ada", NOW))
    assert happened(stack) == []
    assert stack.completed() == {}
    freeze(stack, None)
    assert len(happened(stack)) == 1


def test_only_the_waits_for_its_own_unfreeze_end(stack: Stack) -> None:
    """Other environments and other kinds of waits are left alone."""
    waiting(stack, "test")
    waits = WaitsTable.connect(stack.clients)
    request = Approval("a1", "deploy", DEPLOYMENT, "production", {}, ["h"], NOW, NOW, NOW)
    waits.save_approval(request, datetime.now(UTC))
    waits.store(Wait(ApprovalKey("a1"), "token-a1", "arn:e", "production"), datetime.now(UTC))
    assert happened(stack) == []
    assert stack.completed() == {}


def test_another_event_is_an_error_of_the_rule(stack: Stack) -> None:
    """The rule names the two events that may end a freeze."""
    with pytest.raises(BadInputError, match="received EnvironmentFrozen: correct the event rule"):
        happened(stack, "EnvironmentFrozen")
