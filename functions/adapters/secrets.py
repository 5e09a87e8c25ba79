"""Secrets Manager. Values are read when first needed, and again after five minutes, so that a rotation takes effect."""

import os
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from functions.adapters.clock import Clock
from functions.adapters.metrics import Metrics
from functions.handler import Allow

if TYPE_CHECKING:
    from datetime import datetime

    from functions.runtime import Clients

_FRESH_SECONDS = 300.0
_CURRENT, _PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


class StackSecret(NamedTuple):
    """A secret of the stack: its name in AWS, its contents, and whether the platform needs it to work."""

    name: str
    holds: str
    needed: bool = False


class Labelled(NamedTuple):
    """Since when the current version of a secret is stored, and the id of the previous one; "" without one."""

    since: "datetime | None"
    previous: str


# By the short names that permissions and commands use.
SECRETS: Mapping[str, StackSecret] = {
    "github": StackSecret(
        "github-credential", "The platform's credential for GitHub: a token, or the key of a GitHub App", needed=True
    ),
    "git": StackSecret(
        "git-credential", "The token with which builds of the worker push to git, or the key of a GitHub App"
    ),
    "agent": StackSecret("agent-key", "The key of the worker's agent, such as an API key; docs/agents.md says which"),
    "webhook": StackSecret("webhook", "The secret with which GitHub signs its webhooks", needed=True),
    "monitors": StackSecret("monitors", "The secret with which monitors outside AWS sign their alarms"),
    "slack": StackSecret(
        "slack", "The URL of a Slack webhook, or a Slack app's token and channel; without a value nothing is posted"
    ),
    "slack-signing": StackSecret(
        "slack-signing", "The secret with which a Slack app signs the buttons that are pressed"
    ),
}


def read_secret(aws: "Clients", setting: str) -> str | None:
    """The text of the secret that a setting names; None if it is missing or has no value yet, "" if it is binary.

    Denied access is reported as `_read` says.
    """
    answer = _read(aws, setting, _CURRENT)
    return None if answer is None else str(answer.get("SecretString", ""))


def _read(aws: "Clients", setting: str, stage: str) -> Mapping[str, Any] | None:
    """The answer of GetSecretValue for the version with a label; None if there is none.

    When a function is denied access, the metric `SecretDenied` is published before the error is raised: a permission
    on the secret or its key is missing. When an operator's command is denied access, only the error is raised.
    """
    client = aws.client("secretsmanager")
    try:
        answer: Mapping[str, Any] = client.get_secret_value(SecretId=aws.setting(setting), VersionStage=stage)
    except client.exceptions.ResourceNotFoundException:
        return None
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "AccessDeniedException" and "HANDLER" in os.environ:
            Metrics().count("SecretDenied", 1, environment="all")
        raise
    return answer


def valid_since(client: Any, name: str) -> "datetime | None":
    """When the current value of a secret was stored; None without a value. The value itself is not read.

    The secret's last change is not used, because a new tag or description would make an old value look new.
    """
    return _labelled(client, name).since


def _labelled(client: Any, name: str) -> Labelled:
    versions = tuple(_versions(client, name))
    since = next((one["CreatedDate"] for one in versions if _CURRENT in one["VersionStages"]), None)
    return Labelled(since, next((one["VersionId"] for one in versions if _PREVIOUS in one["VersionStages"]), ""))


def _versions(client: Any, name: str) -> Iterator[Any]:
    """Every version that has a stage; botocore has no paginator for them."""
    page = client.list_secret_version_ids(SecretId=name)
    yield from page["Versions"]
    while token := page.get("NextToken"):
        page = client.list_secret_version_ids(SecretId=name, NextToken=token)
        yield from page["Versions"]


class _SigningSecret:
    """A secret with which others sign: its current value, and the previous one for seven days after a change (T2)."""

    SETTINGS: ClassVar[tuple[str, ...]]

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws
        self._values: tuple[bytes, ...] = ()
        self._read_at = 0.0

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The client is created when the first signature is verified."""
        return cls(aws)

    def values(self) -> tuple[bytes, ...]:
        """The valid values, newest first; none if the secret has no value yet."""
        if not self._values or monotonic() - self._read_at > _FRESH_SECONDS:
            found = (str(one.get("SecretString", "")) for one in self._versions())
            self._values = tuple(value.encode() for value in found if value)  # "": a binary value, never valid
            self._read_at = monotonic()
        return self._values

    def _versions(self) -> Iterator[Mapping[str, Any]]:
        """The current version, and the previous one while it is valid."""
        from functions.domain.rotation import previous_is_valid  # the webhook refuses most signatures without a value

        current = _read(self._aws, self.SETTINGS[0], _CURRENT)
        if current is None:
            return
        yield current
        if previous_is_valid(current["CreatedDate"], Clock().now()):
            previous = _read(self._aws, self.SETTINGS[0], _PREVIOUS)
            if previous is not None:
                yield previous


class WebhookSecret(_SigningSecret):
    """The secret with which GitHub signs its webhooks."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WEBHOOK_SECRET",)
    READ: ClassVar[tuple[Allow, ...]] = (
        Allow(("secretsmanager:GetSecretValue",), on="secret/webhook"),
        Allow(("kms:Decrypt",), on="key"),
    )


class MonitorsSecret(_SigningSecret):
    """The secret with which monitors outside AWS sign their alarms (R11)."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("MONITORS_SECRET",)
    READ: ClassVar[tuple[Allow, ...]] = (
        Allow(("secretsmanager:GetSecretValue",), on="secret/monitors"),
        Allow(("kms:Decrypt",), on="key"),
    )


class SlackSigningSecret(_SigningSecret):
    """The secret with which Slack signs what people press (A5)."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("SLACK_SIGNING_SECRET",)
    READ: ClassVar[tuple[Allow, ...]] = (
        Allow(("secretsmanager:GetSecretValue",), on="secret/slack-signing"),
        Allow(("kms:Decrypt",), on="key"),
    )


class SecretValues:
    """Reads and stores the values of a stack's secrets for an operator."""

    def __init__(self, aws: "Clients") -> None:
        self._client = aws.client("secretsmanager")

    def since(self, name: str) -> str:
        """The day on which the current value was stored (YYYY-MM-DD); "" without a value."""
        moment = valid_since(self._client, name)
        return f"{moment:%Y-%m-%d}" if moment else ""

    def put(self, name: str, value: str) -> bool:
        """Store a value; False if it is the current value already.

        The previous value of a signing secret stays valid for seven days, so that both sides of a signature can be
        changed one after the other. Storing the same value again must not end that.
        """
        try:
            if self._client.get_secret_value(SecretId=name).get("SecretString") == value:
                return False
        except self._client.exceptions.ResourceNotFoundException:
            pass  # no value yet
        self._client.put_secret_value(SecretId=name, SecretString=value)
        return True


class SecretVersions:
    """The versions of this stack's secrets by their labels. The values themselves are not read."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("SECRETS",)
    ROTATE: ClassVar[tuple[Allow, ...]] = (
        Allow(("secretsmanager:ListSecretVersionIds", "secretsmanager:UpdateSecretVersionStage"), on="secrets"),
    )

    def __init__(self, aws: "Clients", names: tuple[str, ...]) -> None:
        self._aws = aws
        self.names = names

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """All secrets of the stack."""
        return cls(aws, tuple(aws.setting("SECRETS").split(",")))

    def labelled(self, name: str) -> Labelled:
        """When the current value of a secret was stored, and which version is the one before it."""
        return _labelled(self._aws.client("secretsmanager"), name)

    def forget(self, name: str, previous: str) -> None:
        """Take the label AWSPREVIOUS away from a version; an error if it has the label no longer.

        Nobody gets a version by a label then, and Secrets Manager may delete it. AWS has no call that deletes one at
        once. It deletes versions without a label when a secret has more than 100 of them:
        https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
        A call without MoveToVersionId removes a label, and fails if another version got the label meanwhile:
        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
        """
        client = self._aws.client("secretsmanager")
        client.update_secret_version_stage(SecretId=name, VersionStage=_PREVIOUS, RemoveFromVersionId=previous)
