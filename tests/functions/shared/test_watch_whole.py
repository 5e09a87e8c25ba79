"""Watch of a whole release: a service that met all requests at once is compared with what it met before (R3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.clock import iso
from functions.domain.environments import PartState
from tests.functions.delivered import alarm, runs
from tests.functions.lambda_metrics import publish_requests
from tests.functions.samples import (
    COMMAND,
    COMMIT,
    DEPLOYMENT,
    EXECUTION,
    FUNCTION,
    SERVICE,
    environment,
    state,
    version,
)
from tests.functions.stack import READ_ROLE, REGION, Stack, failing

# One time for all figures of a test: two that are published one after the other may fall into different minutes.
NOW = datetime.now(UTC)
CHANGED, LONG_AGO = iso(NOW - timedelta(minutes=5)), iso(NOW - timedelta(days=3))
LATER, OVER = (iso(NOW + timedelta(minutes=minutes)) for minutes in (60, -60))


def changed(**changes: Any) -> PartState:
    """The service, of which version 2 runs since the release, and version 1 was good before."""
    running = replace(version(COMMIT, "2", at=CHANGED), deployment_id=DEPLOYMENT)
    return replace(state(SERVICE, version(at=LONG_AGO)), **{"running": running, **changes})


@pytest.fixture(autouse=True)
def release(stack: Stack) -> None:
    """The release has changed the service."""
    runs(stack, changed())


def watch(stack: Stack, until: str = LATER, **changes: Any) -> Any:
    """Take a sample of the whole release."""
    wanted = {
        "taskToken": "token",
        "execution": EXECUTION,
        "deploymentId": DEPLOYMENT,
        "environment": environment(),
        "until": until,
    }
    return stack.run("shared.watch", {**wanted, **changes})


def met(stack: Stack, requests: int, errors: int = 0, latency: float = 20, ago: int = 60) -> None:
    """What Lambda publishes of the requests to the alias, in seconds ago.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html: the dimension Resource is the alias.
    """
    names = {"FunctionName": "hello-production", "Resource": "hello-production:live"}
    publish_requests(stack, names, NOW - timedelta(seconds=ago), requests, errors, latency)


def test_a_worse_release_is_a_breach_although_no_alarm_says_so(stack: Stack) -> None:
    """R3: the third sample in a row; the reason names the service and both figures."""
    met(stack, 540, errors=2, ago=1800)
    found = []
    for _ in range(3):
        met(stack, 60, errors=12)
        found.append(watch(stack))
    assert [one["outcome"] for one in found] == ["watching", "watching", "breached"]
    assert found[2]["reason"] == (
        "hello: errors 20.0 % of 60 requests after the change, 0.4 % of 540 before it in 3 samples in a row"
    )
    assert found[2]["breachedAt"]
    assert stack.completed()["token"]["outcome"] == "breached"


def test_a_slower_release_is_waited_for(stack: Stack) -> None:
    """After a bad sample the watch goes on for the samples that decide; without new requests it ends then."""
    met(stack, 540, latency=100, ago=1800)
    met(stack, 60, latency=200)
    now = iso(datetime.now(UTC) - timedelta(seconds=1))  # minutes may have passed since NOW
    first = watch(stack, now)
    assert (first["outcome"], "latency 200 ms after the change, 100 ms before it" in first["reason"]) == (
        "watching",
        True,
    )
    again = watch(stack, now)
    assert (again["outcome"], "hello: too few requests to compare" in again["reason"]) == ("watching", True)
    assert watch(stack, OVER)["outcome"] == "healthy"


def test_what_was_as_bad_before_is_not_blamed_on_the_release(stack: Stack) -> None:
    """Only what the release changed can undo it; the figures are in the reason."""
    met(stack, 540, errors=270, ago=1800)
    met(stack, 60, errors=30)
    assert watch(stack, OVER)["reason"] == (
        "no alarm was in ALARM; hello: errors 50.0 % of 60 requests after the change, 50.0 % of 540 before it; "
        "latency 20 ms after the change, 20 ms before it"
    )


@pytest.mark.parametrize(
    "there",
    [
        changed(good=None),
        changed(good=version(at="")),
        changed(good=version(COMMIT, "2", at=LONG_AGO)),
        changed(in_doubt=DEPLOYMENT),
        changed(running=version(COMMIT, "2", at=CHANGED, deployment_id="main-other")),
        changed(definition=replace(SERVICE, settings={**FUNCTION, "steps": [10]})),
        changed(definition=COMMAND),
    ],
    ids=["first", "from-outside", "same-version", "in-doubt", "of-another", "in-steps", "command"],
)
def test_what_cannot_be_compared_is_left_to_alarms_and_probes(stack: Stack, there: PartState) -> None:
    """No version before it, none that the release changed, one that was compared at its steps, or no metrics."""
    runs(stack, there)
    met(stack, 540, ago=1800)
    met(stack, 600, errors=600)
    assert watch(stack, OVER)["reason"] == "no alarm was in ALARM"


def test_few_requests_are_not_compared(stack: Stack) -> None:
    """Before the release or after it; what was met in the ten minutes of the change counts for neither."""
    met(stack, 49, ago=1800)
    met(stack, 900, ago=420)
    met(stack, 600, errors=600)
    assert watch(stack, OVER)["reason"] == "no alarm was in ALARM"


def test_figures_that_may_not_be_read_undo_nothing(stack: Stack) -> None:
    """The reason names the permission, and an alarm decides as before."""
    client = stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE)
    denied = client.exceptions.ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")
    with failing(client, "GetMetricData", denied):
        found = watch(stack, OVER)
        assert (found["outcome"], found["reason"].endswith(": allow it cloudwatch:GetMetricData")) == ("healthy", True)
        alarm(stack, "errors", "ALARM")
        assert watch(stack, environment=environment(critical_alarms=["errors"]))["outcome"] == "breached"
