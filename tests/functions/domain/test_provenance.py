"""Statements of releases: their form, and what of them must agree before anything is changed."""

import json
from base64 import b64decode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from functions.domain.errors import ProvenanceError
from functions.domain.gates import Verdict
from functions.domain.provenance import (
    Built,
    Recorded,
    envelope,
    is_older,
    opened,
    place,
    statement,
    to_sign,
    verified,
)
from tests.functions.samples import COMMIT, DEPLOYMENT, RELEASE

ARTIFACT = f"builds/acme/hello-service/build/{DEPLOYMENT}/build.zip"
BUILD = "arn:aws:codebuild:eu-central-1:123456789012:build/kiro-build-0a1b2c3d:7f"
GATES = (Verdict("tests", "passed", "2 tests passed, 0 skipped"),)
BUILT = Built(
    DEPLOYMENT,
    RELEASE,
    BUILD,
    "build.yml",
    ARTIFACT,
    "a" * 64,
    {"hello.zip": "b" * 64},
    {"junit.xml": "c" * 64},
    "d" * 64,
    GATES,
)


def kept(built: Built = BUILT) -> bytes:
    """The envelope of a statement; its signature is the digest of the message."""
    payload = statement(built)
    return envelope(payload, sha256(to_sign(payload)).digest(), "arn:key")


def valid(message: bytes, signature: bytes) -> bool:
    """Whether `kept` signed that."""
    return sha256(message).digest() == signature


def recorded(raw: bytes, **changes: Any) -> Recorded:
    """The record of a release whose statement is in this envelope."""
    made = Recorded(DEPLOYMENT, RELEASE.repository, COMMIT, ARTIFACT, "a" * 64, sha256(raw).hexdigest())
    return replace(made, **changes)


def test_the_statement_has_the_form_of_in_toto_and_slsa() -> None:
    """Required fields by https://slsa.dev/spec/v1.0/provenance; a field of ours has a prefix, as it asks for."""
    whole = json.loads(statement(BUILT))
    assert (whole["_type"], whole["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "https://slsa.dev/provenance/v1",
    )
    assert whole["subject"] == [
        {"name": ARTIFACT, "digest": {"sha256": "a" * 64}},
        {"name": "hello.zip", "digest": {"sha256": "b" * 64}},
    ]
    predicate = whole["predicate"]
    assert predicate["buildDefinition"]["externalParameters"] == {
        "repository": "acme/hello-service",
        "ref": "refs/heads/main",
        "commit": COMMIT,
        "buildspec": "build.yml",
    }
    assert predicate["buildDefinition"]["resolvedDependencies"] == [
        {"name": "acme/hello-service@refs/heads/main", "digest": {"gitCommit": COMMIT}},
        {"name": "delivery.yml", "digest": {"sha256": "d" * 64}},
    ]
    assert predicate["runDetails"] == {
        "builder": {"id": "arn:aws:codebuild:eu-central-1:123456789012:project/kiro-build-0a1b2c3d"},
        "metadata": {"invocationId": BUILD},
        "byproducts": [{"name": "junit.xml", "digest": {"sha256": "c" * 64}}],
    }
    assert predicate["kiro_gates"] == [{"name": "tests", "outcome": "passed", "reason": GATES[0].reason}]


def test_the_same_facts_are_the_same_bytes() -> None:
    """In any order; without spaces, and not escaped."""
    files = {"b": "1" * 64, "ä": "2" * 64}
    ways = [statement(replace(BUILT, files=dict(one))) for one in (files.items(), reversed(files.items()))]
    assert ways[0] == ways[1]
    assert "ä".encode() in ways[0]
    assert b": " not in ways[0].replace(b"2 tests passed, 0 skipped", b"")


def test_what_is_signed_contains_the_type() -> None:
    """DSSE's encoding: lengths in bytes, before type and payload; the envelope keeps both apart."""
    assert to_sign("ä".encode()) == b"DSSEv1 28 application/vnd.in-toto+json 2 \xc3\xa4"
    whole = json.loads(envelope(b"{}", b"\xff", "arn:key"))
    assert whole == {
        "payload": "e30=",
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"keyid": "arn:key", "sig": "/w=="}],
    }
    assert b64decode(whole["payload"]) == opened(envelope(b"{}", b"\xff", ""))[0]


def test_a_statement_that_agrees_gives_its_digests() -> None:
    """Of files that are deployed; another digest, or a file that it does not have, is refused."""
    signed = verified(kept(), recorded(kept()), valid)
    signed.demand("hello.zip", "b" * 64)
    with pytest.raises(ProvenanceError, match=r"^artifact: the SHA-256 of hello\.zip is 0+, but the statement of"):
        signed.demand("hello.zip", "0" * 64)
    with pytest.raises(ProvenanceError, match="has none of it; deploy the commit again"):
        signed.demand("junit.xml", "c" * 64)


def test_a_version_needs_no_recorded_digest_of_its_artifact() -> None:
    """The record of what runs has none; the statement has it."""
    assert verified(kept(), recorded(kept(), digest=""), valid).subjects[ARTIFACT] == "a" * 64


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"deployment_id": "main-other"}, r"deployment \(main-other and main-1a2b3c4d5e6f\)"),
        ({"repository": "acme/other"}, "repository"),
        ({"commit": "0" * 40}, "commit"),
        ({"artifact": "builds/other.zip"}, "artifact"),
        ({"digest": "0" * 64}, "SHA-256"),
    ],
)
def test_a_record_that_differs_is_named(change: dict[str, str], named: str) -> None:
    """With both values."""
    with pytest.raises(ProvenanceError, match=rf"^record: .* differs from its statement in {named}"):
        verified(kept(), recorded(kept(), **change), valid)


def test_a_statement_that_is_missing_or_another_is_named() -> None:
    """With its key in the bucket and the next step."""
    with pytest.raises(ProvenanceError, match=r"^record: that of main-1a2b3c4d5e6f names no statement"):
        verified(None, recorded(kept(), statement=""), valid)
    with pytest.raises(ProvenanceError, match=rf"^statement: provenance/{DEPLOYMENT}/.* is not in the bucket"):
        verified(None, recorded(kept()), valid)
    other = kept(replace(BUILT, digest="0" * 64))
    with pytest.raises(ProvenanceError, match=r"^statement: .* was overwritten, or the record"):
        verified(other, recorded(kept()), valid)


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{}", b'{"payloadType":"text/plain","payload":"","signatures":[{"sig":""}]}', b"[" * 100_000],
)
def test_what_is_no_envelope_is_named(raw: bytes) -> None:
    """Whatever it is."""
    with pytest.raises(ProvenanceError, match=r"^statement: .* can't be read"):
        verified(raw, recorded(raw), valid)


def test_nothing_is_read_before_the_signature() -> None:
    """A payload that is no statement is not looked at while its signature is wrong."""
    for signature, said in ((b"forged", "^signature: .* is not signed with the key of this stack"), (None, "form")):
        message = to_sign(b"no JSON")
        raw = envelope(b"no JSON", signature or sha256(message).digest(), "arn:key")
        with pytest.raises(ProvenanceError, match=said):
            verified(raw, recorded(raw), valid)


def test_a_failed_gate_is_no_evidence() -> None:
    """A statement is made for releases that passed; one that says otherwise deploys nothing."""
    raw = kept(replace(BUILT, verdicts=(*GATES, Verdict("coverage", "failed", "10 %"))))
    with pytest.raises(ProvenanceError, match="failed gates"):
        verified(raw, recorded(raw), valid)


def test_evidence_has_a_place_of_its_own() -> None:
    """By its digest: a repetition that signs anew overwrites nothing that is recorded."""
    assert place(DEPLOYMENT, "e" * 64) == f"provenance/{DEPLOYMENT}/{'e' * 64}.json"


@pytest.mark.parametrize(
    ("began", "older"),
    [
        ("2026-05-31T23:59:59.000Z", True),
        ("2026-06-01T00:30:00.000Z", True),
        ("2026-06-01T01:00:00.000Z", False),
        ("2026-05-01T00:00:00", False),
        ("", False),
    ],
)
def test_only_what_began_before_the_key_may_have_no_statement(began: str, older: bool) -> None:
    """Or during the update that made the key; a time that can't be read is no excuse."""
    assert is_older(began, datetime(2026, 6, 1, tzinfo=UTC)) is older
