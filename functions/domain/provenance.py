"""Provenance: the signed statement about the artifact of a release, and whether it fits what is recorded (G7).

    gates pass → statement → signature → `provenance/<deployment>/<SHA-256>.json` in the bucket, SHA-256 in the record
    before a change: bytes of the record's SHA-256 → valid signature → content agrees with the record → digests of files

The statement is an in-toto Statement v1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) with
the predicate SLSA Provenance v1 (https://slsa.dev/spec/v1.0/provenance), in a DSSE envelope
(https://github.com/secure-systems-lab/dsse/blob/master/envelope.md). Digests are SHA-256 in hexadecimal.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from functions.domain.errors import ProvenanceError
from functions.domain.gates import Verdict
from functions.domain.manifests import MANIFEST
from functions.domain.releases import Release
from functions.domain.values import Value

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:kiro-worker:build:v1"
# Executions that begin while `pulumi up` makes the key and the new workflows still have the code before it.
_UPDATE = timedelta(hours=1)
_NEXT = "deploy the commit again"

Valid = Callable[[bytes, bytes], bool]
"""Whether a signature (second) of a message (first) is one of the stack's key."""


class Built(Value, frozen=True):
    """What a statement is about: an artifact that passed the gates.

    - `build` is the ARN of its build; `buildspec` is the path of the build's buildspec.
    - `artifact` is its key in the bucket, `digest` that of the whole archive.
    - `files` are the digests of files in it that services are deployed from, `reports` of those that gates read.
    - `manifest` is the digest of `delivery.yml`.
    """

    deployment_id: str
    release: Release
    build: str
    buildspec: str
    artifact: str
    digest: str
    files: Mapping[str, str]
    reports: Mapping[str, str]
    manifest: str
    verdicts: tuple[Verdict, ...]


class Recorded(Value, frozen=True):
    """What the record of a release says, and what a statement about it must say, too.

    `statement` is the digest of the envelope, "" without one; `digest` is that of the artifact, "" if not recorded.
    """

    deployment_id: str
    repository: str
    commit: str
    artifact: str
    digest: str
    statement: str


class Signed(Value, frozen=True):
    """A statement whose signature is valid and that agrees with the record; `subjects` are digests by name."""

    recorded: Recorded
    subjects: Mapping[str, str]

    def demand(self, name: str, digest: str) -> None:
        """Raise a ProvenanceError unless the statement has this digest of a file."""
        if self.subjects.get(name) != digest:
            raise ProvenanceError(
                f"artifact: the SHA-256 of {name} is {digest}, but the statement of {self.recorded.deployment_id} has "
                f"{self.subjects.get(name, 'none of it')}; {_NEXT}, and search for who changed it"
            )


def statement(built: Built) -> bytes:
    """The statement as canonical JSON: sorted keys, no spaces, UTF-8; the same facts are the same bytes."""
    release = built.release
    archive = {"name": built.artifact, "digest": {"sha256": built.digest}}
    source = {"name": f"{release.repository}@{release.ref}", "digest": {"gitCommit": release.commit}}
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "repository": release.repository,
                "ref": release.ref,
                "commit": release.commit,
                "buildspec": built.buildspec,
            },
            "internalParameters": {"deployment": built.deployment_id, "artifact": built.artifact},
            "resolvedDependencies": [source, *_resources({MANIFEST: built.manifest})],
        },
        "runDetails": {
            "builder": {"id": _project(built.build)},
            "metadata": {"invocationId": built.build},
            "byproducts": _resources(built.reports),
        },
        "kiro_gates": [{"name": one.name, "outcome": one.outcome, "reason": one.reason} for one in built.verdicts],
    }
    whole = {
        "_type": STATEMENT_TYPE,
        "subject": [archive, *_resources(built.files)],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _resources(digests: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(digests.items())]


def _project(build: str) -> str:
    """`arn:…:build/kiro-build:0a1b` → `arn:…:project/kiro-build`: who ran the build, and answers for its digest."""
    return build.rpartition(":")[0].replace(":build/", ":project/")


def to_sign(payload: bytes) -> bytes:
    """The message that is signed: DSSE's pre-authentication encoding of type and payload.

    https://github.com/secure-systems-lab/dsse/blob/master/protocol.md#signature-definition
    """
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def envelope(payload: bytes, signature: bytes, key: str) -> bytes:
    """The DSSE envelope as JSON; `key` is the ARN of the key, a hint that nothing is decided by."""
    signatures = [{"keyid": key, "sig": b64encode(signature).decode()}]
    whole = {"payload": b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE, "signatures": signatures}
    return json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()


def opened(raw: bytes) -> tuple[bytes, bytes]:
    """The payload and the first signature of an envelope; a ValueError if it is none, or has another type."""
    try:
        whole = json.loads(raw)
        if whole["payloadType"] != PAYLOAD_TYPE:
            raise ValueError(f"the payload is {whole['payloadType']!r}, not {PAYLOAD_TYPE}")
        return b64decode(whole["payload"], validate=True), b64decode(whole["signatures"][0]["sig"], validate=True)
    except (KeyError, IndexError, TypeError, RecursionError) as error:
        raise ValueError(f"not a DSSE envelope: {error!r}") from error


def artifact_of(repository: str, deployment_id: str) -> str:
    """The key in the bucket under which the build of a deployment uploads its artifact (deployment.asl.json)."""
    return f"builds/{repository}/build/{deployment_id}/build.zip"


def place(deployment_id: str, digest: str) -> str:
    """The key of evidence in the bucket, by its digest: what lies there is never overwritten by anything else."""
    return f"provenance/{deployment_id}/{digest}.json"


def verified(raw: bytes | None, recorded: Recorded, valid: Valid) -> Signed:
    """The statement in an envelope, None if the bucket has none; a ProvenanceError says what differs and what to do.

    Nothing of the statement is read before its signature was verified.
    """
    who = recorded.deployment_id
    if not recorded.statement:
        raise ProvenanceError(f"record: that of {who} names no statement, so nothing says what was built; {_NEXT}")
    payload = payload_of(raw, who, recorded.statement, valid)
    subjects, said = _said(payload, place(who, recorded.statement))
    differences = _differences(recorded, subjects, said)
    if differences:
        raise ProvenanceError(
            f"record: that of {who} differs from its statement in {'; '.join(differences)}; {_NEXT}, and search for "
            "who changed the record"
        )
    return Signed(recorded, subjects)


def payload_of(raw: bytes | None, deployment_id: str, digest: str, valid: Valid) -> bytes:
    """The payload of an envelope of this digest, None if the bucket has none, after its signature was verified."""
    key = place(deployment_id, digest)
    if raw is None:
        raise ProvenanceError(
            f"statement: {key} of {deployment_id} is not in the bucket; restore it from a backup, or {_NEXT}"
        )
    if sha256(raw).hexdigest() != digest:
        raise ProvenanceError(
            f"statement: {key} was overwritten, or the record of {deployment_id} was: the SHA-256 is "
            f"{sha256(raw).hexdigest()}; {_NEXT}, and search for who changed it"
        )
    try:
        payload, signature = opened(raw)
    except ValueError as error:
        raise ProvenanceError(f"statement: {key} can't be read: {error}; {_NEXT}") from error
    if not valid(to_sign(payload), signature):
        raise ProvenanceError(
            f"signature: {key} is not signed with the key of this stack (output `provenancePublicKey`); {_NEXT}, and "
            "search for who wrote the statement"
        )
    return payload


def _said(payload: bytes, key: str) -> tuple[Mapping[str, str], dict[str, str]]:
    """The subjects of a statement, and its facts by their names for people."""
    try:
        whole = json.loads(payload)
        inputs = whole["predicate"]["buildDefinition"]
        facts = {
            "type": f"{whole['_type']} {whole['predicateType']}",
            "deployment": inputs["internalParameters"]["deployment"],
            "repository": inputs["externalParameters"]["repository"],
            "commit": inputs["externalParameters"]["commit"],
            "artifact": inputs["internalParameters"]["artifact"],
            "failed gates": ", ".join(
                one["name"] for one in whole["predicate"]["kiro_gates"] if one["outcome"] != "passed"
            ),
        }
        return {one["name"]: one["digest"]["sha256"] for one in whole["subject"]}, facts
    except (KeyError, TypeError, ValueError) as error:
        raise ProvenanceError(f"statement: {key} has another form: {error!r}; {_NEXT}") from error


def _differences(recorded: Recorded, subjects: Mapping[str, str], said: Mapping[str, str]) -> list[str]:
    """What the record and a statement say differently, each with both values."""
    artifact = subjects.get(recorded.artifact, "nothing")
    ours = {
        "type": f"{STATEMENT_TYPE} {PREDICATE_TYPE}",
        "deployment": recorded.deployment_id,
        "repository": recorded.repository,
        "commit": recorded.commit,
        "artifact": recorded.artifact,
        "failed gates": "",
        "SHA-256": recorded.digest or artifact,
    }
    theirs = {**said, "SHA-256": artifact}
    return [f"{name} ({ours[name]} and {theirs[name]})" for name in ours if ours[name] != theirs[name]]


def is_older(began: str, since: datetime) -> bool:
    """Whether a release that began at that time (ISO 8601) is from before the stack signed statements.

    `since` is when the stack's key was made. A time that can't be read is not.
    """
    try:
        return datetime.fromisoformat(began) < since + _UPDATE
    except (TypeError, ValueError):
        return False
