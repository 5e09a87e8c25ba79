"""Secrets Manager: values are read when first needed, and again after five minutes, so that a rotation takes hold."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.metrics import Metrics
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

_FRESH_SECONDS = 300.0
ROTATION_DAYS = 90
"""How old a value may grow (T2)."""


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


def read_secret(aws: "Clients", setting: str, stage: str = "AWSCURRENT") -> str | None:
    """The text of the secret that a setting names; None where it is missing or still empty, "" where it is binary.

    What a function is refused is counted before it is raised: somebody took the permission on the secret or its key
    away. An operator who is refused reads that at the terminal, and it rings nowhere.
    """
    client = aws.client("secretsmanager")
    try:
        answer = client.get_secret_value(SecretId=aws.setting(setting), VersionStage=stage)
    except client.exceptions.ResourceNotFoundException:
        return None
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "AccessDeniedException" and "HANDLER" in os.environ:
            Metrics().count("SecretDenied", 1, environment="all")
        raise
    return str(answer.get("SecretString", ""))


def valid_since(client: Any, name: str) -> datetime | None:
    """The first moment of a secret's current value, which stays unread; None while it is empty.

    The secret's own last change would tell of a new tag or description, too, and make an old value look new.
    """
    current = (one["CreatedDate"] for one in _versions(client, name) if "AWSCURRENT" in one["VersionStages"])
    return next(current, None)


def _versions(client: Any, name: str) -> Iterator[Any]:
    """Every version that has a stage; botocore has no paginator for them."""
    page = client.list_secret_version_ids(SecretId=name)
    yield from page["Versions"]
    while token := page.get("NextToken"):
        page = client.list_secret_version_ids(SecretId=name, NextToken=token)
        yield from page["Versions"]


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
            found = (read_secret(self._aws, self.SETTINGS[0], stage) for stage in ("AWSCURRENT", "AWSPREVIOUS"))
            self._values = tuple(value.encode() for value in found if value)  # a binary one is not ours
            self._read_at = monotonic()
        return self._values


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
        moment = valid_since(self._client, name)
        return f"{moment:%Y-%m-%d}" if moment else ""

    def put(self, name: str, value: str) -> bool:
        """Put a value in; False when it is there already.

        What was there before stays valid until the next change, so that both sides of a signature can follow. Putting
        the same in twice must not end that.
        """
        try:
            if self._client.get_secret_value(SecretId=name).get("SecretString") == value:
                return False
        except self._client.exceptions.ResourceNotFoundException:
            pass  # no value yet
        self._client.put_secret_value(SecretId=name, SecretString=value)
        return True


class SecretVersions:
    """Since when the secrets of this stack have had their values; the values themselves stay unread."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("SECRETS",)
    LIST: ClassVar[tuple[Allow, ...]] = (Allow(("secretsmanager:ListSecretVersionIds",), on="secrets"),)

    def __init__(self, aws: "Clients", names: tuple[str, ...]) -> None:
        self._aws = aws
        self._names = names

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Every secret that the stack made."""
        return cls(aws, tuple(aws.setting("SECRETS").split(",")))

    def current(self) -> Iterator[tuple[str, datetime]]:
        """Name and first moment of each current value; an empty secret has none."""
        client = self._aws.client("secretsmanager")
        for name in self._names:
            if moment := valid_since(client, name):
                yield name, moment
