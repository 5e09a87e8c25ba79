"""Secrets Manager: values are read when first needed, and again after five minutes, so that a rotation takes hold."""

from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Self

from functions.entry import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

_FRESH_SECONDS = 300.0


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
