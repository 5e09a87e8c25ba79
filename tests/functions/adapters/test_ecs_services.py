"""Delivered ECS services; `tests/functions/targets/test_ecs.py` has what the target does with them."""

from typing import Any

import boto3

from functions.adapters.ecs_services import EcsServices
from functions.domain.ecs import Service, TargetGroup
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import ACCOUNT, READ_ROLE, REGION, Stack

DIGEST = f"sha256:{'0' * 64}"


def test_images_elsewhere_are_not_asked_about(stack: Stack) -> None:
    """The environment's account knows its own registry only; what it can't know counts as existing."""
    services = EcsServices.connect(stack.clients)
    own, other = (f"{account}.dkr.ecr.{REGION}.amazonaws.com/api@{DIGEST}" for account in (ACCOUNT, "999999999999"))
    assert services.has_image(ENVIRONMENT, other)
    assert services.has_image(ENVIRONMENT, "public.ecr.aws/nginx:1")
    assert not services.has_image(ENVIRONMENT, own)


def balanced(stack: Stack, *load_balancers: dict[str, Any]) -> tuple[TargetGroup, ...]:
    """The target groups of a service that ECS describes so."""
    service = Service("shop", "api", "api:1", {}, {"loadBalancers": list(load_balancers)})
    return EcsServices.connect(stack.clients).balanced(ENVIRONMENT, service)


def test_both_target_groups_of_a_service_that_shifts_requests_are_known(stack: Stack) -> None:
    """R3: its listener rule names the load balancer; a service without one has no target groups."""
    rule = "arn:aws:elasticloadbalancing:eu-central-1:1:listener-rule/app/shop/a/b/c"
    shifts = {"alternateTargetGroupArn": "arn:other", "productionListenerRule": rule}
    found = balanced(stack, {"targetGroupArn": "arn:one", "advancedConfiguration": shifts})
    assert found == (TargetGroup("arn:one", rule), TargetGroup("arn:other", rule))
    assert balanced(stack) == ()


def test_the_load_balancer_of_a_rolling_service_is_asked_for(stack: Stack) -> None:
    """R3: it names no listener rule; a target group that no listener uses has no load balancer."""
    elb = stack.clients.client("elbv2", region=REGION, role_arn=READ_ROLE)
    ec2 = boto3.client("ec2", REGION, aws_access_key_id="test", aws_secret_access_key="test")
    subnets = ec2.describe_subnets()["Subnets"][:2]
    balancer = elb.create_load_balancer(Name="shop", Subnets=[one["SubnetId"] for one in subnets])["LoadBalancers"][0]
    used, unused = (
        elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=subnets[0]["VpcId"])["TargetGroups"][0]
        for name in ("used", "unused")
    )
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": used["TargetGroupArn"]}],
    )
    arns = [one["TargetGroupArn"] for one in (used, unused)]
    found = balanced(stack, *({"targetGroupArn": arn} for arn in arns))
    assert found == (TargetGroup(arns[0], balancer["LoadBalancerArn"]), TargetGroup(arns[1], ""))
