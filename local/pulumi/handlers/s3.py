"""S3 buckets, the settings that are resources of their own, and objects."""

from __future__ import annotations

from typing import Any, ClassVar

from pulumi import Archive

from local.pulumi.assets import asset_bytes, zip_bytes
from local.pulumi.errors import ResourceError
from local.pulumi.handlers.base import Call, Handler, Properties, handles, pairs, pick, plain


def both(name: str) -> tuple[str, str]:
    """Return the token of a bucket resource and its older alias."""
    camel = name[:1].lower() + name[1:]
    return f"aws:s3/{camel}:{name}", f"aws:s3/{camel}V2:{name}V2"


@handles(*both("Bucket"))
class Bucket(Handler):
    """A bucket; the settings AWS gives separate calls are separate resources."""

    replace_on = frozenset({"bucket", "bucketPrefix"})
    tags_itself = True

    def create(self, call: Call) -> str:
        name = call.auto_name("bucket", "bucketPrefix").lower()
        place = {} if call.region == "us-east-1" else {"LocationConstraint": call.region}
        call.aws("s3").create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
        self._tag(call, name)
        return name

    def read(self, call: Call) -> Properties:
        call.aws("s3").head_bucket(Bucket=call.id)
        regional = f"{call.id}.s3.{call.region}.amazonaws.com"
        return {
            "bucket": call.id,
            "arn": f"arn:aws:s3:::{call.id}",
            "bucketDomainName": f"{call.id}.s3.amazonaws.com",
            "bucketRegionalDomainName": regional,
            "bucketRegion": call.region,
            "hostedZoneId": "",
        }

    def update(self, call: Call) -> None:
        self._tag(call, call.id)

    def delete(self, call: Call) -> None:
        s3 = call.aws("s3")
        if call.inputs.get("forceDestroy"):
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=call.id):
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if found:
                    objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
                    s3.delete_objects(Bucket=call.id, Delete={"Objects": objects, "Quiet": True})
        s3.delete_bucket(Bucket=call.id)

    def _tag(self, call: Call, name: str) -> None:
        call.inputs.get("forceDestroy")  # only deletion needs it
        if call.tags:
            call.aws("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs(call.tags)})
        else:
            call.aws("s3").delete_bucket_tagging(Bucket=name)


class BucketSetting(Handler):
    """One setting of a bucket: put to create or change it, `undo` to take it back."""

    replace_on = frozenset({"bucket"})
    undo: ClassVar[str] = ""

    def create(self, call: Call) -> str:
        bucket: str = call.inputs["bucket"]
        self.put(call.aws("s3"), bucket, call.inputs)
        return bucket

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        """Send the setting."""
        raise NotImplementedError

    def delete(self, call: Call) -> None:
        if self.undo:
            getattr(call.aws("s3"), self.undo)(Bucket=call.inputs["bucket"])


@handles(*both("BucketVersioning"))
class BucketVersioning(BucketSetting):
    """Versioning; AWS can suspend it, never remove it."""

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        wanted = pick(inputs["versioningConfiguration"], "status", "mfaDelete", rename={"mfaDelete": "MFADelete"})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=wanted)


@handles(*both("BucketServerSideEncryptionConfiguration"))
class BucketEncryption(BucketSetting):
    """Default encryption."""

    undo = "delete_bucket_encryption"

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        names = {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
        rules = pick(inputs, "rules", rename=names)
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)


@handles("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
class BucketPublicAccessBlock(BucketSetting):
    """The four locks against public access."""

    undo = "delete_public_access_block"

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        locks = pick(inputs, "blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=locks)


@handles(*both("BucketLifecycleConfiguration"))
class BucketLifecycle(BucketSetting):
    """Lifecycle rules."""

    undo = "delete_bucket_lifecycle"

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        rules = [self._rule(rule) for rule in inputs["rules"]]
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})

    def _rule(self, rule: Properties) -> Properties:
        names = (
            "id",
            "status",
            "prefix",
            "expiration",
            "transitions",
            "noncurrentVersionExpiration",
            "noncurrentVersionTransitions",
            "abortIncompleteMultipartUpload",
        )
        shaped = pick(rule, *names, rename={"id": "ID"})
        if "prefix" not in rule:
            shaped["Filter"] = self._filter(rule.get("filter") or {})
        return shaped

    def _filter(self, wanted: Properties) -> Properties:
        sizes = ("objectSizeGreaterThan", "objectSizeLessThan")
        shaped = pick(wanted, "prefix", "tag", *sizes)
        if both_of := wanted.get("and"):
            shaped["And"] = pick(both_of, "prefix", *sizes)
            if both_of.get("tags"):
                shaped["And"]["Tags"] = pairs(both_of["tags"])
        return shaped or {"Prefix": ""}


@handles("aws:s3/bucketPolicy:BucketPolicy")
class BucketPolicy(BucketSetting):
    """A bucket's policy document."""

    undo = "delete_bucket_policy"

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        s3.put_bucket_policy(Bucket=bucket, Policy=inputs["policy"])


@handles("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
class BucketOwnershipControls(BucketSetting):
    """Who owns an object somebody else writes."""

    undo = "delete_bucket_ownership_controls"

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        rule = pick(inputs["rule"], "objectOwnership")
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [rule]})


@handles("aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketObject:BucketObject")
class BucketObject(Handler):
    """An object with its content."""

    replace_on = frozenset({"bucket", "key"})
    tags_itself = True

    def create(self, call: Call) -> str:
        inputs = call.inputs
        parameters = pick(inputs, "contentType", "cacheControl", "storageClass", "serverSideEncryption")
        if inputs.get("kmsKeyId"):
            parameters |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": inputs["kmsKeyId"]}
        call.aws("s3").put_object(
            Bucket=inputs["bucket"],
            Key=self._key(call),
            Body=self._body(inputs),
            Metadata=inputs.get("metadata") or {},
            **parameters,
        )
        if call.tags:
            call.aws("s3").put_object_tagging(
                Bucket=inputs["bucket"], Key=self._key(call), Tagging={"TagSet": pairs(call.tags)}
            )
        return f"{inputs['bucket']}/{self._key(call)}"

    def read(self, call: Call) -> Properties:
        bucket, key = call.id.split("/", 1)
        head = call.aws("s3").head_object(Bucket=bucket, Key=key)
        return {
            "bucket": bucket,
            "key": key,
            "arn": f"arn:aws:s3:::{call.id}",
            "etag": head["ETag"].strip('"'),
            "versionId": head.get("VersionId", ""),
            "contentType": head.get("ContentType", ""),
            "storageClass": head.get("StorageClass", "STANDARD"),
        }

    def delete(self, call: Call) -> None:
        s3 = call.aws("s3")
        bucket, key = call.id.split("/", 1)
        pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key))
        versions = [one for page in pages for kind in ("Versions", "DeleteMarkers") for one in page.get(kind, [])]
        for version in versions:
            if version["Key"] == key:
                s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])

    def _key(self, call: Call) -> str:
        return str(call.inputs.get("key") or call.name)

    def _body(self, inputs: Properties) -> bytes:
        given = plain(inputs, "source", "content")
        inputs.get("sourceHash")  # its change alone is what matters
        if "source" in given:
            source = given["source"]
            return zip_bytes(source) if isinstance(source, Archive) else asset_bytes(source)
        if "content" in given:
            return str(given["content"]).encode()
        raise ResourceError("has no content; give it `source` or `content`")
