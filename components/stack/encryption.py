"""The KMS key of the stack, which encrypts all its data at rest (I3, I6)."""

import pulumi
from pulumi_aws import kms

from components.stack.naming import Naming
from components.stack.role import document

# What IAM policies of this account may allow: to administrate the key, and to use it.
_ACCOUNT_MAY = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
# In a key policy, "*" means the key that the policy belongs to.
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
_THIS_KEY = "*"


class Encryption(pulumi.ComponentResource):
    """A key with yearly rotation, its alias, and a policy for the AWS services that use it for this stack."""

    arn: pulumi.Output[str]

    def __init__(self, *, naming: Naming, retain: bool, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kiro:index:Encryption", "encryption", None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=retain, retain_on_delete=retain)
        key = kms.Key(
            "key",
            description=f"Everything at rest of {naming.name('platform')}",
            enable_key_rotation=True,
            rotation_period_in_days=365,
            deletion_window_in_days=30 if retain else 7,
            policy=key_policy(naming),
            opts=kept,
        )
        kms.Alias(
            "key",
            name=f"alias/{naming.name('key')}",
            target_key_id=key.key_id,
            opts=kept,
        )
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})


def key_policy(naming: Naming) -> pulumi.Output[str]:
    """The key policy: principals of the account as IAM allows them, AWS services for data of this account."""
    return document(
        [
            _allow("Account", {"AWS": naming.arn("iam", "root")}, _ACCOUNT_MAY),
            # DynamoDB and SQS use the key with the permissions of the caller that reads or writes.
            _allow(
                "ThroughTablesAndQueues",
                {"AWS": "*"},
                (*_USE, "kms:CreateGrant"),
                {
                    "StringEquals": {
                        "kms:CallerAccount": naming.account,
                        "kms:ViaService": [
                            f"{service}.{naming.region}.amazonaws.com" for service in ("dynamodb", "sqs")
                        ],
                    }
                },
            ),
            _allow(
                "LogGroups",
                {"Service": f"logs.{naming.region}.amazonaws.com"},
                _USE,
                {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": naming.arn("logs", "log-group:*")}},
            ),
            _allow("EventBusIsChecked", {"Service": "events.amazonaws.com"}, ("kms:DescribeKey",)),
            # The event bus is encrypted, and so are the queues for events that rules could not deliver.
            _allow(
                "EventBusAndDeadLetters",
                {"Service": "events.amazonaws.com"},
                ("kms:Decrypt", "kms:GenerateDataKey"),
                {"StringEquals": {"aws:SourceAccount": naming.account}},
            ),
            _allow(
                "AlarmsAndBudgetPublishToTopics",
                {"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]},
                ("kms:Decrypt", "kms:GenerateDataKey"),
                {"StringEquals": {"aws:SourceAccount": naming.account}},
            ),
        ]
    )


def _allow(
    sid: str,
    principal: dict[str, str | list[str]],
    actions: tuple[str, ...],
    condition: dict[str, object] | None = None,
) -> dict[str, object]:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": _THIS_KEY}
    return {**statement, **({"Condition": condition} if condition else {})}
