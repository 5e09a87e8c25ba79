"""The network that builds run in, where the settings name one (I5)."""

from pulumi_aws import codebuild

from components.stack.naming import Grant, Naming
from components.stack.settings import Vpc

# EC2 has no resource-level permission for most of these, and an interface has no ARN before it is made.
_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)


def placed(vpc: Vpc | None) -> codebuild.ProjectVpcConfigArgs | None:
    """Where a project's builds run."""
    if vpc is None:
        return None
    return codebuild.ProjectVpcConfigArgs(
        vpc_id=vpc.id, subnets=list(vpc.subnets), security_group_ids=list(vpc.security_groups)
    )


def network_grants(naming: Naming, vpc: Vpc | None) -> list[Grant]:
    """What CodeBuild needs of EC2 to put a build there, as its user guide lists it; nothing without a network."""
    if vpc is None:
        return []
    subnets = [naming.arn("ec2", f"subnet/{subnet}") for subnet in vpc.subnets]
    return [
        Grant(_INTERFACES, ("*",), why="EC2 describes, makes and removes a build's interface, which has no ARN before"),
        Grant(
            ("ec2:CreateNetworkInterfacePermission",),
            (naming.arn("ec2", "network-interface/*"),),
            why="an interface is named when it is made; only CodeBuild may use it, in these subnets only",
            condition={"StringEquals": {"ec2:AuthorizedService": ["codebuild.amazonaws.com"], "ec2:Subnet": subnets}},
        ),
    ]
