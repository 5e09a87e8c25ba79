"""Changes of a part by its target: what `apply` and `proceed` need, from the judged artifact to the fence."""

from hashlib import sha256

from functions.adapters.artifacts import Artifacts
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.signatures import Signatures
from functions.adapters.zip_archives import read_member
from functions.domain.environments import Environment
from functions.domain.errors import NotRecordedError, SourceError
from functions.domain.locks import Lease
from functions.domain.manifests import Part
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import Allow
from functions.procedures.provenance import of_release
from functions.targets.base import Change
from functions.targets.registry import Targets

CHANGE: tuple[Allow, ...] = (
    *Artifacts.READ,
    *Artifacts.KEEP,
    *EnvironmentsTable.WRITE,
    *DeploymentsTable.READ,
    *Targets.READ,
    *Targets.CHANGE,
)
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: code and layers, unzipped
PACKAGE_LIMIT = 250 * 1024 * 1024
# the artifact and the package in it, of at most PACKAGE_LIMIT
MEMORY_MB = 1280


class ServiceChange(Value, frozen=True):
    """The service to change, and the key of the artifact that contains its code."""

    deployment_id: str
    release: Release
    environment: Environment
    part: Part
    artifact: str
    lease: Lease


def change_of(
    event: ServiceChange,
    artifacts: Artifacts,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    signatures: Signatures,
) -> Change:
    """The change for the target, under the lease; an artifact that no gate has judged is a NotRecordedError.

    A ProvenanceError if its signed statement is not about the artifact, or about the files that the target reads. A
    service that gets an image of a request, or keeps its own, needs no artifact, and no statement.
    """

    def fence() -> None:
        environments.fence(event.environment.name, event.lease)

    def read(path: str) -> bytes:
        with artifacts.built(event.artifact, judged)[0] as archive:
            found = read_member(archive, path, PACKAGE_LIMIT)
        if found is None:
            raise SourceError(
                f"{event.part.name}: {path} is not in the build's artifact; list it under artifacts in the buildspec"
            )
        if signed:
            signed.demand(path, sha256(found).hexdigest())
        return found

    def recorded() -> list[str]:
        state = environments.parts(event.environment.name).get(event.part.name)
        return [version.version for version in state.versions] if state else []

    fence()
    record = deployments.get(event.deployment_id)
    judged = record.artifact_digest if record else ""
    where = event.environment.name
    image = record.image(where, event.part.name, lambda: environments.parts(where)) if record else None
    if not judged and image is None:
        raise NotRecordedError(
            f"{event.deployment_id}: its record has no digest of {event.artifact}: no gate has judged it, so "
            f"{event.part.name} stays as it is"
        )
    signed = None
    if image is None:
        signed = of_release(event.deployment_id, event.release, event.artifact, record, artifacts, signatures)
    return Change(event.environment, event.part, event.release, read, fence, artifacts.keep, image, recorded)
