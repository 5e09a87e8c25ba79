"""AwaitUnfreeze: a release waits until its environment is unfrozen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from functions.adapters.clock import iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.environments import Freeze
from functions.domain.order import Mark, Order
from functions.domain.releases import Release
from functions.domain.waiting import for_unfreeze
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE, environment
from tests.functions.stack import Stack, failing

FREEZE = Freeze("the fair", "Ada", NOW)
REASON = for_unfreeze("production", FREEZE).text
NEWER = replace(RELEASE, commit="2" * 40, order=Order(1, 99))


def freeze(stack: Stack, made: Freeze | None = FREEZE) -> None:
    """Freeze production, or end its freeze."""
    EnvironmentsTable.connect(stack.clients).freeze("production", made)


def wait(
    stack: Stack,
    token: str = "token",
    name: str = DEPLOYMENT,
    release: Release = RELEASE,
    since: str = "",
    **where: Any,
) -> dict[str, Any]:
    """Run the handler for a stage that runs; returns the completed tokens."""
    execution = f"{name}-production"
    DeploymentsTable.connect(stack.clients).begin(name, release, "arn:e", "push")
    running = execution in stack.executions("stage")
    arn = stack.execution("stage", execution) if not running else _arn(stack, execution)
    stack.run(
        "stage.await_unfreeze",
        {
            "taskToken": token,
            "execution": arn,
            "deploymentId": name,
            "release": release,
            "environment": environment(**where),
            "since": since or iso(datetime.now(UTC)),
        },
    )
    return stack.completed()


def _arn(stack: Stack, name: str) -> str:
    found: str
    (found,) = [wait.execution for wait in kept(stack) if wait.execution.endswith(f":{name}")]
    return found


def kept(stack: Stack) -> Any:
    """The waits of production."""
    return WaitsTable.connect(stack.clients).of_environment("production")


def test_a_frozen_environment_is_waited_for(stack: Stack) -> None:
    """P12: the newest token is stored under the environment and the execution."""
    freeze(stack)
    assert wait(stack) == {}
    assert wait(stack, "token-2") == {}
    (found,) = kept(stack)
    assert (str(found.key), found.token) == (f"unfreeze/production/{DEPLOYMENT}-production", "token-2")


def test_people_see_what_the_release_waits_for(stack: Stack) -> None:
    """P12: the record has the status and the reason; the event of the bus comes once, however often it is queried."""
    freeze(stack)
    wait(stack)
    wait(stack, "again")
    record = stack.deployment()
    assert (record["environment"], record["status"]) == ("production", "waiting for unfreeze")
    assert record["reason"] == REASON
    ((kind, detail),) = stack.told()
    assert (kind, detail["environment"], detail["reason"]) == ("StageHeld", "production", REASON)


def test_an_event_that_cannot_be_published_stops_nothing(stack: Stack) -> None:
    """N2: the release waits, and its record shows it."""
    freeze(stack)
    refusal = ClientError({"Error": {"Code": "InternalException", "Message": "x"}}, "PutEvents")
    with failing(stack.client("events"), "PutEvents", refusal):
        assert wait(stack) == {}
    assert stack.deployment()["status"] == "waiting for unfreeze"
    assert len(kept(stack)) == 1


def test_an_unfreeze_whose_event_was_lost_is_read(stack: Stack) -> None:
    """The backstop reads the freeze and ends the wait; no wait is left."""
    freeze(stack)
    wait(stack)
    freeze(stack, None)
    assert wait(stack, "again")["again"] == {"outcome": "unfrozen", "reason": ""}
    assert kept(stack) == ()


def test_a_newer_release_that_comes_later_supersedes(stack: Stack) -> None:
    """P3: the older wait ends at once with the name of the newer deployment."""
    freeze(stack)
    wait(stack)
    done = wait(stack, "newer", "main-222222222222", NEWER)
    assert done == {
        "token": {
            "outcome": "superseded",
            "reason": "a newer release waits for the unfreeze of production: main-222222222222",
        }
    }
    assert [found.token for found in kept(stack)] == ["newer"]


def test_an_older_release_that_comes_later_is_superseded(stack: Stack) -> None:
    """P3: it ends at once, also if the environment is no longer frozen."""
    freeze(stack)
    wait(stack, "newer", "main-222222222222", NEWER)
    freeze(stack, None)
    assert wait(stack)["token"]["outcome"] == "superseded"
    assert [found.token for found in kept(stack)] == ["newer"]


def test_releases_of_other_repositories_wait_beside_it(stack: Stack) -> None:
    """P3: only releases of one repository have an order."""
    freeze(stack)
    wait(stack)
    assert wait(stack, "other", "main-333333333333", replace(NEWER, repository="acme/other")) == {}
    assert len(kept(stack)) == 2


def test_a_newer_release_that_has_ended_supersedes_nothing(stack: Stack) -> None:
    """Its wait may outlive it until its end is settled."""
    freeze(stack)
    wait(stack, "newer", "main-222222222222", NEWER)
    stack.kill(_arn(stack, "main-222222222222-production"))
    assert wait(stack) == {}


def test_the_wait_is_limited(stack: Stack) -> None:
    """After `freezeWaitDays` the release ends as held, whether or not it was queried before."""
    freeze(stack)
    since = iso(datetime.now(UTC) - timedelta(days=2))
    assert wait(stack, since=since, freeze_wait_days=3) == {}
    found = wait(stack, "again", since=since, freeze_wait_days=1)["again"]
    assert found["outcome"] == "held"
    assert f"production is frozen since {NOW} by Ada: the fair" in found["reason"]
    assert kept(stack) == ()


def test_a_stage_that_was_stopped_leaves_no_wait(stack: Stack) -> None:
    """P9: the handler may run after the end of its execution was settled."""
    freeze(stack)
    wait(stack)
    arn = _arn(stack, f"{DEPLOYMENT}-production")
    stack.kill(arn)
    assert wait(stack, "late")["late"]["outcome"] == "held"
    assert kept(stack) == ()


@pytest.mark.parametrize("days", [0.5, 14])
def test_the_limit_may_be_part_of_a_day(stack: Stack, days: float) -> None:
    """A setting of half a day is twelve hours."""
    freeze(stack)
    since = iso(datetime.now(UTC) - timedelta(hours=13))
    found = wait(stack, since=since, freeze_wait_days=days)
    assert ("token" in found) == (days == 0.5)


def test_a_newer_release_that_passed_the_environment_ends_the_wait(stack: Stack) -> None:
    """P3: one that changed nothing here never waits here, and nevertheless the older release may not enter any more."""
    freeze(stack)
    mark = Mark(Order(1, 99), "main-newer", "2" * 40)
    EnvironmentsTable.connect(stack.clients).note_passage("production", RELEASE.repository, mark, "passed")
    (end,) = wait(stack).values()
    assert end == {
        "outcome": "superseded",
        "reason": f"the newer release {'2' * 12} (main-newer) has passed production",
    }
