"""The statement of a release, verified before anything of it is changed (G7)."""

from functions.adapters.artifacts import Artifacts
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.signatures import Signatures
from functions.domain.environments import Version
from functions.domain.provenance import (
    Recorded,
    Signed,
    is_older,
    place,
    verified,
)
from functions.domain.records import DeploymentRecord
from functions.domain.releases import Release
from functions.handler import Allow

VERIFY: tuple[Allow, ...] = (*Artifacts.READ, *DeploymentsTable.READ)


def of_release(
    deployment_id: str,
    release: Release,
    artifact: str,
    record: DeploymentRecord | None,
    artifacts: Artifacts,
    signatures: Signatures,
) -> Signed:
    """The verified statement of a release that enters an environment; a ProvenanceError if anything differs."""
    recorded = Recorded(
        deployment_id,
        release.repository,
        release.commit,
        artifact,
        record.artifact_digest if record else "",
        record.statement if record else "",
    )
    return _verified(recorded, artifacts, signatures)


def of_version(
    to: Version, artifacts: Artifacts, deployments: DeploymentsTable, signatures: Signatures
) -> Signed | None:
    """The verified statement of a version that a rollback restores; a ProvenanceError if anything differs.

    None for one that has no statement: it was deployed outside the platform, or before the stack signed statements, or
    it is an image that a request named, of which nothing was built here.
    """
    if not to.commit or to.image:
        return None
    if not to.statement:
        record = deployments.get(to.deployment_id)
        if is_older(record.started_at if record and record.started_at else to.at, signatures.since):
            return None
    recorded = Recorded(to.deployment_id, to.repository, to.commit, to.artifact, "", to.statement)
    return _verified(recorded, artifacts, signatures)


def _verified(recorded: Recorded, artifacts: Artifacts, signatures: Signatures) -> Signed:
    kept = artifacts.get(place(recorded.deployment_id, recorded.statement)) if recorded.statement else None
    return verified(kept, recorded, signatures.valid)
