"""Signatures of statements: made by KMS, verified with the public key alone, without a call."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Self

from functions.handler import Allow

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

    from functions.runtime import Clients


class Signer:
    """The key of the stack that signs statements."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("PROVENANCE_KEY",)
    SIGN: ClassVar[tuple[Allow, ...]] = (Allow(("kms:Sign",), on="provenance-key"),)

    def __init__(self, client: "KMSClient", key: str) -> None:
        self._client = client
        self.key = key

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The key of this stack, by its ARN."""
        return cls(aws.client("kms"), aws.setting("PROVENANCE_KEY"))

    def sign(self, message: bytes) -> bytes:
        """The signature of a message of any length: ECDSA over its SHA-256, in DER.

        KMS takes messages of at most 4,096 bytes, and digests of longer ones:
        https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
        """
        digest = sha256(message).digest()
        answer = self._client.sign(
            KeyId=self.key, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
        )
        return answer["Signature"]


class Signatures:
    """Verifies what the key of the stack signed; `since` is when the key was made."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("PROVENANCE_PUBLIC_KEY", "PROVENANCE_SINCE")

    def __init__(self, public_key: str, since: datetime) -> None:
        self._public_key = public_key
        self.since = since

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The public key of this stack, in PEM."""
        since = datetime.fromisoformat(aws.setting("PROVENANCE_SINCE"))
        return cls(aws.setting("PROVENANCE_PUBLIC_KEY"), since if since.tzinfo else since.replace(tzinfo=UTC))

    def valid(self, message: bytes, signature: bytes) -> bool:
        """Whether the stack's key made this signature of the message."""
        # Imported here: rarely needed, and tens of milliseconds of a cold start.
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        key = load_pem_public_key(self._public_key.encode())
        try:
            return isinstance(key, EllipticCurvePublicKey) and key.verify(signature, message, ECDSA(SHA256())) is None
        except InvalidSignature:
            return False
