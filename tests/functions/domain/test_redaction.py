"""Secrets of many formats are removed; ordinary texts are kept."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.buildspecs import work_item
from functions.buildspecs.work_item.redact import Redactor
from functions.domain import redaction
from functions.domain.redaction import redact

RANDOM = "Zx9Kq3Lm8Rt5Wv2Yb7Nc4Pd6"
SHAPES = {
    "ghp": f"ghp_{RANDOM}",
    "fine-grained": f"github_pat_{RANDOM}",
    "installation": f"ghs_{RANDOM}",
    "gitlab": f"glpat-{RANDOM}",
    "gitlab deploy token": f"gldt-{RANDOM}",
    "gitlab runner": f"glrt-{RANDOM}",
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
    """A secret is removed at any position in a text."""
    found = redact(CONTEXTS[context].format(SHAPES[shape]))
    assert RANDOM not in found
    assert "IOSFODNN7" not in found
    assert "[redacted]" in found


@pytest.mark.parametrize("text", NAMED)
def test_a_secret_is_known_by_its_name(text: str) -> None:
    """The value after a secret's name is removed, in any notation; the name is kept."""
    found = redact(text.format(RANDOM))
    assert RANDOM not in found
    assert "[redacted]" in found
    assert found.startswith(text.partition("{}")[0].rstrip("'\"\\")[:6].replace("{{", "{"))


def test_a_private_key_goes_as_a_whole() -> None:
    """A private key is removed completely, also in JSON and without its end."""
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
        "the secret kiro-github is missing or has no value yet: store the GitHub credential in it",
        "set the webhook's secret on GitHub",
    ],
)
def test_what_people_need_to_read_stays(text: str) -> None:
    """Reasons, names, URLs and commit ids are unchanged."""
    assert redact(text) == text


@given(st.text(max_size=200))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    """Redaction is idempotent for any text, and never fails."""
    assert redact(redact(text)) == redact(text)


# What each shape reads in vain, over and over.
PIECES = (
    "a",
    "_",
    ".",
    "a.",
    "a-",
    " ",
    "token",
    "token ",
    "a_token.",
    "password=",
    "secret: ",
    "--token ",
    "eyJ-",
    "eyJhbGciOiJI-",
    "eyJhbGciOiJI.a.",
    "AKIA",
    "SG.",
    "sk-",
    "xoxb-",
    "glpat-",
    "Bearer ",
    "://",
    "://a:",
    "a:",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    '\\"',
)
# A head that is read once, and what each shape then reads again and again if two repetitions overlap.
HEADS = {
    "a label without its end": ("-----BEGIN ", "PRIVATE KEY"),
    "a label of spaces": ("-----BEGIN ", " PRIVATE KEY "),
    "an end without its end": ("-----BEGIN PRIVATE KEY-----x-----END ", "PRIVATE KEY"),
    "spaces before a value": ("token", " "),
    "spaces after a sign": ("token=", " "),
    "a password without its address": ("://a:", "b"),
    "a header of a token": ("eyJ", "hbGci."),
}
SMALL, LARGE = 4 * 1024, 32 * 1024


def worked(text: str) -> float:
    """Processor time of one run, the least of three: only ratios of it mean anything."""

    def once() -> float:
        start = time.process_time()
        redact(text)
        return time.process_time() - start

    return min(once() for _ in range(3))


@pytest.mark.parametrize("end", ["", "token "], ids=["alone", "ended"])
@pytest.mark.parametrize("piece", PIECES)
def test_work_grows_as_the_text_does(piece: str, end: str) -> None:
    """Eight times the text is about eight times the work. A shape that looks back would take 64 times."""
    small, large = ((piece * size)[:size] + end for size in (SMALL, LARGE))
    assert worked(large) < 24 * max(worked(small), 0.0005)


@pytest.mark.parametrize("name", HEADS)
def test_work_within_one_match_grows_as_the_text_does(name: str) -> None:
    """No two repetitions of a shape read the same text: one attempt to match is linear, too."""
    head, piece = HEADS[name]
    small, large = (head + (piece * size)[:size] for size in (SMALL, LARGE))
    assert worked(large) < 24 * max(worked(small), 0.0005)


def test_a_private_key_is_known_by_any_usual_label() -> None:
    """The labels of OpenSSL, OpenSSH, PKCS #8 and PGP are recognised (RFC 7468, RFC 9580)."""
    for label in ("RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "ANY ", ""):
        key = f"-----BEGIN {label}PRIVATE KEY-----\n{RANDOM}\n-----END {label}PRIVATE KEY-----"
        assert redact(f"a {key} b") == "a [redacted] b"


def test_the_worker_ships_the_same_redactor() -> None:
    """E4: one file, whatever a build leaves behind (the link is followed when the program is packed)."""
    assert Path(redaction.__file__).samefile(Path(work_item.__file__).parent / "redaction.py")


@given(st.text(max_size=100))
def test_results_stay_json_whatever_is_left_out(text: str) -> None:
    """After redaction of a cut-off key, the rest of a JSON document is still valid."""
    cut = {"tail": "-----BEGIN PRIVATE KEY-----\nMIIE" + text, "head": "1a2b", "files": [text]}
    left = Redactor([]).each(cut)
    assert (left["tail"], left["head"]) == ("[redacted]", "1a2b")
    assert json.loads(json.dumps(left)) == left
