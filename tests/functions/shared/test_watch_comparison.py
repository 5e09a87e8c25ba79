"""Watch at a step of a rollout: the new version is compared with the old one (R3, R13)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.clock import iso
from functions.adapters.waits_table import WaitsTable
from functions.domain.rollouts import Rollout
from functions.domain.waits import WatchKey
from tests.functions.delivered import alarm, create_function, lambdas
from tests.functions.lambda_metrics import publish_requests
from tests.functions.samples import DEPLOYMENT, EXECUTION, FUNCTION, SERVICE, environment
from tests.functions.stack import READ_ROLE, REGION, Stack, failing

# One time for all figures of a test: two that are published one after the other may fall into different minutes.
NOW = datetime.now(UTC)
LATER, OVER = (iso(NOW + timedelta(minutes=minutes)) for minutes in (60, -60))
SINCE = iso(NOW - timedelta(minutes=5))
AT_TEN = Rollout("paused", "2", 10)
UNREAD = "the versions are not compared, because "


@pytest.fixture(autouse=True)
def alias(stack: Stack) -> None:
    """The alias of the service points to version 1, and version 2 has a tenth of its requests."""
    create_function(stack, versions=2)
    shares = {"AdditionalVersionWeights": {"2": 0.1}}
    lambdas(stack).update_alias(FunctionName="hello-production", Name="live", FunctionVersion="1", RoutingConfig=shares)


def watch(stack: Stack, until: str = LATER, rollout: Rollout = AT_TEN, **changes: Any) -> Any:
    """Take a sample at a step."""
    wanted = {
        "taskToken": "token",
        "execution": EXECUTION,
        "deploymentId": DEPLOYMENT,
        "environment": environment(),
        "until": until,
        "paused": SERVICE,
        "rollout": rollout,
        "since": SINCE,
    }
    return stack.run("shared.watch", {**wanted, **changes})


def met(stack: Stack, version: str, requests: int, errors: int = 0, latency: float = 20, ago: int = 60) -> None:
    """What Lambda publishes of the requests to a version by its alias.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
    """
    names = {"FunctionName": "hello-production", "Resource": "hello-production:live", "ExecutedVersion": version}
    publish_requests(stack, names, NOW - timedelta(seconds=ago), requests, errors, latency)


def test_a_worse_version_is_a_breach_although_no_alarm_says_so(stack: Stack) -> None:
    """R3, R13: the third sample in a row; the reason names what both versions met."""
    found = []
    for _ in range(3):
        met(stack, "2", 60, errors=12)
        met(stack, "1", 540)
        found.append(watch(stack))
    assert [one["outcome"] for one in found] == ["watching", "watching", "breached"]
    assert found[2]["reason"] == (
        "errors 20.0 % of 60 requests with the new version, 0.0 % of 540 with the old one in 3 samples in a row"
    )
    assert found[2]["breachedAt"]
    assert found[2]["alarms"] == []
    assert stack.completed()["token"]["outcome"] == "breached"


def test_figures_that_were_read_before_are_no_sample(stack: Stack) -> None:
    """R13: a watch reads more often than CloudWatch has something new; a wait that is stored again keeps them."""
    met(stack, "2", 60, latency=500)
    met(stack, "1", 540, latency=200)
    first = watch(stack)
    assert first["reason"].endswith("latency 500 ms with the new version, 200 ms with the old one")
    for _ in range(4):
        again = watch(stack)
        assert again["outcome"] == "watching"
        assert "too few requests to compare: 0 with the new version, 0 with the old one" in again["reason"]
    wait = WaitsTable.connect(stack.clients).find(WatchKey("production", "main-1"))
    assert wait
    assert wait.facts["samples"]["bad"] == 1
    assert watch(stack, OVER)["outcome"] == "healthy"


def test_a_step_that_is_alike_says_so(stack: Stack) -> None:
    """The figures of both are in the reason; an alarm decides before them."""
    met(stack, "2", 60, errors=1)
    met(stack, "1", 540, errors=9)
    found = watch(stack, OVER)
    assert found["outcome"] == "healthy"
    assert found["reason"] == (
        "no alarm was in ALARM; errors 1.7 % of 60 requests with the new version, 1.7 % of 540 with the old one; "
        "latency 20 ms with the new version, 20 ms with the old one"
    )
    alarm(stack, "errors", "ALARM")
    assert watch(stack, environment=environment(critical_alarms=["errors"]))["alarms"] == ["errors"]


def test_only_the_minutes_of_the_step_are_read(stack: Stack) -> None:
    """What a version met before its first share, or while the other met nothing, decides nothing."""
    for ago in (3600, 3660):
        met(stack, "2", 600, errors=600, ago=ago)
        met(stack, "1", 600, ago=ago)
    met(stack, "2", 600, errors=600, ago=180)
    met(stack, "2", 60, ago=60)
    met(stack, "1", 60, ago=60)
    assert "errors 0.0 % of 60 requests" in watch(stack, environment=environment(unhealthy_samples=1))["reason"]


def test_a_manifest_tightens_the_comparison_and_never_weakens_it(stack: Stack) -> None:
    """I7: of the environment and the service, the stricter limit decides."""

    def sample(given: dict[str, Any], **setting: Any) -> str:
        part = replace(SERVICE, settings={**FUNCTION, **given})
        limits = environment(unhealthy_samples=1, **setting)
        return str(watch(stack, paused=part, environment=limits)["outcome"])

    met(stack, "2", 20, errors=3)
    met(stack, "1", 180)
    assert sample({"worseErrorPercent": 20}) == "watching"  # too few
    assert sample({"worseErrorPercent": 20, "comparedRequests": 20}) == "breached"
    assert sample({"comparedRequests": 20}, worse_error_percent=20) == "watching"
    met(stack, "2", 20, errors=3)
    met(stack, "1", 180)
    assert sample({"comparedRequests": 20, "worseErrorPercent": 12.5}, worse_error_percent=20) == "breached"


@pytest.mark.parametrize(
    "rollout", [Rollout("paused", "2", 100), Rollout("paused", "2", 0), Rollout("paused", "3", 10)]
)
def test_without_an_old_version_alarms_and_probes_decide(stack: Stack, rollout: Rollout) -> None:
    """R13: all requests meet one version, or somebody moved the alias; the reason says that nothing was compared."""
    met(stack, "2", 600, errors=600)
    met(stack, "1", 600)
    found = watch(stack, OVER, rollout)
    assert found["outcome"] == "healthy"
    assert found["reason"].endswith("; no version before it shares the requests, so alarms and probes decide alone")


def test_figures_that_may_not_be_read_undo_nothing(stack: Stack) -> None:
    """A read role of another account may lack the permission: the reason names it, and no release is lost by it."""
    client = stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE)
    denied = client.exceptions.ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")
    with failing(client, "GetMetricData", denied):
        found = watch(stack, OVER)
    assert found["outcome"] == "healthy"
    assert f"{UNREAD}{READ_ROLE} can't read the metrics of production (" in found["reason"]
    assert found["reason"].endswith(": allow it cloudwatch:GetMetricData")
    broken = client.exceptions.ClientError({"Error": {"Code": "InternalServiceFault", "Message": "no"}}, "x")
    with failing(client, "GetMetricData", broken), pytest.raises(client.exceptions.ClientError):
        watch(stack)
