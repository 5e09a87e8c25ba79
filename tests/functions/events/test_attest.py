"""Attest: a statement of each decision and end is signed, kept, and named by the record (G7)."""

import json
from base64 import b64decode
from typing import Any

import pytest

from functions.adapters.artifacts import Artifacts
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.signatures import Signatures
from functions.domain.attestations import agreed
from functions.domain.errors import BadInputError
from functions.domain.provenance import place
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE, detail
from tests.functions.stack import Stack

DECISION = {"purpose": "deploy", "state": "approved", "at": NOW, "digest": "a" * 64}


def attest(stack: Stack, name: str, **changes: Any) -> Any:
    """Run the handler for an event."""
    return stack.run("events.attest", {"detail-type": name, "detail": detail(name, **changes)})


@pytest.fixture
def judged(stack: Stack) -> Stack:
    """A stack with a release whose artifact was judged."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    deployments.note(DEPLOYMENT, artifactDigest="a" * 64)
    return stack


def test_a_decision_is_signed_and_named_by_the_record(judged: Stack) -> None:
    """The envelope is valid for the key of the stack; a repetition keeps another one of the same statement."""
    deployments, artifacts = DeploymentsTable.connect(judged.clients), Artifacts.connect(judged.clients)
    decided = {"state": "approved", "by": "ada", "reason": "because", "at": NOW, "identity": "", "digest": "a" * 64}
    deployments.note(DEPLOYMENT, approval_production_deploy=decided)
    payloads = []
    for _ in range(2):
        answer = attest(judged, "ApprovalDecided", **DECISION)
        record = deployments.get(DEPLOYMENT)
        assert record
        assert record.signed == {"approval_production_deploy": answer["statement"]}
        raw = artifacts.get(place(DEPLOYMENT, answer["statement"]))
        assert raw
        payloads.append(b64decode(json.loads(raw)["payload"]))
        valid = Signatures.connect(judged.clients).valid
        agreed(DEPLOYMENT, answer["name"], raw, deployments.row(DEPLOYMENT), valid)
    assert payloads[0] == payloads[1]


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("StageFinished", "stage_production"),
        ("RollbackFinished", "rollback_production"),
        ("DeploymentFinished", "outcome"),
    ],
)
def test_an_end_is_signed(judged: Stack, event: str, name: str) -> None:
    """Each under its own name."""
    assert attest(judged, event)["name"] == name
    assert judged.deployment()[f"signed_{name}"]


def test_what_has_no_record_is_not_signed(stack: Stack) -> None:
    """Nor a release that failed before it was known, and a rollback that was asked for by no commit."""
    nothing = {"outcome": "nothing to attest"}
    assert attest(stack, "DeploymentFinished") == nothing
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    assert attest(stack, "DeploymentFinished", release=None) == nothing
    release = {**detail("RollbackFinished")["release"], "commit": ""}
    assert attest(stack, "RollbackFinished", release=release) == nothing


def test_another_event_is_an_error(stack: Stack) -> None:
    """The rule does not send it."""
    with pytest.raises(BadInputError, match="StageHeld is not attested"):
        attest(stack, "StageHeld")
