"""Forwards the alarm events of one account and region to the event bus of a stack."""

import sys
from pathlib import Path

import pulumi
from pulumi_aws import get_caller_identity, get_partition, get_region

# Pulumi runs the program in its own folder, and the components are beside it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from components.platform.forwarding import Forwarding, receiver
from components.stack.naming import Naming
from forwarding.places import Place

config = pulumi.Config()
here = Place(get_caller_identity().account_id, get_region().region)
bus_arn = config.require("eventBusArn")
stack = receiver(bus_arn, here, config.require("account"))
naming = Naming(stack, here.account, here.region, get_partition().partition)
forwarding = Forwarding(naming=naming, bus_arn=bus_arn)
pulumi.export("rule", forwarding.rule_name)
