"""The KMS key of the stack that signs statements about artifacts and releases (G7)."""

import pulumi
from pulumi_aws import kms

from components.stack.naming import Naming
from components.stack.role import document

# What IAM policies of this account may allow: to administrate the key, and to read the public half of it.
_ACCOUNT_MAY = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:GetPublicKey",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
    "kms:Verify",
)
SIGNERS = ("deployment-check-gates", "events-attest")
"""The functions that sign, by their names without the stack's prefix: no other principal may, whatever IAM allows it.

The first one says what was built and judged, the second one what was decided and how it ended.
"""


class Signing(pulumi.ComponentResource):
    """An asymmetric key with its alias; `public_key` is in PEM, `since` is when the key was made (ISO 8601)."""

    arn: pulumi.Output[str]
    public_key: pulumi.Output[str]
    since: pulumi.Output[str]

    def __init__(self, *, naming: Naming, retain: bool, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kiro:index:Signing", "signing", None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=retain, retain_on_delete=retain)
        # KMS rotates no asymmetric key: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
        key = kms.Key(
            "signing-key",
            description=f"Signs statements about artifacts of {naming.name('platform')}",
            key_usage="SIGN_VERIFY",
            customer_master_key_spec="ECC_NIST_P256",
            deletion_window_in_days=30 if retain else 7,
            policy=signing_policy(naming),
            opts=kept,
        )
        kms.Alias("signing-key", name=f"alias/{naming.name('signing-key')}", target_key_id=key.key_id, opts=kept)
        self.arn = key.arn
        inner = pulumi.InvokeOptions(parent=self)
        self.public_key = kms.get_public_key_output(key_id=key.arn, opts=inner).public_key_pem
        self.since = kms.get_key_output(key_id=key.arn, opts=inner).creation_date
        self.register_outputs({"arn": self.arn})


def signing_policy(naming: Naming) -> pulumi.Output[str]:
    """The key policy: the account administrates the key, two roles sign with it.

    The root principal stands for all of the account, and the condition leaves two roles of it, which need not exist
    when the key is made. https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    account = {"AWS": naming.arn("iam", "root")}
    roles = [naming.role_arn(naming.name(signer)) for signer in SIGNERS]
    return document(
        [
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": account,
                "Action": list(_ACCOUNT_MAY),
                "Resource": "*",
            },
            {
                "Sid": "TwoFunctionsSign",
                "Effect": "Allow",
                "Principal": account,
                "Action": ["kms:Sign"],
                "Resource": "*",
                "Condition": {"ArnEquals": {"aws:PrincipalArn": roles}},
            },
        ]
    )
