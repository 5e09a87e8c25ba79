import json
import os
import runpy
import sys
import warnings
from pathlib import Path

import boto3
import pulumi
import pytest
import yaml
from moto import mock_aws

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
REGION, ACCOUNT = "eu-central-1", "123456789012"
# An endpoint that the machine is configured with would be called instead of moto.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
os.environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
SECRETS = {"storefront:databasePassword": "a password"}


class Recorder(pulumi.runtime.Mocks):
    """Keeps what the program registers; outputs that AWS would compute are texts with the resource's name."""

    def __init__(self):
        self.resources = []

    def new_resource(self, args):
        """Record it."""
        self.resources.append(args)
        computed = ("arn", "arnSuffix", "dnsName", "zoneId", "address")
        return args.name, {**{key: f"{key} of {args.name}" for key in computed}, **args.inputs}

    def call(self, args):
        """The account, and its zones."""
        answers = {
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
            "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": [f"{REGION}{zone}" for zone in "abc"]},
        }
        return answers[args.token]

    def of(self, kind):
        """The inputs of all resources of a type, such as `rds/instance:Instance`, by their names."""
        return {one.name: one.inputs for one in self.resources if one.typ == f"aws:{kind}"}


def run(program, stack, config):
    """Run a program for a stack, with a configuration; returns what it registered."""
    recorder = Recorder()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pulumi.runtime.set_mocks(recorder, project="storefront", stack=stack, preview=False)
        pulumi.runtime.set_all_config(config, list(SECRETS))
        pulumi.runtime.test(lambda: runpy.run_path(str(program)))()
    return recorder


def configuration(stack):
    """The configuration of a stack, as its file has it."""
    given = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    plain = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
    return {"aws:region": REGION, **plain, **SECRETS}


@pytest.fixture(scope="session")
def stacks():
    """What the program registers for each environment of an empty account."""
    with mock_aws():
        return {stack: run(ROOT / "__main__.py", stack, configuration(stack)) for stack in ("dev", "staging", "prod")}


@pytest.fixture
def ecs():
    """A client of an ECS without anything."""
    with mock_aws():
        yield boto3.client("ecs", region_name=REGION)
