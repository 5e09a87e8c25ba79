"""The load balancer: HTTPS only; website and API have a host each, and two target groups that share its requests."""

from collections.abc import Sequence
from typing import NamedTuple

import pulumi
from pulumi_aws import lb, route53

from storefront_stack.network import PORT, Network


class Entry(NamedTuple):
    """How requests reach a service: its target groups, the rule that names them, and its host."""

    groups: Sequence[lb.TargetGroup]
    rule: lb.ListenerRule
    host: str


class Balancer(NamedTuple):
    """The load balancer's name in metrics, and the entry of each service."""

    dimension: pulumi.Output[str]
    entries: dict[str, Entry]


def balancer(name: str, network: Network, hosts: dict[str, str], zone: str, certificate: str) -> Balancer:
    """Create the load balancer with a host for each of these services."""
    made = lb.LoadBalancer(
        name,
        name=name,
        subnets=network.public,
        security_groups=[network.balancer],
        drop_invalid_header_fields=True,
    )
    secure = lb.ListenerDefaultActionRedirectArgs(port="443", protocol="HTTPS", status_code="HTTP_301")
    lb.Listener(
        f"{name}-http",
        load_balancer_arn=made.arn,
        port=80,
        protocol="HTTP",
        default_actions=[lb.ListenerDefaultActionArgs(type="redirect", redirect=secure)],
    )
    nothing = lb.ListenerDefaultActionFixedResponseArgs(content_type="text/plain", status_code="404")
    listener = lb.Listener(
        f"{name}-https",
        load_balancer_arn=made.arn,
        port=443,
        protocol="HTTPS",
        ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        certificate_arn=certificate,
        default_actions=[lb.ListenerDefaultActionArgs(type="fixed-response", fixed_response=nothing)],
    )
    entries = {}
    for place, (service, host) in enumerate(hosts.items(), start=1):
        alias = route53.RecordAliasArgs(name=made.dns_name, zone_id=made.zone_id, evaluate_target_health=True)
        route53.Record(f"{name}-{service}", zone_id=zone, name=host, type="A", aliases=[alias])
        entries[service] = _entry(f"{name}-{service}", network, listener, place, host)
    return Balancer(made.arn_suffix, entries)


def _entry(name: str, network: Network, listener: lb.Listener, priority: int, host: str) -> Entry:
    groups = [_target_group(f"{name}-{one}", network) for one in ("a", "b")]
    shares = [
        lb.ListenerRuleActionForwardTargetGroupArgs(arn=group.arn, weight=weight)
        for group, weight in zip(groups, (100, 0), strict=True)
    ]
    forward = lb.ListenerRuleActionForwardArgs(target_groups=shares)
    condition = lb.ListenerRuleConditionHostHeaderArgs(values=[host])
    rule = lb.ListenerRule(
        name,
        listener_arn=listener.arn,
        priority=priority,
        actions=[lb.ListenerRuleActionArgs(type="forward", forward=forward)],
        conditions=[lb.ListenerRuleConditionArgs(host_header=condition)],
        # ECS shifts the requests between the two groups by these weights.
        opts=pulumi.ResourceOptions(ignore_changes=["actions"]),
    )
    return Entry(groups, rule, host)


def _target_group(name: str, network: Network) -> lb.TargetGroup:
    check = lb.TargetGroupHealthCheckArgs(path="/health", interval=10, healthy_threshold=2, unhealthy_threshold=3)
    return lb.TargetGroup(
        name,
        name=name,
        vpc_id=network.vpc,
        port=PORT,
        protocol="HTTP",
        target_type="ip",
        health_check=check,
        deregistration_delay=30,
    )
