"""The key that signs statements: two functions may sign with it, everybody may have its public half."""

import json

from tests.components.recorder import ACCOUNT, Outcome
from tests.signing import PUBLIC_KEY


def test_two_roles_sign(whole: Outcome) -> None:
    """G7: the key's policy admits who judges and who attests, whatever IAM allows; no other role has the action.

    No build runs under either of them: their trust policies admit Lambda alone.
    """
    key = whole.recorder.one("kms/key:Key", "signing-key").inputs
    signing = [one for one in json.loads(key["policy"])["Statement"] if "kms:Sign" in one["Action"]]
    names = [f"kiro-pipeline-test-{name}" for name in ("deployment-check-gates", "events-attest")]
    roles = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in names]
    assert [one["Condition"] for one in signing] == [{"ArnEquals": {"aws:PrincipalArn": roles}}]
    allowed = {
        policy.inputs["role"]: statement["Resource"]
        for policy in whole.recorder.of("iam/rolePolicy:RolePolicy")
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        if "kms:Sign" in statement["Action"]
    }
    key_arn = whole.outputs["provenanceKeyArn"]
    assert allowed == {name: [key_arn] for name in names}
    for name in ("deployment-check-gates", "events-attest"):
        trust = json.loads(whole.recorder.one("iam/role:Role", name).inputs["assumeRolePolicy"])
        assert [one["Principal"] for one in trust["Statement"]] == [{"Service": "lambda.amazonaws.com"}]


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
