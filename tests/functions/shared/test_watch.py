"""Watch: healthy, breached, review, or watching."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.adapters.clock import iso
from functions.adapters.waits_table import WaitsTable
from functions.domain.manifests import Health
from tests.functions.delivered import Service, alarm, runs
from tests.functions.samples import COMMIT, DEPLOYMENT, EXECUTION, SERVICE, environment, state, version
from tests.functions.stack import Stack, failing

WATCHED = environment(critical_alarms=["errors"], warning_alarms=["cpu"])
LATER, OVER = (iso(datetime.now(UTC) + timedelta(minutes=minutes)) for minutes in (60, -60))


def watch(stack: Stack, until: str = LATER, token: str = "token", **changes: Any) -> Any:
    """Run the handler."""
    wanted = {
        "taskToken": token,
        "execution": EXECUTION,
        "deploymentId": DEPLOYMENT,
        "environment": WATCHED,
        "until": until,
    }
    return stack.run("shared.watch", {**wanted, **changes})


def waiting(stack: Stack) -> list[str]:
    """The stored watches."""
    return [str(wait.key) for wait in WaitsTable.connect(stack.clients).of_environment("production")]


def test_an_environment_without_alarms_is_watched_until_its_time_is_up(stack: Stack) -> None:
    """The token waits for an alarm; the newest one is stored."""
    alarm(stack, "errors")
    alarm(stack, "cpu")
    assert watch(stack)["outcome"] == "watching"
    assert watch(stack, token="token-2")["outcome"] == "watching"
    assert waiting(stack) == ["watch/production/main-1"]
    assert stack.completed() == {}
    assert watch(stack, OVER, "token-3")["outcome"] == "healthy"
    assert list(stack.completed()) == ["token-3"]
    assert waiting(stack) == []


def test_an_alarm_that_is_active_already_ends_the_watch(stack: Stack) -> None:
    """R1: it sends no further event, so it is read; also when the time is up."""
    alarm(stack, "errors", "ALARM")
    alarm(stack, "cpu", "ALARM")
    for token, until in (("one", LATER), ("two", OVER)):
        watch(stack, until, token)
        answer = stack.completed()[token]
        assert (answer["outcome"], answer["alarms"]) == ("breached", ["errors"])
        assert answer["reason"] == "alarm errors is in ALARM: above 5"
        assert answer["breachedAt"] <= iso(datetime.now(UTC))
    assert waiting(stack) == []


def test_a_warning_needs_one_review(stack: Stack) -> None:
    """R2: a reviewed warning does not end the watch again."""
    alarm(stack, "errors")
    alarm(stack, "cpu", "ALARM")
    assert watch(stack)["outcome"] == "review"
    assert watch(stack, reviewed=["cpu"])["outcome"] == "watching"


def test_alarms_without_data_are_named_at_the_end(stack: Stack) -> None:
    """R1: an alarm that does not exist, and one without data."""
    alarm(stack, "cpu", "INSUFFICIENT_DATA")
    assert watch(stack, OVER)["reason"] == "no alarm was in ALARM, but no alarm is named errors; no data for cpu"


def test_the_alarms_of_what_runs_are_watched_too(stack: Stack) -> None:
    """M1: a service names alarms in the manifest, with a placeholder for the environment."""
    part = replace(SERVICE, critical_alarms=["hello-{environment}-errors"], warning_alarms=["hello-slow"])
    runs(stack, state(part))
    alarm(stack, "hello-production-errors", "ALARM")
    answer = watch(stack)
    assert (answer["outcome"], answer["alarms"]) == ("breached", ["hello-production-errors"])


def test_an_unhealthy_service_ends_the_watch(stack: Stack, service: Service) -> None:
    """Each query probes the services."""
    runs(stack, state(replace(SERVICE, health=Health(service.url)), version(COMMIT, "2")))
    service.says(version=COMMIT)
    assert watch(stack)["outcome"] == "watching"
    service.status = 503
    answer = watch(stack)
    assert answer["outcome"] == "breached"
    assert "hello is not healthy" in answer["reason"]


def test_a_watch_that_failed_once_never_becomes_healthy(stack: Stack) -> None:
    """R1, Q1: the breach could not be delivered and the alarm is OK again; the next query delivers the breach."""
    alarm(stack, "errors", "ALARM")
    alarm(stack, "cpu")
    throttled = ClientError({"Error": {"Code": "ThrottlingException", "Message": "x"}}, "SendTaskSuccess")
    with failing(stack.client("stepfunctions"), "SendTaskSuccess", throttled), pytest.raises(ClientError):
        watch(stack)
    alarm(stack, "errors", "OK")
    assert watch(stack, OVER, "token-2")["outcome"] == "breached"
    assert stack.completed()["token-2"]["alarms"] == ["errors"]
    assert waiting(stack) == []


def test_a_hundred_and_more_alarms_are_read(stack: Stack) -> None:
    """CloudWatch returns a hundred in a page."""
    alarm(stack, "z-last", "ALARM")
    many = [f"a-{number}" for number in range(120)]
    answer = watch(stack, environment=environment(critical_alarms=[*many, "z-last"]))
    assert answer["alarms"] == ["z-last"]


def test_parts_that_are_gone_are_not_watched(stack: Stack) -> None:
    """Neither their alarms nor their health."""
    part = replace(SERVICE, critical_alarms=["old-errors"], health=Health("http://127.0.0.1:9/"))
    runs(stack, state(part))
    alarm(stack, "old-errors", "ALARM")
    assert watch(stack, OVER, gone=["hello"], environment=environment())["outcome"] == "healthy"
    assert watch(stack, OVER, environment=environment())["outcome"] == "breached"
