"""Secrets Manager's labels on the emulated AWS, as https://docs.aws.amazon.com/secretsmanager/latest/ describes them.

Versions: userguide/whats-in-a-secret.html#term_version; calls: apireference/API_UpdateSecretVersionStage.html and
apireference/API_CreateSecret.html.
"""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.clients import Clients
from tests.local.strict.conftest import Connect
from tests.local.strict.test_emulated import refusal
from tests.roles import new_role


def new_secret(manager: Any, *values: str) -> str:
    """A secret without a value, then with these; its name."""
    name = f"secret-{uuid.uuid4().hex[:8]}"
    assert "VersionId" not in manager.create_secret(Name=name)
    for value in values:
        manager.put_secret_value(SecretId=name, SecretString=value)
    return name


def labelled(manager: Any, name: str) -> dict[str, str]:
    """The versions of a secret by their labels."""
    versions = manager.describe_secret(SecretId=name)["VersionIdsToStages"]
    return {label: version for version, labels in versions.items() for label in labels}


def test_a_secret_without_a_value_has_no_version(connect: Connect) -> None:
    """The first value makes the first version."""
    manager = connect("secretsmanager")
    name = new_secret(manager)
    assert manager.list_secret_version_ids(SecretId=name)["Versions"] == []
    assert refusal(manager.get_secret_value, SecretId=name) == "ResourceNotFoundException"
    manager.put_secret_value(SecretId=name, SecretString="one")
    assert labelled(manager, name).keys() == {"AWSCURRENT"}


def test_the_label_of_the_previous_value_is_removed_once(aws: Clients, connect: Connect) -> None:
    """By a role that may do so on this secret; then nobody gets the value by that label."""
    manager = connect("secretsmanager")
    name, other = new_secret(manager, "one", "two"), new_secret(manager, "one", "two")
    arn = manager.describe_secret(SecretId=name)["ARN"]
    allowed = {"Effect": "Allow", "Action": "secretsmanager:UpdateSecretVersionStage", "Resource": arn}
    taken = aws.client("sts").assume_role(RoleArn=new_role(aws, allowed), RoleSessionName="test")["Credentials"]
    acting = aws.acting_as(taken).client("secretsmanager")
    for secret, outcome in ((other, "AccessDeniedException"), (name, ""), (name, "InvalidParameterException")):
        of = labelled(manager, secret)
        request = {
            "SecretId": secret,
            "VersionStage": "AWSPREVIOUS",
            "RemoveFromVersionId": of.get("AWSPREVIOUS", of["AWSCURRENT"]),
        }
        if outcome:
            assert refusal(acting.update_secret_version_stage, **request) == outcome
        else:
            acting.update_secret_version_stage(**request)
    assert labelled(manager, name).keys() == {"AWSCURRENT"}
    assert refusal(manager.get_secret_value, SecretId=name, VersionStage="AWSPREVIOUS") == "ResourceNotFoundException"
    assert manager.get_secret_value(SecretId=name)["SecretString"] == "two"


def test_a_secret_always_has_a_current_value(connect: Connect) -> None:
    """Its label is moved, and never removed."""
    manager = connect("secretsmanager")
    name = new_secret(manager, "one", "two")
    before = labelled(manager, name)
    request = {"SecretId": name, "VersionStage": "AWSCURRENT", "RemoveFromVersionId": before["AWSCURRENT"]}
    with pytest.raises(ClientError, match="AWSCURRENT"):
        manager.update_secret_version_stage(**request)
    manager.update_secret_version_stage(**request, MoveToVersionId=before["AWSPREVIOUS"])
    assert labelled(manager, name) == {"AWSCURRENT": before["AWSPREVIOUS"], "AWSPREVIOUS": before["AWSCURRENT"]}
