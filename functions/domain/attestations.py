"""Statements about a release after its gates: what people decided, and how it ended (G7).

    event of the bus → statement → signature → `provenance/<deployment>/<SHA-256>.json`, SHA-256 in the record by name
    for people: bytes of the record's SHA-256 → valid signature → the statement agrees with the record

| name | event | predicate type |
|---|---|---|
| `approval_<environment>_<purpose>` | ApprovalDecided | `urn:kiro-worker:approval:v1` |
| `stage_<environment>` | StageFinished | `urn:kiro-worker:stage:v1` |
| `rollback_<environment>` | RollbackFinished | `urn:kiro-worker:rollback:v1` |
| `outcome` | DeploymentFinished | `urn:kiro-worker:outcome:v1` |

A statement is made of the event, not of the record: whoever changes the record does not change what was signed. The
form is that of `functions/domain/provenance.py`. Addresses and browsers of people are in the record alone, which
expires.
"""

import json
from collections.abc import Mapping
from typing import Any, assert_never

from functions.domain.errors import ProvenanceError
from functions.domain.events import ApprovalDecided, DeploymentFinished, RollbackFinished, StageFinished
from functions.domain.gates import Verdict
from functions.domain.provenance import STATEMENT_TYPE, Valid, payload_of
from functions.domain.records import DeploymentRecord
from functions.domain.releases import Release
from functions.domain.values import Value

Attested = ApprovalDecided | StageFinished | RollbackFinished | DeploymentFinished
SIGNED = "signed_"
"""The beginning of the record's attributes that name statements."""
_TYPES = {kind: f"urn:kiro-worker:{kind}:v1" for kind in ("approval", "stage", "rollback", "outcome")}
_DECIDED = ("approved", "rejected")
# What must agree with the record, by kind; predicate and record have the same names.
_COMPARED = {
    "approval": ("state", "by", "reason", "at", "identity", "digest"),
    "stage": ("result", "reason"),
    "rollback": ("result", "reason", "cause"),
    "outcome": ("outcome", "reason"),
}


class Attestation(Value, frozen=True):
    """A statement to sign: its name in the record, and its facts by their names in the record."""

    name: str
    facts: dict[str, Any]

    @property
    def kind(self) -> str:
        """`approval`, `stage`, `rollback` or `outcome`."""
        return self.name.partition("_")[0]


def attestation(event: Attested) -> Attestation:
    """What an event attests."""
    match event:
        case ApprovalDecided():
            consents = [
                {"by": one.by, "at": one.at, "reason": one.reason, "identity": one.identity} for one in event.consents
            ]
            facts = {
                "environment": event.environment,
                "purpose": event.purpose,
                "state": event.state,
                "by": event.by,
                "reason": event.reason,
                "at": event.at,
                "identity": event.identity,
                "consents": consents,
                "digest": event.digest,
            }
            return Attestation(f"approval_{event.environment}_{event.purpose}", facts)
        case StageFinished():
            facts = {
                "environment": event.environment,
                "result": event.result,
                "reason": event.reason,
                "startedAt": event.started_at,
                "finishedAt": event.finished_at,
                "gates": _verdicts(event.gates),
            }
            return Attestation(f"stage_{event.environment}", facts)
        case RollbackFinished():
            facts = {
                "environment": event.environment,
                "result": event.result,
                "reason": event.reason,
                "cause": event.cause,
                "breachedAt": event.breached_at,
                "startedAt": event.started_at,
                "verifiedAt": event.verified_at,
            }
            return Attestation(f"rollback_{event.environment}", facts)
        case DeploymentFinished():
            stages = {name: stage.result for name, stage in sorted(event.stages.items())}
            return Attestation("outcome", {"outcome": event.outcome, "reason": event.reason, "stages": stages})
        case _:
            assert_never(event)


def _verdicts(gates: tuple[Verdict, ...]) -> list[dict[str, str]]:
    return [{"name": one.name, "outcome": one.outcome, "reason": one.reason} for one in gates]


def is_overtaken(made: Attestation, row: Mapping[str, Any]) -> bool:
    """Whether the record has a later end or decision of the same name: events come in any order, and more than once."""
    at = {"approval": "at", "rollback": "verifiedAt"}.get(made.kind)
    return at is not None and made.facts[at] < str(_noted(made.name, row).get(at) or "")


def attested(deployment_id: str, made: Attestation, subjects: Mapping[str, Mapping[str, str]]) -> bytes:
    """The statement as canonical JSON; `subjects` are digests by name, which `subjects_of` finds."""
    whole = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": dict(digest)} for name, digest in sorted(subjects.items())],
        "predicateType": _TYPES[made.kind],
        "predicate": {"deployment": deployment_id, **made.facts},
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def subjects_of(release: Release, record: DeploymentRecord, artifact: str) -> dict[str, dict[str, str]]:
    """What a statement is about: the images of a release, else the artifact that was judged, else the commit.

    Nothing for a rollback that an operator asked for by no commit. A commit has a digest of its own kind:
    https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md
    """
    if release.images:
        return {one.reference: {"sha256": one.digest.removeprefix("sha256:")} for one in release.images.values()}
    if record.artifact_digest:
        return {artifact: {"sha256": record.artifact_digest}}
    return {f"{release.repository}@{release.ref}": {"gitCommit": release.commit}} if release.commit else {}


def agreed(deployment_id: str, name: str, raw: bytes | None, row: Mapping[str, Any], valid: Valid) -> bytes:
    """The statement in an envelope that the record (`row`) names; a ProvenanceError says what differs.

    Nothing of it is read before its signature was verified.
    """
    digest = str(row[f"{SIGNED}{name}"])
    payload = payload_of(raw, deployment_id, digest, valid)
    try:
        whole = json.loads(payload)
        said, kind = whole["predicate"], whole["predicateType"]
        theirs = {"type": kind, "deployment": said["deployment"]}
        made = Attestation(name, said)
        theirs |= {field: said[field] for field in _COMPARED[made.kind]}
    except (KeyError, TypeError, ValueError) as error:
        raise ProvenanceError(f"statement: {name} of {deployment_id} has another form: {error!r}") from error
    noted = _noted(name, row)
    ours = {"type": _TYPES[made.kind], "deployment": deployment_id}
    ours |= {field: noted.get(field, "") for field in _COMPARED[made.kind]}
    differences = [f"{field} ({ours[field]} and {theirs[field]})" for field in ours if ours[field] != theirs[field]]
    if differences:
        raise ProvenanceError(
            f"record: {name} of {deployment_id} differs from its signed statement in {'; '.join(differences)}; the "
            "statement is what happened, so search for who changed the record"
        )
    return payload


def unsigned(row: Mapping[str, Any]) -> list[str]:
    """The names of what the record says and no statement does: it is from before statements, or one was removed."""
    names = {name for name in row if name.startswith("rollback_")}
    names |= {name for name in row if name.startswith("approval_") and row[name].get("state") in _DECIDED}
    names |= {f"stage_{environment}" for environment in row.get("stages", {})}
    names |= {"outcome"} if row.get("outcome") else set()
    return sorted(name for name in names if f"{SIGNED}{name}" not in row)


def _noted(name: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the record says of the same decision or end."""
    kind, _, rest = name.partition("_")
    found = {"outcome": row, "stage": row.get("stages", {}).get(rest)}.get(kind, row.get(name))
    return found if isinstance(found, Mapping) else {}
