"""Attests what people decided and how a stage, a rollback and a release ended: signs a statement of each (G7)."""

from typing import Any

from functions.adapters.artifacts import Artifacts
from functions.adapters.bus import read_event
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.signatures import Signer
from functions.domain.attestations import SIGNED, Attested, attestation, attested, is_overtaken, subjects_of
from functions.domain.errors import BadInputError
from functions.domain.provenance import artifact_of
from functions.handler import Handler
from functions.procedures.signing import SIGN, keep_signed

HANDLER = Handler(allow=(*SIGN, *DeploymentsTable.READ))


def attest(
    event: dict[str, Any], deployments: DeploymentsTable, artifacts: Artifacts, signer: Signer
) -> dict[str, Any]:
    """Sign the statement of an event and name it in the record; EventBridge retries an error.

    A repetition keeps another envelope of the same statement. An event that comes after a later one of its kind is not
    signed.
    """
    told = read_event(event)
    if not isinstance(told, Attested):
        raise BadInputError(f"event bus: {type(told).__name__} is not attested: correct the event rule")
    deployment_id, release = told.deployment_id, told.release
    record, made = deployments.get(deployment_id), attestation(told)
    if record is None or release is None or is_overtaken(made, deployments.row(deployment_id)):
        return {"outcome": "nothing to attest"}
    subjects = subjects_of(release, record, artifact_of(release.repository, deployment_id))
    if not subjects:
        return {"outcome": "nothing to attest"}
    digest = keep_signed(deployment_id, attested(deployment_id, made, subjects), artifacts, signer)
    deployments.note(deployment_id, **{f"{SIGNED}{made.name}": digest})
    return {"outcome": "attested", "name": made.name, "statement": digest}
