"""Secrets Manager secrets and Systems Manager parameters."""

from __future__ import annotations

import base64

from local.pulumi.errors import ResourceError
from local.pulumi.handlers.base import Call, Handler, Properties, Tagging, handles, pick


@handles("aws:secretsmanager/secret:Secret")
class Secret(Handler):
    """A secret; its id is its ARN."""

    replace_on = frozenset({"name", "namePrefix"})
    tagging = Tagging("secretsmanager", "SecretId", by_id=True)

    def create(self, call: Call) -> str:
        inputs = call.inputs
        for later in ("recoveryWindowInDays", "forceOverwriteReplicaSecret"):
            inputs.get(later)
        answer = call.aws("secretsmanager").create_secret(
            Name=call.auto_name(), **pick(inputs, "description", "kmsKeyId")
        )
        self._policy(call, answer["ARN"])
        return str(answer["ARN"])

    def read(self, call: Call) -> Properties:
        found = call.aws("secretsmanager").describe_secret(SecretId=call.id)
        return {"arn": found["ARN"], "name": found["Name"], "replicas": [], "policy": call.inputs.get("policy", "")}

    def update(self, call: Call) -> None:
        call.aws("secretsmanager").update_secret(SecretId=call.id, **pick(call.inputs, "description", "kmsKeyId"))
        self._policy(call, call.id)

    def delete(self, call: Call) -> None:
        days = call.inputs.get("recoveryWindowInDays", 30)
        window = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        call.aws("secretsmanager").delete_secret(SecretId=call.id, **window)

    def _policy(self, call: Call, arn: str) -> None:
        if call.inputs.get("policy"):
            call.aws("secretsmanager").put_resource_policy(SecretId=arn, ResourcePolicy=call.inputs["policy"])


@handles("aws:secretsmanager/secretVersion:SecretVersion")
class SecretVersion(Handler):
    """A value of a secret; its id is `secret|version`."""

    replace_on = None

    def create(self, call: Call) -> str:
        inputs = call.inputs
        value: Properties = pick(inputs, "secretString", "versionStages")
        if inputs.get("secretBinary"):
            value["SecretBinary"] = base64.b64decode(inputs["secretBinary"])
        if len(value.keys() - {"VersionStages"}) != 1:
            raise ResourceError("needs either `secret_string` or `secret_binary`")
        answer = call.aws("secretsmanager").put_secret_value(SecretId=inputs["secretId"], **value)
        return f"{inputs['secretId']}|{answer['VersionId']}"

    def read(self, call: Call) -> Properties:
        secret, version = call.id.split("|", 1)
        found = call.aws("secretsmanager").get_secret_value(SecretId=secret, VersionId=version)
        return {
            "arn": found["ARN"],
            "secretArn": found["ARN"],
            "versionId": version,
            "versionStages": found.get("VersionStages", []),
            "hasSecretStringWo": False,
        }

    def delete(self, call: Call) -> None:
        """Do nothing, as AWS has no call for it: a version ends with its secret or without its last label."""


@handles("aws:ssm/parameter:Parameter")
class Parameter(Handler):
    """A parameter; its id is its name."""

    replace_on = frozenset({"name", "type", "dataType"})
    tagging = Tagging(
        "ssm",
        "ResourceId",
        methods=("add_tags_to_resource", "remove_tags_from_resource"),
        by_id=True,
        extra=(("ResourceType", "Parameter"),),
    )

    def create(self, call: Call) -> str:
        name = call.auto_name()
        self._put(call, name, overwrite=bool(call.inputs.get("overwrite")))
        return name

    def read(self, call: Call) -> Properties:
        found = call.aws("ssm").get_parameter(Name=call.id, WithDecryption=True)["Parameter"]
        # only describe_parameters has the tier
        return {
            "name": call.id,
            "arn": found["ARN"],
            "version": found["Version"],
            "value": found["Value"],
            "dataType": found.get("DataType", "text"),
            "tier": call.inputs.get("tier", "Standard"),
            "hasValueWo": False,
        }

    def update(self, call: Call) -> None:
        self._put(call, call.id, overwrite=True)

    def delete(self, call: Call) -> None:
        call.aws("ssm").delete_parameter(Name=call.id)

    def _put(self, call: Call, name: str, *, overwrite: bool) -> None:
        inputs = call.inputs
        value = inputs.get("value") or inputs.get("insecureValue")
        if not value:
            raise ResourceError("has no value; AWS refuses an empty parameter")
        call.aws("ssm").put_parameter(
            Name=name,
            Value=value,
            Overwrite=overwrite,
            **pick(inputs, "type", "description", "keyId", "tier", "allowedPattern", "dataType"),
        )
