"""The statement of a release: its digests, and its signature when its gates have passed (G7)."""

from collections.abc import Iterator
from hashlib import sha256
from zipfile import ZipFile

from functions.adapters.artifacts import Artifacts
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.signatures import Signer
from functions.adapters.zip_archives import digest_member, find_members, read_member
from functions.domain.errors import SourceError
from functions.domain.manifests import GateSettings
from functions.domain.plans import Plan
from functions.domain.provenance import Built, envelope, place, statement, to_sign
from functions.gates.sbom import sbom
from functions.handler import Allow

SIGN: tuple[Allow, ...] = (*Signer.SIGN, *Artifacts.KEEP_EVIDENCE, *DeploymentsTable.WRITE)


def sign(built: Built, artifacts: Artifacts, deployments: DeploymentsTable, signer: Signer) -> None:
    """Sign and keep the statement of an artifact that passed the gates, and record its digest.

    A repetition keeps another envelope of the same statement.
    """
    digest = keep_signed(built.deployment_id, statement(built), artifacts, signer)
    deployments.note(built.deployment_id, statement=digest)


def keep_signed(deployment_id: str, payload: bytes, artifacts: Artifacts, signer: Signer) -> str:
    """Sign a statement and keep its envelope; returns the digest of the envelope."""
    raw = envelope(payload, signer.sign(to_sign(payload)), signer.key)
    digest = sha256(raw).hexdigest()
    artifacts.keep_evidence(place(deployment_id, digest), raw)
    return digest


def keep_sbom(deployment_id: str, archive: ZipFile, plan: Plan, artifacts: Artifacts) -> None:
    """Keep the SBOM that the plan declares, by its digest, which the statement has; the artifact itself expires."""
    for path in _matches(archive, sbom(plan.gates)):
        raw = read_member(archive, path) or b""
        artifacts.keep_evidence(place(deployment_id, sha256(raw).hexdigest()), raw)


def digests(archive: ZipFile, plan: Plan) -> dict[str, str]:
    """The digests of the files that services are deployed from, and of the reports that gates read, by path."""
    names = set(archive.namelist())
    reports = (one for path in _texts(plan.gates) for one in _matches(archive, path))
    return {path: digest_member(archive, path) for path in sorted({*plan.files, *reports} & names)}


def _texts(settings: GateSettings) -> Iterator[str]:
    """The paths in the settings of gates; a text that is no path of the artifact matches nothing."""
    for value in (value for keys in settings.values() for value in keys.values()):
        yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))


def _matches(archive: ZipFile, path: str) -> list[str]:
    try:
        return find_members(archive, path)
    except SourceError:  # its gate has judged that
        return []
