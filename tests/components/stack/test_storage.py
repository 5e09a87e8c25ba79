"""The bucket and the tables have what the adapters expect."""

import json

import pytest

from functions.domain.provenance import place
from tests.components.recorder import Outcome


def test_the_bucket_takes_no_request_without_tls(whole: Outcome) -> None:
    """The bucket's policy denies every request without TLS."""
    (policy,) = whole.recorder.of("s3/bucketPolicy:BucketPolicy")
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [f"arn:aws:s3:::{whole.outputs['artifactsBucket']}{end}" for end in ("", "/*")]


def test_the_bucket_is_private_versioned_and_expires(whole: Outcome) -> None:
    """No public access; versions; infrequent access after 30 days, deleted after 90, the worker's artifacts, too."""
    recorder = whole.recorder
    (block,) = recorder.of("s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    assert {value for value in block.inputs.values() if isinstance(value, bool)} == {True}
    (versioning,) = recorder.of("s3/bucketVersioning:BucketVersioning")
    assert versioning.inputs["versioningConfiguration"] == {"status": "Enabled"}
    (lifecycle,) = recorder.of("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    for rule in lifecycle.inputs["rules"]:
        assert [(one["days"], one["storageClass"]) for one in rule["transitions"]] == [(30, "STANDARD_IA")]
        assert rule["expiration"]["days"] == 90
    prefixes = {rule["filter"]["prefix"] for rule in lifecycle.inputs["rules"]}
    assert prefixes == {"builds/", "cache/", "deployments/", "packages/", "programs/", "sources/", "test/"}


def test_evidence_does_not_expire(whole: Outcome) -> None:
    """G7: a rollback verifies the statement of what runs, however long ago that was deployed."""
    (lifecycle,) = whole.recorder.of("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    kept = place("main-1", "0" * 64)
    assert not [rule for rule in lifecycle.inputs["rules"] if kept.startswith(rule["filter"]["prefix"])]


@pytest.mark.parametrize(
    ("name", "keys", "expires", "indexes"),
    [
        ("deployments", ("deploymentId", None), True, {"EnvironmentStatusIndex", "StartedIndex", "UnderwayIndex"}),
        ("environments", ("environment", "part"), False, set()),
        ("locks", ("lockKey", None), True, set()),
        ("waits", ("waitKey", None), True, {"EnvironmentIndex", "ExecutionIndex", "OpenIndex"}),
        ("work-items", ("itemId", None), True, {"StateIndex"}),
    ],
)
def test_a_table_has_its_keys_indexes_and_expiry(
    whole: Outcome, name: str, keys: tuple[str, str | None], expires: bool, indexes: set[str]
) -> None:
    """Every table has point-in-time recovery."""
    table = whole.recorder.one("dynamodb/table:Table", name).inputs
    assert (table["hashKey"], table.get("rangeKey")) == keys
    assert {one["name"] for one in table.get("globalSecondaryIndexes") or []} == indexes
    assert (table.get("ttl") == {"attributeName": "expiresAt", "enabled": True}) is expires
    assert table["pointInTimeRecovery"] == {"enabled": True}
    assert table["billingMode"] == "PAY_PER_REQUEST"
