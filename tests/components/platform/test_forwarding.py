"""The program `forwarding/`: it forwards the alarm events of an account and region to a stack's bus."""

import json
import runpy
import shlex
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pulumi
import pytest
import yaml

from components.platform.forwarding import ForwardingError
from tests.components.recorder import ACCOUNT, FOREIGN, REGION, ROOT, Outcome, Recorder, run

BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/kiro-pipeline-test-events"
PROGRAM = ROOT / "forwarding"


@dataclass
class There(Recorder):
    """The account and region that the program runs for."""

    account: str = FOREIGN
    region: str = "us-east-1"

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """The account, region and partition of the run."""
        answers = {
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": self.account},
            "aws:index/getRegion:getRegion": {"region": self.region},
        }
        return answers.get(args.token) or super().call(args)


def forwarded(there: There, config: dict[str, str]) -> There:
    """Run the program with a configuration."""
    project = yaml.safe_load((PROGRAM / "Pulumi.yaml").read_text("utf-8"))["name"]
    settings = {key if ":" in key else f"{project}:{key}": value for key, value in config.items()}
    run(lambda: runpy.run_path(str(PROGRAM / "__main__.py"), run_name="__main__"), "test", settings, there, project)
    return there


def given(command: str) -> dict[str, str]:
    """The configuration that a command sets."""
    settings = [value for option, value in pairwise(shlex.split(command)) if option == "--config"]
    return dict(setting.split("=", 1) for setting in settings)


@pytest.mark.parametrize("account", [ACCOUNT, FOREIGN])
def test_the_printed_command_forwards_to_the_stack(switched_on: Outcome, account: str) -> None:
    """I7: every change of an alarm goes to the stack's bus, with a role that may do nothing else."""
    (needed,) = [one for one in switched_on.outputs["forwarding"] if one["account"] == account]
    config = given(needed["command"])
    there = forwarded(There(account=needed["account"], region=config["aws:region"]), config)
    rule = there.one("cloudwatch/eventRule:EventRule", "alarms").inputs
    assert rule["name"] == "kiro-pipeline-test-alarms"
    assert "eventBusName" not in rule
    pattern = {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]}
    assert json.loads(rule["eventPattern"]) == pattern
    target = there.one("cloudwatch/eventTarget:EventTarget", "alarms").inputs
    assert target["arn"] == BUS
    role = there.one("iam/role:Role", "alarms-us-east-1").inputs
    assert target["roleArn"].endswith(f"/{role['name']}")
    (statement,) = json.loads(there.one("iam/rolePolicy:RolePolicy", "alarms-us-east-1").inputs["policy"])["Statement"]
    assert statement == {"Effect": "Allow", "Action": ["events:PutEvents"], "Resource": [BUS]}
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}


def test_the_output_names_the_environments_of_each_place(switched_on: Outcome) -> None:
    """Those of the stack's own account and region are not in it."""
    found = [(one["environments"], one["account"], one["region"]) for one in switched_on.outputs["forwarding"]]
    assert found == [(["staging"], ACCOUNT, "us-east-1"), (["production"], FOREIGN, "us-east-1")]
    names = [shlex.split(one["command"])[6] for one in switched_on.outputs["forwarding"]]
    assert names == [f"test-{ACCOUNT}-us-east-1", f"test-{FOREIGN}-us-east-1"]


@pytest.mark.parametrize(
    ("there", "bus", "account", "said"),
    [
        (There(), BUS, ACCOUNT, f"the credentials belong to the account {FOREIGN}; log in to {ACCOUNT}"),
        (There(), "arn:aws:events:eu-central-1:1:event-bus/default", FOREIGN, "not the event bus of a stack"),
        (There(account=ACCOUNT, region=REGION), BUS, ACCOUNT, "set aws:region to the region of the environment"),
    ],
    ids=["credentials of another account", "another bus", "the stack's own place"],
)
def test_a_forwarding_that_cannot_work_is_refused(there: There, bus: str, account: str, said: str) -> None:
    """The error names the setting and the next step, and nothing is registered."""
    with pytest.raises(ForwardingError, match=said):
        forwarded(there, {"eventBusArn": bus, "account": account})
    assert not [one for one in there.resources if one.custom]
