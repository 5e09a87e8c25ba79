"""The number of queries of a wait, and the errors that are retried."""

from typing import Any

import botocore.session
import pytest

from statemachines.definitions import load
from statemachines.policies import RETRY_FAULTS, RETRY_REPEATABLE, THROTTLED, VERIFY_TIMES, ask_again, waits


@pytest.mark.parametrize("backstop", [1, 5, 30, 60, 300, 3600])
def test_a_wait_queries_often_enough_and_never_too_often(backstop: int) -> None:
    """The queries fill the span of the wait, are at least ten, and never fill an execution's history."""
    names = ("build", "approval", "lock", "watch", "enhanced", "unfreeze")
    made: dict[str, Any] = waits(**dict.fromkeys(names, backstop))
    spans = {"Build": (90 + 60) * 60, "Approval": 25 * 3600, "Lock": 8 * 3600, "Watch": 3600, "Enhanced": 7 * 86_400}
    spans["Unfreeze"] = 14 * 86_400 + 3600
    spans["Rollout"] = (10 + 5) * 60
    spans["WorkerBuild"] = (60 + 90 + 60) * 60
    backstops = {
        **made,
        "RolloutBackstopSeconds": made["WatchBackstopSeconds"],
        "WorkerBuildBackstopSeconds": made["BuildBackstopSeconds"],
    }
    assert {f"Ask{name}" for name in spans} == {name for name in made if name.startswith("Ask")}
    for name, seconds in spans.items():
        times = made[f"Ask{name}"][0]["MaxAttempts"]
        assert 10 <= times <= 2400
        assert times * backstop >= seconds - backstop or times == 2400
        assert backstops[f"{name}BackstopSeconds"] == backstop


def test_approval_waits_last_an_hour_longer_than_the_longest_approval() -> None:
    """In a stack whose longest approval time is a week, the wait lasts a week and an hour."""
    made = waits(build=60, approval=300, lock=60, watch=30, enhanced=600, unfreeze=3600, longest_approval=7 * 86_400)
    assert made["AskApproval"][0]["MaxAttempts"] * 300 == 7 * 86_400 + 3600


def test_a_query_is_repeated_at_once_and_its_faults_with_backoff() -> None:
    """A timeout of the wait repeats the query at once; errors of its handler are retried separately."""
    timeout, throttled, faults = ask_again(7)
    assert (timeout["ErrorEquals"], timeout["MaxAttempts"], timeout["BackoffRate"]) == (["States.Timeout"], 7, 1)
    assert faults["ErrorEquals"] == ["States.TaskFailed"], "every error of the handler, but no timeout"
    assert faults["JitterStrategy"] == "FULL"
    assert faults["BackoffRate"] > 1
    assert throttled == RETRY_FAULTS[0]


def test_handlers_are_retried_after_temporary_errors() -> None:
    """Errors of Lambda, a lost process and an unreachable GitHub are retried with backoff and jitter."""
    _, policy = RETRY_FAULTS
    for name in ("Lambda.ServiceException", "Sandbox.Timedout", "States.Timeout"):
        assert name in policy["ErrorEquals"]
    assert "GitHubUnavailableError" in policy["ErrorEquals"]
    assert policy["BackoffRate"] > 1


def test_a_service_that_starts_slowly_gets_a_minute() -> None:
    """The waits between its probes, each 2 s longer than the one before, take more than a minute."""
    assert sum(2 * number for number in range(1, VERIFY_TIMES)) >= 60
    for workflow in ("stage", "rollback"):
        assert load(workflow)["States"]["VerifyAgain"]["Seconds"] == "{% 2 * $verifications %}"


@pytest.mark.parametrize(
    "policies", [RETRY_FAULTS, RETRY_REPEATABLE, ask_again(7)], ids=["faults", "repeatable", "ask"]
)
def test_a_throttled_call_is_tried_for_minutes(policies: list[dict[str, Any]]) -> None:
    """An account's concurrency comes back when other functions have ended; 15 s of retries made a rollback of it.

    Error name: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html; the quota of a new
    account: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    name = "Lambda.TooManyRequestsException"
    first = next(one for one in policies if {name, "States.TaskFailed", "States.ALL"} & set(one["ErrorEquals"]))
    assert name in first["ErrorEquals"], "the first that matches counts"
    delays = [first["IntervalSeconds"] * first["BackoffRate"] ** n for n in range(first["MaxAttempts"])]
    assert first["JitterStrategy"] == "FULL"
    assert 10 * 60 < sum(min(delay, first["MaxDelaySeconds"]) for delay in delays) < 20 * 60


def test_throttles_of_handlers_are_called_as_botocore_calls_them() -> None:
    """Step Functions gets the name of the exception's class, which botocore makes of the service's model."""
    session = botocore.session.get_session()
    shapes = {shape for service in ("dynamodb", "lambda") for shape in session.get_service_model(service).shape_names}
    assert {name for name in THROTTLED if "." not in name} <= shapes


@pytest.mark.parametrize("minutes", [5, 60, 480])
def test_a_build_of_the_worker_is_awaited_for_its_whole_time(minutes: int) -> None:
    """C7: beside an hour in the account's queue and 90 minutes in CodeBuild's; each was cut after 92 minutes before."""
    made = waits(build=60, approval=1, lock=1, watch=1, enhanced=1, unfreeze=1, worker_minutes=minutes)
    retry = made["AskWorkerBuild"][0]
    assert retry["ErrorEquals"] == ["States.Timeout"]
    assert retry["MaxAttempts"] * 60 >= (minutes + 60 + 90) * 60
