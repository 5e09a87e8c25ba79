"""Signatures: made by the stack's key in KMS, verified without it."""

from datetime import UTC, datetime

import pytest

from functions.adapters.signatures import Signatures, Signer
from tests.functions.stack import Stack

# Longer than KMS signs itself: https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
LONG = b"statement" * 1000


def test_what_was_signed_is_valid(stack: Stack) -> None:
    """A message of any length; with another message or signature it is not."""
    signature = Signer.connect(stack.clients).sign(LONG)
    signatures = Signatures.connect(stack.clients)
    assert signatures.valid(LONG, signature)
    assert not signatures.valid(LONG + b"!", signature)
    assert not signatures.valid(LONG, signature[:-1] + bytes([signature[-1] ^ 1]))


@pytest.mark.parametrize("forged", [b"", b"\x00" * 64, bytes.fromhex("3006020100020100")])
def test_what_is_no_signature_is_not_valid(stack: Stack, forged: bytes) -> None:
    """Empty, no DER, and zeros, which broken implementations accept (CVE-2022-21449)."""
    assert not Signatures.connect(stack.clients).valid(LONG, forged)


def test_the_age_of_the_key_is_a_setting(stack: Stack) -> None:
    """In UTC, with or without saying so."""
    for text in ("2026-06-01T00:00:00Z", "2026-06-01T00:00:00"):
        stack.settings["PROVENANCE_SINCE"] = text
        assert Signatures.connect(stack.clients).since == datetime(2026, 6, 1, tzinfo=UTC)
