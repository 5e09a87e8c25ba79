"""The network: public subnets for the load balancer and the tasks, private ones without a way out for the database.

Tasks have public addresses, through which they get images and send logs, so no NAT gateway is paid for. Security groups
let nobody in but the load balancer.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pulumi
from pulumi_aws import ec2, get_availability_zones

PORT, DATABASE_PORT = 8080, 5432


class Network(NamedTuple):
    """Subnets in two zones, and a security group for each layer."""

    vpc: pulumi.Output[str]
    public: Sequence[pulumi.Output[str]]
    private: Sequence[pulumi.Output[str]]
    balancer: pulumi.Output[str]
    tasks: pulumi.Output[str]
    database: pulumi.Output[str]


def network(name: str) -> Network:
    """Create the network."""
    vpc = ec2.Vpc(name, cidr_block="10.0.0.0/16", enable_dns_hostnames=True, tags={"Name": name})
    gateway = ec2.InternetGateway(name, vpc_id=vpc.id, tags={"Name": name})
    routes = ec2.RouteTable(
        name, vpc_id=vpc.id, routes=[ec2.RouteTableRouteArgs(cidr_block="0.0.0.0/0", gateway_id=gateway.id)]
    )
    public, private = [], []
    for place, zone in enumerate(get_availability_zones(state="available").names[:2]):
        outside = ec2.Subnet(
            f"{name}-public-{place}", vpc_id=vpc.id, availability_zone=zone, cidr_block=f"10.0.{place}.0/24"
        )
        ec2.RouteTableAssociation(f"{name}-public-{place}", subnet_id=outside.id, route_table_id=routes.id)
        inside = ec2.Subnet(
            f"{name}-private-{place}", vpc_id=vpc.id, availability_zone=zone, cidr_block=f"10.0.{10 + place}.0/24"
        )
        public.append(outside.id)
        private.append(inside.id)
    balancer = _group(f"{name}-balancer", vpc.id, [_from_anywhere(80), _from_anywhere(443)])
    tasks = _group(f"{name}-tasks", vpc.id, [_from_group(PORT, balancer)])
    database = _group(f"{name}-database", vpc.id, [_from_group(DATABASE_PORT, tasks)], outward=False)
    return Network(vpc.id, public, private, balancer, tasks, database)


def _group(
    name: str,
    vpc: pulumi.Output[str],
    ingress: Sequence[ec2.SecurityGroupIngressArgs],
    *,
    outward: bool = True,
) -> pulumi.Output[str]:
    every = ec2.SecurityGroupEgressArgs(protocol="-1", from_port=0, to_port=0, cidr_blocks=["0.0.0.0/0"])
    made = ec2.SecurityGroup(
        name, vpc_id=vpc, description=name, ingress=ingress, egress=[every] if outward else [], tags={"Name": name}
    )
    return made.id


def _from_anywhere(port: int) -> ec2.SecurityGroupIngressArgs:
    return ec2.SecurityGroupIngressArgs(protocol="tcp", from_port=port, to_port=port, cidr_blocks=["0.0.0.0/0"])


def _from_group(port: int, group: pulumi.Output[str]) -> ec2.SecurityGroupIngressArgs:
    return ec2.SecurityGroupIngressArgs(protocol="tcp", from_port=port, to_port=port, security_groups=[group])
