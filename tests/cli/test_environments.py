"""`kiro-worker status`: alarms of CloudWatch, addresses, and who has an environment, without opening a console (T1)."""

import json

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from functions.adapters.alarms import Alarms
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import execution_arn
from functions.adapters.locks_table import LocksTable
from functions.domain.locks import Contender
from functions.domain.manifests import Health
from functions.domain.order import Order
from functions.handler import encode
from tests.cli.conftest import Kiro, machine
from tests.functions.samples import COMMAND, DEPLOYMENT, LEASE, RELEASE, SERVICE, environment, state

CRITICAL = ["hello-production-errors", "deleted"]


@pytest.fixture
def watched(kiro: Kiro) -> Kiro:
    """A service runs in production, and the environment has an alarm that is in ALARM, and one that is deleted."""
    hello = state(replace(SERVICE, name="shop/hello", health=Health("{url}/health")))
    built = state(replace(COMMAND, name="shop/infrastructure"), outputs={"url": "https://x.example.com/live"})
    for one in (hello, built):
        EnvironmentsTable.connect(kiro.clients).save(one, LEASE)
    carry(kiro, replace(environment(), critical_alarms=CRITICAL))
    client = kiro.clients.client("cloudwatch")
    client.put_metric_alarm(
        AlarmName=CRITICAL[0],
        Namespace="Hello",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
    )
    client.set_alarm_state(AlarmName=CRITICAL[0], StateValue="ALARM", StateReason="5 errors")
    return kiro


def carry(kiro: Kiro, *environments: object) -> None:
    """The definition of the workflow carries these environments."""
    definition = {"States": {"Begin": {"Arguments": {}, "Assign": {"environments": encode(environments)}}}}
    kiro.clients.client("stepfunctions").update_state_machine(
        stateMachineArn=machine("deployment"), definition=json.dumps(definition)
    )


def shown(kiro: Kiro) -> str:
    """The table, as one line."""
    return " ".join(kiro.run("status").output.split())


def test_alarms_of_an_environment_are_read(watched: Kiro) -> None:
    """R1: what is in ALARM since when and why, and the one that does not exist."""
    (production,) = watched.json("status")
    states = {one["name"]: one["state"] for one in production["alarms"]}
    assert states == {"hello-production-errors": "ALARM", "deleted": "missing"}
    assert "hello-production-errors is in ALARM since 20" in shown(watched)
    assert "5 errors" in shown(watched)
    assert "deleted is an alarm that does not exist" in shown(watched)


def test_alarms_that_can_not_be_read_hide_nothing(watched: Kiro, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another account, or an identity that may not read them: the rest is shown, and the reason."""

    def refused(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")

    monkeypatch.setattr(Alarms, "read", refused)
    (production,) = watched.json("status")
    assert (production["alarms"], production["alarmsUnread"]) == ([], "AWS refused AssumeRole: AccessDenied: no")
    assert "its alarms could not be read: AWS refused AssumeRole" in shown(watched)


def test_a_service_has_an_address(watched: Kiro) -> None:
    """On a line of its own, which is not folded."""
    (production,) = watched.json("status")
    assert {one["part"]: one["address"] for one in production["parts"]} == {
        "shop/hello": "https://x.example.com/live",
        "shop/infrastructure": "",
    }
    assert "shop/hello in production: https://x.example.com/live" in watched.run("status").output.splitlines()


@pytest.mark.parametrize("rollback", [True, False])
def test_a_rollback_that_is_under_way_is_shown(watched: Kiro, *, rollback: bool) -> None:
    """R4: who has the lock, and that it goes back."""
    owner = execution_arn(machine("rollback"), "r")
    wanted = Contender(owner, DEPLOYMENT, Order(1, 1), "errors in ALARM", rollback=rollback)
    LocksTable.connect(watched.clients).request("environment/production", wanted)
    assert watched.json("status")[0]["rollingBack"] is rollback
    assert ("rolling back main-1a2b3c4d5e6f (errors in ALARM)" in shown(watched)) is rollback


def test_what_waits_for_approval_is_shown(watched: Kiro) -> None:
    """A5: with the text that says until when."""
    deployments, reason = DeploymentsTable.connect(watched.clients), "waits for an approval for production until 08:00"
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    deployments.note_known(DEPLOYMENT, environment="production", status="waiting for approval", reason=reason)
    assert f"{DEPLOYMENT} {reason}" in shown(watched)
