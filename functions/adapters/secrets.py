"""Secrets Manager: values are read when first needed, and again after five minutes, so that a rotation takes hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Self

from functions.entry import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

_FRESH_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A secret of the stack: its name in AWS, what it holds, and whether nothing works without it."""

    name: str
    holds: str
    needed: bool = False


# By the short names that permissions use.
SECRETS: Mapping[str, Kept] = {
    "github": Kept(
        "github-credential", "How the platform speaks to GitHub: a token, or a GitHub App's key", needed=True
    ),
    "git": Kept("git-credential", "How builds of the worker push to git"),
    "webhook": Kept("webhook", "What GitHub signs its webhooks with", needed=True),
    "monitors": Kept("monitors", "What monitors outside AWS sign their alarms with"),
    "slack": Kept("slack", "The URL of a Slack webhook; without a value nothing is posted"),
}


class _SigningSecret:
    """A secret that others sign with: the current value, and the previous one while a rotation lasts."""

    SETTINGS: ClassVar[tuple[str, ...]]

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws
        self._values: tuple[bytes, ...] = ()
        self._read_at = 0.0

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is made before a delivery needs one."""
        return cls(aws)

    def values(self) -> tuple[bytes, ...]:
        """Every value that a signature may be made with, newest first; none when the secret is still empty."""
        if not self._values or monotonic() - self._read_at > _FRESH_SECONDS:
            self._values = tuple(v for v in map(self._value, ("AWSCURRENT", "AWSPREVIOUS")) if v)
            self._read_at = monotonic()
        return self._values

    def _value(self, stage: str) -> bytes | None:
        client = self._aws.client("secretsmanager")
        try:
            answer = client.get_secret_value(SecretId=self._aws.setting(self.SETTINGS[0]), VersionStage=stage)
        except client.exceptions.ResourceNotFoundException:
            return None
        return str(answer.get("SecretString", "")).encode()  # a secret may also be binary: then it is not ours


class WebhookSecret(_SigningSecret):
    """The secret that GitHub signs with."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WEBHOOK_SECRET",)
    READ: ClassVar[tuple[Allow, ...]] = (
        Allow(("secretsmanager:GetSecretValue",), on="secret/webhook"),
        Allow(("kms:Decrypt",), on="key"),
    )


class MonitorsSecret(_SigningSecret):
    """The secret that monitors outside AWS sign with (R11)."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("MONITORS_SECRET",)
    READ: ClassVar[tuple[Allow, ...]] = (
        Allow(("secretsmanager:GetSecretValue",), on="secret/monitors"),
        Allow(("kms:Decrypt",), on="key"),
    )


class SecretValues:
    """What an operator does with the secrets of a stack: see whether there is a value, and put one in."""

    def __init__(self, aws: "Clients") -> None:
        self._client = aws.client("secretsmanager")

    def since(self, name: str) -> str:
        """The day on which the value was put in; "" when there is none."""
        found = self._client.describe_secret(SecretId=name)
        return f"{found['LastChangedDate']:%Y-%m-%d}" if found.get("VersionIdsToStages") else ""

    def put(self, name: str, value: str) -> bool:
        """Put a value in; False when it is there already.

        What was there before stays valid until the next change, so that both sides of a signature can follow. Putting
        the same in twice must not end that.
        """
        try:
            if self._client.get_secret_value(SecretId=name)["SecretString"] == value:
                return False
        except self._client.exceptions.ResourceNotFoundException:
            pass  # no value yet
        self._client.put_secret_value(SecretId=name, SecretString=value)
        return True
