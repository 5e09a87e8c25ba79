"""Planted secrets of many shapes do not come through; what people need to read does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.redaction import redact

RANDOM = "Zx9Kq3Lm8Rt5Wv2Yb7Nc4Pd6"
SHAPES = {
    "ghp": f"ghp_{RANDOM}",
    "fine-grained": f"github_pat_{RANDOM}",
    "installation": f"ghs_{RANDOM}",
    "gitlab": f"glpat-{RANDOM}",
    "aws id": "AKIAIOSFODNN7EXAMPLE",
    "aws session id": "ASIAIOSFODNN7EXAMPLE",
    "slack": f"xoxb-12345-{RANDOM}",
    "stripe": f"sk_live_{RANDOM}",
    "npm": f"npm_{RANDOM}",
    "pypi": f"pypi-{RANDOM}",
    "google": f"AIza{RANDOM}{RANDOM}",
    "sendgrid": f"SG.{RANDOM}.{RANDOM}",
    "vault": f"hvs.{RANDOM}",
    "docker": f"dckr_pat_{RANDOM}",
    "jwt": f"eyJhbGciOiJI.{RANDOM}.{RANDOM}",
}
CONTEXTS = {
    "bare": "{}",
    "sentence": "the call with {} was refused.",
    "json": '{{"value": "{}"}}',
    "url": "https://example.com/x?y={}&z=1",
    "python": "Client('{}').get()",
    "multi-line": "first\n{}\nlast",
}
NAMED = (
    "password={}",
    "PASSWORD = '{}'",
    '"dbPassword": "{}"',
    "AWS_SECRET_ACCESS_KEY={}",
    "aws_secret_access_key: {}",
    "https://example.com/approvals/a1?secret={}&intent=approve",
    "webhook_secret={}",
    "X-Api-Key: {}",
    "tool --token {} --verbose",
    "Authorization: Bearer {}",
    "authorization: basic {}",
    "https://ada:{}@example.com/repo.git",
    "https://hooks.slack.com/services/{}",
    '{{\\"token\\": \\"{}\\"}}',
    "my_private_key={}",
)
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA{}\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_is_known_by_its_shape(shape: str, context: str) -> None:
    """Wherever it stands."""
    found = redact(CONTEXTS[context].format(SHAPES[shape]))
    assert RANDOM not in found
    assert "IOSFODNN7" not in found
    assert "[redacted]" in found


@pytest.mark.parametrize("text", NAMED)
def test_a_secret_is_known_by_its_name(text: str) -> None:
    """Whatever form it has; the name stays, so that one sees what was there."""
    found = redact(text.format(RANDOM))
    assert RANDOM not in found
    assert "[redacted]" in found
    assert found.startswith(text.partition("{}")[0].rstrip("'\"\\")[:6].replace("{{", "{"))


def test_a_private_key_goes_as_a_whole() -> None:
    """Also within JSON, and when a cut took its end."""
    pgp = PEM.replace("RSA", "PGP").replace("KEY-----", "KEY BLOCK-----").format(RANDOM)
    for text in (pgp, PEM.format(RANDOM), json.dumps({"privateKey": PEM.format(RANDOM)}), PEM.format(RANDOM)[:70]):
        assert RANDOM not in redact(f"x {text}")
        assert "MIIEpAIB" not in redact(f"x {text}")


@pytest.mark.parametrize(
    "text",
    [
        "3 of 148 tests failed: test_auth.test_a_token_is_refused, test_password.test_reset",
        "lines 91.4 %, branches 88.0 %; 80 % demanded",
        "commit 1a2b3c4d5e6f0000000000000000000000000000 of acme/hello-service",
        "arn:aws:states:eu-central-1:123456789012:execution:kiro-pipeline-test-stage:main-1a2b3c4d5e6f-test",
        "https://github.com/acme/hello-service/commit/1a2b3c4d5e6f",
        "release 1a2b3c4d5e6f to production: alarm hello-production-errors rings: above 5",
        "the secret kiro-github is missing or has no value yet: put the GitHub credential into it",
        "set the webhook's secret on GitHub",
    ],
)
def test_what_people_need_to_read_stays(text: str) -> None:
    """Reasons, names, addresses, digests of commits."""
    assert redact(text) == text


@given(st.text(max_size=200))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    """And never fails."""
    assert redact(redact(text)) == redact(text)


def test_a_long_text_takes_no_time() -> None:
    """No shape looks back and forth without end."""
    for text in ("a" * 200_000, "token" * 40_000, "://" + "a:" * 50_000, "-----BEGIN " * 10_000, "--token " * 20_000):
        assert isinstance(redact(text), str)
