"""The storage of the platform: the artifacts bucket and five tables (I3)."""

from collections.abc import Sequence

import pulumi
from pulumi_aws import dynamodb, s3

from components.stack.naming import EXPIRING, Naming
from components.stack.role import document

# Objects of all prefixes but that of evidence expire after so many days (`functions/events/keep_artifacts.py`).
EXPIRY_DAYS = 90
# For how many days a version is kept that another has replaced, where that is not 30.
_REPLACED_DAYS = {"builds": 60}


class Storage(pulumi.ComponentResource):
    """The bucket and the tables, encrypted with the stack's key; kept when the stack is destroyed if `retain`."""

    bucket: s3.Bucket
    deployments: dynamodb.Table
    environments: dynamodb.Table
    locks: dynamodb.Table
    waits: dynamodb.Table
    work_items: dynamodb.Table

    def __init__(
        self, *, naming: Naming, key_arn: pulumi.Input[str], retain: bool, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kiro:index:Storage", "storage", None, opts)
        self._naming = naming
        self._key_arn = key_arn
        self._retain = retain
        self._kept = pulumi.ResourceOptions(parent=self, protect=retain, retain_on_delete=retain)
        self.bucket = self._make_bucket()
        self.deployments = self._table(
            "deployments",
            ("deploymentId",),
            [
                ("EnvironmentStatusIndex", "environment", "status"),
                ("StartedIndex", "listed", "startedAt"),
                ("UnderwayIndex", "underway", "startedAt"),
            ],
            expires=True,
        )
        self.environments = self._table("environments", ("environment", "part"))
        self.locks = self._table("locks", ("lockKey",), expires=True)
        self.waits = self._table(
            "waits",
            ("waitKey",),
            [
                # Executions that began before there was an OpenIndex read this one (decision 019).
                ("EnvironmentIndex", "environment", "waitKey"),
                ("ExecutionIndex", "execution", "waitKey"),
                ("OpenIndex", "open", "environment"),
            ],
            expires=True,
        )
        self.work_items = self._table("work-items", ("itemId",), [("StateIndex", "state", "itemId")], expires=True)
        self.register_outputs({"bucket": self.bucket.bucket})

    def _make_bucket(self) -> s3.Bucket:
        """The artifacts bucket; bucket names are globally unique, so this one contains the account.

        If the bucket is retained, so are its policy, encryption and public access block: all have the same options.
        """
        name = self._naming.name(f"artifacts-{self._naming.account}")
        bucket = s3.Bucket("artifacts", bucket=name, force_destroy=not self._retain, opts=self._kept)
        s3.BucketVersioning(
            "artifacts",
            bucket=bucket.bucket,
            versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self._kept,
        )
        default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=self._key_arn
        )
        s3.BucketServerSideEncryptionConfiguration(
            "artifacts",
            bucket=bucket.bucket,
            rules=[
                s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=default, bucket_key_enabled=True
                )
            ],
            opts=self._kept,
        )
        public = s3.BucketPublicAccessBlock(
            "artifacts",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._kept,
        )
        s3.BucketPolicy(
            "artifacts",
            bucket=bucket.bucket,
            policy=_tls_only(bucket.arn),
            # S3 refuses simultaneous changes of a bucket's access.
            opts=pulumi.ResourceOptions.merge(self._kept, pulumi.ResourceOptions(depends_on=[public])),
        )
        self._lifecycle(bucket)
        return bucket

    def _lifecycle(self, bucket: s3.Bucket) -> None:
        """Everything but evidence is deleted after 90 days: rules name the prefixes, because none can leave one out.

        `events/keep_artifacts` writes anew what is still needed. Records name the version that it replaces for longer
        than 90 days, if a release waits for weeks.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-filters.html
        """
        rules = [
            s3.BucketLifecycleConfigurationRuleArgs(
                id=f"keep-90-days-{prefix}",
                status="Enabled",
                filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=f"{prefix}/"),
                transitions=[s3.BucketLifecycleConfigurationRuleTransitionArgs(days=30, storage_class="STANDARD_IA")],
                expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=EXPIRY_DAYS),
                noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                    noncurrent_days=_REPLACED_DAYS.get(prefix, 30)
                ),
                abort_incomplete_multipart_upload=s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                    days_after_initiation=7
                ),
            )
            for prefix in sorted({*EXPIRING, self._naming.stack})
        ]
        s3.BucketLifecycleConfiguration("artifacts", bucket=bucket.bucket, rules=rules, opts=self._kept)

    def _table(
        self, thing: str, key: tuple[str, ...], indexes: Sequence[tuple[str, str, str]] = (), *, expires: bool = False
    ) -> dynamodb.Table:
        """A table with one or two text keys; each index is (name, hash key, range key) and projects all attributes."""
        attributes = dict.fromkeys((*key, *(name for _, first, second in indexes for name in (first, second))))
        return dynamodb.Table(
            thing,
            name=self._naming.name(thing),
            billing_mode="PAY_PER_REQUEST",
            hash_key=key[0],
            range_key=key[1] if len(key) > 1 else None,
            attributes=[dynamodb.TableAttributeArgs(name=name, type="S") for name in attributes],
            global_secondary_indexes=[
                # A dictionary: the args class marks hash_key as deprecated, but its successor is for composite keys.
                {"name": name, "hash_key": first, "range_key": second, "projection_type": "ALL"}
                for name, first, second in indexes
            ],
            ttl=dynamodb.TableTtlArgs(attribute_name="expiresAt", enabled=True) if expires else None,
            point_in_time_recovery=dynamodb.TablePointInTimeRecoveryArgs(enabled=True),
            server_side_encryption=dynamodb.TableServerSideEncryptionArgs(enabled=True, kms_key_arn=self._key_arn),
            deletion_protection_enabled=self._retain,
            opts=self._kept,
        )


def _tls_only(bucket_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Deny all requests without TLS; wildcards are harmless in a denial."""
    return document(
        [
            {
                "Sid": "OnlyOverTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [bucket_arn, pulumi.Output.concat(bucket_arn, "/*")],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ]
    )
