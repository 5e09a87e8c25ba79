"""Who runs the command, and in which region: the first call of most commands."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.runtime import Clients

if TYPE_CHECKING:
    from mypy_boto3_sts.type_defs import GetCallerIdentityResponseTypeDef


def caller() -> "tuple[str, GetCallerIdentityResponseTypeDef]":
    """The region, and the identity of the credentials.

    Somebody waits to learn that nothing answers, so that is tried once. What AWS answers is asked for as usual.
    """
    sts = Clients({}, hurried=True).client("sts")
    try:
        return sts.meta.region_name, sts.get_caller_identity()
    except ClientError:  # such as a throttle
        return sts.meta.region_name, Clients({}).client("sts").get_caller_identity()
