"""Statements about decisions and ends: their form, and what of them must agree with the record."""

import json
import re
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from functions.domain.attestations import (
    SIGNED,
    Attested,
    agreed,
    attestation,
    attested,
    is_overtaken,
    subjects_of,
    unsigned,
)
from functions.domain.errors import ProvenanceError
from functions.domain.images import Image
from functions.domain.provenance import envelope, place, to_sign
from functions.domain.records import DeploymentRecord
from tests.functions.samples import COMMIT, DEPLOYMENT, RELEASE, event

ARTIFACT = f"builds/acme/hello-service/build/{DEPLOYMENT}/build.zip"
RECORD = DeploymentRecord(DEPLOYMENT, RELEASE, artifact_digest="a" * 64)
AT = "2026-01-31T08:00:00.000Z"
CONSENT = {"by": "ada", "at": AT, "reason": "", "address": "10.0.0.7", "userAgent": "Firefox", "identity": ""}
APPROVAL = {"purpose": "deploy", "state": "approved", "at": AT, "digest": "a" * 64, "consents": [CONSENT]}
APPROVED = {**APPROVAL, "by": "ada", "reason": "because", "identity": "", "address": "10.0.0.7"}
ROW: dict[str, Any] = {
    "outcome": "deployed",
    "reason": "because",
    "stages": {"production": {"result": "passed", "reason": "because"}},
    "approval_production_deploy": APPROVED,
    "approval_staging_deploy": {"state": "open"},
    "rollback_production": {"result": "restored", "reason": "because", "cause": "errors", "verifiedAt": AT},
}
EVENTS: dict[str, Any] = {
    "approval_production_deploy": event("ApprovalDecided", **APPROVAL),
    "stage_production": event("StageFinished"),
    "rollback_production": event("RollbackFinished", verifiedAt=AT),
    "outcome": event("DeploymentFinished"),
}


def made(told: Any, deployment: str = DEPLOYMENT) -> bytes:
    """The payload of an event's statement."""
    return attested(deployment, attestation(told), subjects_of(RELEASE, RECORD, ARTIFACT))


def kept(payload: bytes) -> bytes:
    """Its envelope; the signature is the digest of the message."""
    return envelope(payload, sha256(to_sign(payload)).digest(), "arn:key")


def valid(message: bytes, signature: bytes) -> bool:
    """Whether `kept` signed that."""
    return sha256(message).digest() == signature


def row(name: str, raw: bytes, **changes: Any) -> dict[str, Any]:
    """A record that names an envelope."""
    return {**ROW, f"{SIGNED}{name}": sha256(raw).hexdigest(), **changes}


@pytest.mark.parametrize("name", EVENTS)
def test_a_statement_agrees_with_the_record_of_the_same_facts(name: str) -> None:
    """G7: it names the deployment and its artifact, in the form of in-toto."""
    assert isinstance(EVENTS[name], Attested)
    assert attestation(EVENTS[name]).name == name
    raw = kept(made(EVENTS[name]))
    whole = json.loads(agreed(DEPLOYMENT, name, raw, row(name, raw), valid))
    assert whole["subject"] == [{"name": ARTIFACT, "digest": {"sha256": "a" * 64}}]
    assert (whole["_type"], whole["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        f"urn:kiro-worker:{name.partition('_')[0]}:v1",
    )
    assert whole["predicate"]["deployment"] == DEPLOYMENT


def test_an_approval_has_who_and_why_but_no_address() -> None:
    """A statement does not expire, and the address and browser of a person do."""
    predicate = json.loads(made(EVENTS["approval_production_deploy"]))["predicate"]
    assert (predicate["by"], predicate["state"], predicate["digest"]) == ("ada", "approved", "a" * 64)
    assert predicate["consents"] == [{"by": "ada", "at": AT, "reason": "", "identity": ""}]
    assert b"10.0.0.7" not in made(EVENTS["approval_production_deploy"])


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [
        ("approval_production_deploy", {**APPROVED, "by": "mallory"}, "by (mallory and ada)"),
        ("approval_production_deploy", {**APPROVED, "state": "rejected"}, "state (rejected and approved)"),
        ("approval_production_deploy", {**APPROVED, "digest": "b" * 64}, f"digest ({'b' * 64} and {'a' * 64})"),
        ("approval_production_deploy", None, "state ( and approved)"),
        ("stages", {"production": {"result": "failed", "reason": "because"}}, "result (failed and passed)"),
        ("rollback_production", {**ROW["rollback_production"], "result": "unknown"}, "result (unknown and restored)"),
        ("outcome", "failed", "outcome (failed and deployed)"),
    ],
)
def test_a_record_that_was_changed_is_refused(name: str, changed: Any, words: str) -> None:
    """The message has both values."""
    of = {"stages": "stage_production"}.get(name, name)
    raw = kept(made(EVENTS[of]))
    with pytest.raises(ProvenanceError) as error:
        agreed(DEPLOYMENT, of, raw, row(of, raw, **{name: changed}), valid)
    assert words in str(error.value)
    assert f"record: {of} of {DEPLOYMENT}" in str(error.value)


def test_a_statement_that_was_changed_is_refused() -> None:
    """G7: another object, no object, another signature, the statement of another deployment or of another kind."""
    name = "approval_production_deploy"
    payload = made(EVENTS[name])
    raw = kept(payload)
    forged = envelope(payload.replace(b'"ada"', b'"eve"'), b"signature", "arn:key")
    other, stage = kept(made(EVENTS[name], "main-other")), kept(made(EVENTS["stage_production"]))
    for given, named, words in (
        (forged, raw, "was overwritten"),
        (None, raw, "is not in the bucket"),
        (forged, forged, "is not signed with the key of this stack"),
        (other, other, f"deployment ({DEPLOYMENT} and main-other)"),
        (stage, stage, "has another form"),
    ):
        with pytest.raises(ProvenanceError, match=re.escape(words)):
            agreed(DEPLOYMENT, name, given, row(name, named), valid)
    assert place(DEPLOYMENT, sha256(raw).hexdigest()).startswith(f"provenance/{DEPLOYMENT}/")


def test_what_has_no_statement_is_named() -> None:
    """A request that is still open is no decision."""
    assert unsigned(ROW) == sorted(EVENTS)
    assert unsigned({**ROW, f"{SIGNED}outcome": "x"}) == sorted(EVENTS.keys() - {"outcome"})
    assert unsigned({"stages": {}}) == []


def test_the_subject_is_what_was_delivered() -> None:
    """Images, else the artifact, else the commit; a rollback without a commit has none."""
    image = Image("123456789012.dkr.ecr.eu-central-1.amazonaws.com/api", "v1.2.3", f"sha256:{'c' * 64}")
    images = subjects_of(replace(RELEASE, images={"api": image}), RECORD, ARTIFACT)
    assert images == {image.reference: {"sha256": "c" * 64}}
    early = replace(RECORD, artifact_digest="")
    assert subjects_of(RELEASE, early, ARTIFACT) == {"acme/hello-service@refs/heads/main": {"gitCommit": COMMIT}}
    assert subjects_of(replace(RELEASE, commit=""), early, ARTIFACT) == {}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_that_comes_late_does_not_replace_a_later_one(name: str) -> None:
    """Decisions and rollbacks of an environment can follow each other; ends of a stage and a release are final."""
    told = attestation(EVENTS[name])
    later = {"at": "2026-01-31T09:00:00.000Z", "verifiedAt": "2026-01-31T09:00:00.000Z"}
    assert not is_overtaken(told, ROW)
    assert is_overtaken(told, {**ROW, name: later}) is (name in ("approval_production_deploy", "rollback_production"))
