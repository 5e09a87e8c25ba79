"""What `--refresh` does before a deployment: whether each resource is still there, and which get their inputs again.

Pulumi reads every property and compares it. Handlers here read only what the program computes with; so a resource
that is there gets all its inputs again, changed by hand or not. The result is the same, the list of changes is longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.pulumi.errors import GoneError
from local.pulumi.handlers.base import is_gone
from local.pulumi.operations import Change
from local.pulumi.state import real

if TYPE_CHECKING:
    from local.pulumi.handlers.base import Cloud
    from local.pulumi.state import Record, Records

# Writing these again would publish a version, on which other resources depend: they are only missed.
_VERSIONED = frozenset(
    {
        "aws:lambda/function:Function",
        "aws:lambda/layerVersion:LayerVersion",
        "aws:s3/bucketObject:BucketObject",
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "aws:sfn/stateMachine:StateMachine",
    }
)


def refresh(cloud: Cloud, records: Records) -> frozenset[str]:
    """Take what is gone out of `records`, so that it is created; returns the URNs that get their inputs again."""
    found = real(records.values())
    for record in found:
        if not _exists(cloud, record):
            del records[record.urn]
    return frozenset(one.urn for one in found if one.urn in records and one.type not in _VERSIONED)


def _exists(cloud: Cloud, record: Record) -> bool:
    try:
        Change(cloud, record, record.inputs).read()
    except GoneError:
        return False
    except ClientError as error:
        if not is_gone(error):
            raise
        return False
    return True
