"""Watch: healthy, breached, review, or watching."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from functions.adapters.clock import iso
from functions.adapters.waits_table import WaitsTable
from functions.domain.manifests import Health
from functions.domain.waits import WatchKey
from functions.domain.watches import Watch
from functions.procedures.watches import remember
from tests.functions.delivered import Service, alarm, runs
from tests.functions.samples import COMMIT, DEPLOYMENT, EXECUTION, OLDER, SERVICE, environment, state, version
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


def test_the_alarms_of_a_paused_part_count_beside_those_of_what_runs(stack: Stack) -> None:
    """R12: a release may bring an alarm, and at a step it is not recorded yet."""
    runs(stack, state(replace(SERVICE, critical_alarms=["old-errors"])))
    paused = replace(SERVICE, critical_alarms=["new-{environment}-errors"])
    for name in ("old-errors", "new-production-errors"):
        alarm(stack, name)
    assert watch(stack, environment=environment(), paused=paused)["outcome"] == "watching"
    for name in ("old-errors", "new-production-errors"):
        alarm(stack, name, "ALARM")
    assert watch(stack, environment=environment(), paused=paused)["alarms"] == ["new-production-errors", "old-errors"]
    assert watch(stack, environment=environment(), token="token-2")["alarms"] == ["old-errors"]


def test_a_paused_part_may_answer_as_both_versions(stack: Stack, service: Service) -> None:
    """R12: a probe meets one of them; once the rollout is recorded it must meet the new one."""
    part = replace(SERVICE, health=Health(service.url))
    runs(stack, state(part, version(OLDER, "1"), in_doubt=DEPLOYMENT))
    for commit in (OLDER, COMMIT):
        service.says(version=commit)
        assert watch(stack, environment=environment(), paused=part)["outcome"] == "watching"
    runs(stack, state(part, version(COMMIT, "2")))
    service.says(version=OLDER)
    assert watch(stack, environment=environment())["outcome"] == "unhealthy"


def sick(stack: Stack, service: Service, name: str = "hello") -> None:
    """A service that runs the new commit and answers 503."""
    runs(stack, state(replace(SERVICE, name=name, health=Health(service.url)), version(COMMIT, "2")))
    service.says(version=COMMIT)
    service.status = 503


def bad_samples(stack: Stack) -> dict[str, int]:
    """The bad samples in a row that the stored watch has."""
    found = WaitsTable.connect(stack.clients).find(WatchKey("production", "main-1"))
    return found.facts["bad"] if found else {}


def test_a_service_that_stays_unhealthy_ends_the_watch(stack: Stack, service: Service) -> None:
    """R13: each bad sample ends the wait so that the next one follows soon; the third in a row is a breach."""
    sick(stack, service)
    answers = [watch(stack, token=f"token-{number}") for number in range(3)]
    assert [one["outcome"] for one in answers] == ["unhealthy", "unhealthy", "breached"]
    assert answers[2]["reason"].startswith("hello is not healthy in 3 samples in a row: ")
    assert answers[2]["breachedAt"]
    assert list(stack.completed()) == ["token-0", "token-1", "token-2"]
    assert waiting(stack) == []


def test_a_good_sample_begins_again(stack: Stack, service: Service) -> None:
    """R13: only bad samples in a row count; a watch does not end as healthy with a bad one."""
    sick(stack, service)
    assert [watch(stack, OVER)["outcome"] for _ in range(2)] == ["unhealthy", "unhealthy"]
    assert bad_samples(stack) == {"hello": 2}
    service.status = 200
    assert watch(stack)["outcome"] == "watching"
    assert bad_samples(stack) == {}
    service.status = 503
    assert [watch(stack)["outcome"] for _ in range(3)] == ["unhealthy", "unhealthy", "breached"]


def test_the_number_of_samples_is_a_setting(stack: Stack, service: Service) -> None:
    """With one, the first bad sample is a breach."""
    sick(stack, service)
    assert watch(stack, environment=environment(unhealthy_samples=1))["outcome"] == "breached"


def test_the_services_of_other_repositories_decide_nothing(stack: Stack, service: Service) -> None:
    """R13: they are named in the reason, at the end, too; an input without the release's name lets all decide."""
    sick(stack, service, "blog/hello")
    named = "blog/hello, which another repository delivers, is not healthy: "
    for _ in range(4):
        found = watch(stack, own="shop", environment=environment())
        assert found["outcome"] == "watching"
        assert named in found["reason"]
    found = watch(stack, OVER, own="shop", environment=environment())
    assert found["outcome"] == "healthy"
    assert named in found["reason"]
    assert watch(stack)["outcome"] == "unhealthy"


def test_an_alarm_between_two_samples_is_kept(stack: Stack, service: Service) -> None:
    """Q1: nothing waits with a token then; the event's breach is in the wait, and the next sample delivers it."""
    sick(stack, service)
    assert watch(stack, environment=environment())["outcome"] == "unhealthy"
    breach = Watch("breached", "alarm errors is in ALARM", LATER, ("errors",))
    remember(WatchKey("production", "main-1"), breach, WaitsTable.connect(stack.clients))
    service.status = 200
    assert watch(stack, environment=environment())["alarms"] == ["errors"]


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
