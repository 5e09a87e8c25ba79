"""The policies that a program registers, as statements."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.components.recorder import Recorder, Registered

_POLICIES = {
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/role:Role": "assumeRolePolicy",
    "aws:kms/key:Key": "policy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, with the resource that it belongs to."""

    owner: Registered
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    whole: dict[str, Any]


def statements(recorder: Recorder) -> Iterator[Statement]:
    """The statements of every role, key, event bus, bucket, topic and queue."""
    for one in recorder.resources:
        if one.type in _POLICIES:
            for whole in json.loads(one.inputs[_POLICIES[one.type]])["Statement"]:
                yield Statement(
                    one, whole["Effect"], _listed(whole["Action"]), _listed(whole.get("Resource", [])), whole
                )


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
