"""Signatures of webhooks."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.signed_requests import verify

_SECRET = b"It's a Secret to Everybody"
_BODY = b"Hello, World!"
# GitHub's own example: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
_SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def _sign(secret: bytes, body: bytes) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def test_githubs_published_example_is_verified() -> None:
    """The example of GitHub's documentation is verified."""
    assert verify(_SECRET, _BODY, _SIGNATURE)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        _SIGNATURE[:-1],
        _SIGNATURE.upper(),
        _SIGNATURE[7:],
        f"sha1={'0' * 40}",
        "sha256=ü",
        "\udcff",
    ],
)
def test_any_other_header_is_refused(header: str | None) -> None:
    """A missing, cut, misspelt or non-ASCII header, or one of another hash, is refused without an exception."""
    assert not verify(_SECRET, _BODY, header)


def test_a_rotation_accepts_both_secrets() -> None:
    """The current and the previous secret are valid, a third is not."""
    both = (b"new", b"old")
    assert verify(both, _BODY, _sign(b"new", _BODY))
    assert verify(both, _BODY, _sign(b"old", _BODY))
    assert not verify(both, _BODY, _sign(b"older", _BODY))


@pytest.mark.parametrize("secret", [b"", (), (b"",)])
def test_an_empty_secret_verifies_nothing(secret: bytes | tuple[bytes, ...]) -> None:
    """Without a value of the secret, a signature with the empty secret is refused."""
    assert not verify(secret, _BODY, _sign(b"", _BODY))


@given(st.binary(min_size=1), st.binary(), st.binary())
def test_only_the_signed_bytes_are_verified(secret: bytes, body: bytes, other: bytes) -> None:
    """A signature is valid for exactly the bytes that were signed."""
    assert verify(secret, body, _sign(secret, body))
    assert verify(secret, other, _sign(secret, body)) is (other == body)
