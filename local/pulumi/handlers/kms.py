"""KMS keys and aliases."""

from __future__ import annotations

from local.pulumi.handlers.base import Call, Handler, Properties, Tagging, handles, pick


@handles("aws:kms/key:Key")
class Key(Handler):
    """A key; deleting one schedules its deletion, as in AWS."""

    replace_on = frozenset({"keyUsage", "customerMasterKeySpec", "multiRegion"})
    tagging = Tagging("kms", "KeyId", pair=("TagKey", "TagValue"), by_id=True)

    def create(self, call: Call) -> str:
        parameters = pick(
            call.inputs,
            "description",
            "keyUsage",
            "customerMasterKeySpec",
            "policy",
            "multiRegion",
            rename={"customerMasterKeySpec": "KeySpec"},
        )
        key_id: str = call.aws("kms").create_key(**parameters)["KeyMetadata"]["KeyId"]
        self._switches(call, key_id)
        return key_id

    def read(self, call: Call) -> Properties:
        found = call.aws("kms").describe_key(KeyId=call.id)["KeyMetadata"]
        return {
            "arn": found["Arn"],
            "keyId": found["KeyId"],
            "multiRegion": found.get("MultiRegion", False),
            "policy": call.aws("kms").get_key_policy(KeyId=call.id, PolicyName="default")["Policy"],
        }

    def update(self, call: Call) -> None:
        kms = call.aws("kms")
        if "description" in call.changed:
            kms.update_key_description(KeyId=call.id, Description=call.inputs.get("description", ""))
        if "policy" in call.changed and call.inputs.get("policy"):
            kms.put_key_policy(KeyId=call.id, PolicyName="default", Policy=call.inputs["policy"])
        self._switches(call, call.id)

    def delete(self, call: Call) -> None:
        days = call.inputs.get("deletionWindowInDays", 30)
        call.aws("kms").schedule_key_deletion(KeyId=call.id, PendingWindowInDays=days)

    def _switches(self, call: Call, key_id: str) -> None:
        kms, inputs = call.aws("kms"), call.inputs
        inputs.get("deletionWindowInDays")  # only deletion needs it
        if inputs.get("enableKeyRotation"):
            kms.enable_key_rotation(KeyId=key_id, **pick(inputs, "rotationPeriodInDays", rename={}))
        elif "enableKeyRotation" in call.changed:
            kms.disable_key_rotation(KeyId=key_id)
        if inputs.get("isEnabled") is False:
            kms.disable_key(KeyId=key_id)
        elif not kms.describe_key(KeyId=key_id)["KeyMetadata"]["Enabled"]:
            kms.enable_key(KeyId=key_id)


@handles("aws:kms/alias:Alias")
class Alias(Handler):
    """An alias of a key."""

    replace_on = frozenset({"name", "namePrefix"})

    def create(self, call: Call) -> str:
        name = call.auto_name()
        name = name if name.startswith("alias/") else f"alias/{name}"
        call.aws("kms").create_alias(AliasName=name, TargetKeyId=call.inputs["targetKeyId"])
        return name

    def read(self, call: Call) -> Properties:
        target = call.aws("kms").describe_key(KeyId=call.id)["KeyMetadata"]
        return {
            "name": call.id,
            "arn": call.arn("kms", call.id),
            "targetKeyArn": target["Arn"],
            "targetKeyId": target["KeyId"],
        }

    def update(self, call: Call) -> None:
        call.aws("kms").update_alias(AliasName=call.id, TargetKeyId=call.inputs["targetKeyId"])

    def delete(self, call: Call) -> None:
        call.aws("kms").delete_alias(AliasName=call.id)
