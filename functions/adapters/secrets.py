"""Secrets Manager: values are read when first needed, and again after five minutes, so that a rotation takes hold."""

import os
from collections.abc import Iterator
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.metrics import Metrics
from functions.entry import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

_FRESH_SECONDS = 300.0


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
        if error.response["Error"]["Code"] == "AccessDeniedException" and "ROOM" in os.environ:
            Metrics().count("SecretDenied", 1, environment="all")
        raise
    return str(answer.get("SecretString", ""))


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
        """Name and first moment of each current value; an empty secret has none.

        A secret's own last change would tell of a new tag or description, too, and make an old value look new.
        """
        client = self._aws.client("secretsmanager")
        for name in self._names:
            for version in client.list_secret_version_ids(SecretId=name)["Versions"]:
                if "AWSCURRENT" in version["VersionStages"]:
                    yield name, version["CreatedDate"]
