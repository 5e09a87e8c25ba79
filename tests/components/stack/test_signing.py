"""The key that signs statements: one function may sign with it, everybody may have its public half."""

import json

from tests.components.recorder import ACCOUNT, Outcome
from tests.signing import PUBLIC_KEY


def test_one_role_signs(whole: Outcome) -> None:
    """G7: the key's policy admits the function that judges, whatever IAM allows; no other role has the action."""
    key = whole.recorder.one("kms/key:Key", "signing-key").inputs
    signing = [one for one in json.loads(key["policy"])["Statement"] if "kms:Sign" in one["Action"]]
    role = f"arn:aws:iam::{ACCOUNT}:role/kiro-pipeline-test-deployment-check-gates"
    assert [one["Condition"] for one in signing] == [{"ArnEquals": {"aws:PrincipalArn": role}}]
    allowed = {
        policy.inputs["role"]: statement["Resource"]
        for policy in whole.recorder.of("iam/rolePolicy:RolePolicy")
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        if "kms:Sign" in statement["Action"]
    }
    assert list(allowed) == ["kiro-pipeline-test-deployment-check-gates"]
    assert allowed["kiro-pipeline-test-deployment-check-gates"] == [whole.outputs["provenanceKeyArn"]]


def test_the_key_signs_with_the_curve_p_256(whole: Outcome) -> None:
    """It encrypts nothing; the account may administrate it."""
    key = whole.recorder.one("kms/key:Key", "signing-key").inputs
    assert (key["keyUsage"], key["customerMasterKeySpec"]) == ("SIGN_VERIFY", "ECC_NIST_P256")
    (account,) = [one for one in json.loads(key["policy"])["Statement"] if one["Sid"] == "Account"]
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:GetPublicKey"} <= set(account["Action"])
    assert not {"kms:Sign", "kms:CreateGrant", "kms:Decrypt", "kms:Encrypt"} & set(account["Action"])


def test_the_public_key_is_an_output(whole: Outcome) -> None:
    """And a setting of the functions that verify, which need no permission for that."""
    assert whole.outputs["provenancePublicKey"] == PUBLIC_KEY
    for name in ("stage-apply-service", "rollback-restore-service", "shared-start-build", "stage-request-approval"):
        settings = whole.recorder.one("lambda/function:Function", name).inputs["environment"]["variables"]
        assert settings["PROVENANCE_PUBLIC_KEY"] == PUBLIC_KEY, name
        assert "PROVENANCE_KEY" not in settings
