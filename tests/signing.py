"""A key that signs statements as the stack's key in KMS does, for tests on moto."""

import json
from base64 import b64decode
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ARN = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000"
SINCE = "2026-06-01T00:00:00Z"
KEY = generate_private_key(SECP256R1())
PUBLIC_KEY = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signature(message: bytes) -> bytes:
    """The signature of a message with this key."""
    return KEY.sign(message, ECDSA(SHA256()))


def sign(params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
    """The answer of KMS to Sign (botocore's `before-call`), for a digest: moto takes it for a message.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#KMS-Sign-request-MessageType: a digest is not
    hashed again.
    """
    given = json.loads(params["body"])
    assert (given["KeyId"], given["MessageType"], given["SigningAlgorithm"]) == (ARN, "DIGEST", "ECDSA_SHA_256")
    made = KEY.sign(b64decode(given["Message"]), ECDSA(Prehashed(SHA256())))
    answer = {"KeyId": ARN, "Signature": made, "SigningAlgorithm": "ECDSA_SHA_256"}
    return AWSResponse("", 200, HTTPHeaders(), None), answer
