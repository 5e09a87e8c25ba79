"""The VPC that builds run in, if the settings name one (I5)."""

from pulumi_aws import codebuild

from components.stack.naming import Grant, Naming
from components.stack.settings import Vpc

# EC2 has no resource-level permission for most of these, and an interface has no ARN before it exists.
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
    """The network configuration of a build project; None without a VPC."""
    if vpc is None:
        return None
    return codebuild.ProjectVpcConfigArgs(
        vpc_id=vpc.id, subnets=list(vpc.subnets), security_group_ids=list(vpc.security_groups)
    )


def network_grants(naming: Naming, vpc: Vpc | None) -> list[Grant]:
    """The EC2 permissions that CodeBuild needs to run builds in the VPC; none without a VPC.

    CodeBuild user guide, "Allow CodeBuild access to AWS services required to create a VPC network interface".
    """
    if vpc is None:
        return []
    subnets = [naming.arn("ec2", f"subnet/{subnet}") for subnet in vpc.subnets]
    return [
        Grant(
            _INTERFACES, ("*",), why="EC2 describes, creates and deletes a build's interface, which has no ARN before"
        ),
        Grant(
            ("ec2:CreateNetworkInterfacePermission",),
            (naming.arn("ec2", "network-interface/*"),),
            why="an interface gets its name when it is created; only CodeBuild may use it, in these subnets only",
            condition={"StringEquals": {"ec2:AuthorizedService": ["codebuild.amazonaws.com"], "ec2:Subnet": subnets}},
        ),
    ]
