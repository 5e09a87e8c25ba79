"""`kiro-worker evidence`: the archive for auditors, verified as its README says."""

import json
import subprocess
from base64 import b64decode, b64encode
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any
from zipfile import ZipFile

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.attestations import SIGNED, Attested, attestation, attested, subjects_of
from functions.domain.images import Image
from functions.domain.provenance import Built, envelope, place, statement, to_sign
from functions.domain.releases import Release
from tests.cli.conftest import Kiro
from tests.functions.delivered import BUILD_ARN, BUILT
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE, archive, event
from tests.functions.stack import ACCOUNT, REGION

BUCKET = f"kiro-pipeline-test-artifacts-{ACCOUNT}"
ARTIFACT = f"builds/{RELEASE.repository}/build/{DEPLOYMENT}/build.zip"
DECISION = {"purpose": "deploy", "state": "approved", "at": NOW, "digest": "a" * 64}
REPORT, SBOM = b"<testsuites/>", b'{"bomFormat": "CycloneDX"}'


def put(kiro: Kiro, key: str, body: bytes) -> str:
    """Write an object; returns its digest."""
    kiro.clients.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    return sha256(body).hexdigest()


@pytest.fixture
def key(kiro: Kiro) -> str:
    """The stack's key and its bucket; returns the id of the key."""
    kiro.clients.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    kms = kiro.clients.client("kms")
    made: str = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/kiro-pipeline-test-signing-key", TargetKeyId=made)
    return made


def signed(kiro: Kiro, key: str, payload: bytes) -> str:
    """Sign and keep a statement; returns the digest of its envelope."""
    answer = kiro.clients.client("kms").sign(
        KeyId=key, Message=to_sign(payload), MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256"
    )
    raw = envelope(payload, answer["Signature"], key)
    return put(kiro, place(DEPLOYMENT, sha256(raw).hexdigest()), raw)


def attest(kiro: Kiro, key: str, release: Release = RELEASE) -> None:
    """Sign what was decided and how it ended, as `events/attest.py` does."""
    deployments = DeploymentsTable.connect(kiro.clients)
    record = deployments.get(DEPLOYMENT)
    assert record
    for told in (event("ApprovalDecided", **DECISION), event("DeploymentFinished")):
        assert isinstance(told, Attested)
        made = attestation(told)
        digest = signed(kiro, key, attested(DEPLOYMENT, made, subjects_of(release, record, ARTIFACT)))
        deployments.note(DEPLOYMENT, **{f"{SIGNED}{made.name}": digest})


@pytest.fixture
def released(kiro: Kiro, key: str) -> Kiro:
    """A stack with a release that was judged, signed, approved and deployed."""
    digest = put(kiro, ARTIFACT, archive({"reports/junit.xml": REPORT, "sbom.json": SBOM}))
    put(kiro, place(DEPLOYMENT, sha256(SBOM).hexdigest()), SBOM)
    reports = {"reports/junit.xml": sha256(REPORT).hexdigest(), "sbom.json": sha256(SBOM).hexdigest()}
    payload = statement(
        Built(DEPLOYMENT, RELEASE, BUILD_ARN, "build.yml", ARTIFACT, digest, {}, reports, "e" * 64, (BUILT,))
    )
    deployments = DeploymentsTable.connect(kiro.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:execution", "push")
    approved = {"by": "ada", "reason": "because", "identity": "", **DECISION}
    facts = {"artifactDigest": digest, "statement": signed(kiro, key, payload), "approval_production_deploy": approved}
    deployments.note(DEPLOYMENT, outcome="deployed", reason="because", **facts)
    attest(kiro, key)
    return kiro


def written(kiro: Kiro, file: Path) -> tuple[dict[str, bytes], Any]:
    """The files of the archive that the command writes, and what it prints."""
    said = kiro.json("evidence", DEPLOYMENT, "--file", str(file))
    with ZipFile(BytesIO(file.read_bytes())) as packed:
        return {name: packed.read(name) for name in packed.namelist()}, said


def test_the_archive_has_what_an_audit_needs(released: Kiro, tmp_path: Path) -> None:
    """G7: signed statements of what was built, who approved and how it ended; reports, SBOM and the record."""
    files, said = written(released, tmp_path / "evidence.zip")
    assert (files["files/reports/junit.xml"], files["files/sbom.json"]) == (REPORT, SBOM)
    for name in ("provenance", "approval_production_deploy", "outcome"):
        assert json.loads(files[f"statements/{name}/statement.json"])["subject"][0]["name"] == ARTIFACT
    approval = json.loads(files["statements/approval_production_deploy/statement.json"])["predicate"]
    assert (approval["by"], approval["state"], approval["reason"]) == ("ada", "approved", "because")
    assert json.loads(files["record.json"])["approval_production_deploy"]["by"] == "ada"
    assert sorted(files) == said["files"]
    assert (said["missing"], said["unsigned"]) == ([], [])
    shown = released.run("evidence", DEPLOYMENT, "--file", str(tmp_path / "again.zip"))
    assert "its README.md says how to verify it" in shown.stdout


@pytest.mark.skipif(which("openssl") is None, reason="no openssl")
def test_its_readme_verifies_it(released: Kiro, tmp_path: Path) -> None:
    """The commands as they are written there, without the stack; each changed statement or message is found."""
    files, _ = written(released, tmp_path / "evidence.zip")
    with ZipFile(tmp_path / "evidence.zip") as packed:
        packed.extractall(tmp_path)
    lines = [line.strip() for line in files["README.md"].decode().splitlines() if line.startswith("    ")]
    script = "set -e\n" + "\n".join(lines)
    assert "openssl dgst" in script

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", "-c", script], cwd=tmp_path, check=False, capture_output=True, text=True)

    done = run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Verified OK") == 3
    assert f"{sha256(REPORT).hexdigest()}  files/reports/junit.xml" in done.stdout.splitlines()
    changed = {
        "statements/provenance/statement.json": (b"passed", b"failed"),
        "statements/approval_production_deploy/statement.json": (b'"ada"', b'"eve"'),
        "statements/outcome/message.bin": (b'"deployed"', b'"restored"'),
    }
    for name, (old, new) in changed.items():
        assert old in files[name]
        (tmp_path / name).write_bytes(files[name].replace(old, new))
        assert run().returncode != 0, name
        (tmp_path / name).write_bytes(files[name])
    assert run().returncode == 0


def test_what_has_expired_is_named(released: Kiro, tmp_path: Path) -> None:
    """The artifact is kept for 90 days, the SBOM as long as the statement."""
    released.clients.client("s3").delete_object(Bucket=BUCKET, Key=ARTIFACT)
    files, said = written(released, tmp_path / "evidence.zip")
    assert (said["missing"], files["files/sbom.json"]) == (["reports/junit.xml"], SBOM)
    assert b"No longer kept: `reports/junit.xml`." in files["README.md"]


def test_evidence_that_was_changed_is_not_written(released: Kiro, tmp_path: Path) -> None:
    """The error names what differs; a deployment without a record is named, too."""
    deployments = DeploymentsTable.connect(released.clients)
    deployments.note(DEPLOYMENT, release=replace(RELEASE, commit="0" * 40))
    done = released.run("evidence", DEPLOYMENT, "--file", str(tmp_path / "evidence.zip"))
    assert (done.exit_code, "kiro-worker: record: that of" in done.stderr) == (1, True)
    assert not (tmp_path / "evidence.zip").exists()
    deployments.note(DEPLOYMENT, release=RELEASE, outcome="failed")
    done = released.run("evidence", DEPLOYMENT, "--file", str(tmp_path / "evidence.zip"))
    assert "outcome (failed and deployed)" in done.stderr
    assert not (tmp_path / "evidence.zip").exists()
    gone = released.run("evidence", "main-unknown")
    assert (gone.exit_code, "there is no record of main-unknown" in gone.stderr) == (1, True)


def test_an_approval_that_was_forged_is_refused(released: Kiro, tmp_path: Path) -> None:
    """G7: another statement in its place is not signed with the stack's key, whatever the record names."""
    deployments = DeploymentsTable.connect(released.clients)
    named = deployments.row(DEPLOYMENT)[f"{SIGNED}approval_production_deploy"]
    kept = json.loads(
        released.clients.client("s3").get_object(Bucket=BUCKET, Key=place(DEPLOYMENT, named))["Body"].read()
    )
    kept["payload"] = b64encode(b64decode(kept["payload"]).replace(b'"ada"', b'"eve"')).decode()
    forged = json.dumps(kept).encode()
    digest = put(released, place(DEPLOYMENT, sha256(forged).hexdigest()), forged)
    deployments.note(DEPLOYMENT, **{f"{SIGNED}approval_production_deploy": digest})
    done = released.run("evidence", DEPLOYMENT, "--file", str(tmp_path / "evidence.zip"))
    assert (done.exit_code, "is not signed with the key of this stack" in done.stderr) == (1, True)
    assert not (tmp_path / "evidence.zip").exists()


def test_what_is_not_signed_is_named(released: Kiro, tmp_path: Path) -> None:
    """A decision from before the update, and one whose statement somebody removed from the record."""
    DeploymentsTable.connect(released.clients).note(DEPLOYMENT, approval_staging_deploy={"state": "rejected"})
    files, said = written(released, tmp_path / "evidence.zip")
    assert said["unsigned"] == ["approval_staging_deploy"]
    assert b"Not signed, and only in `record.json`: `approval_staging_deploy`." in files["README.md"]
    shown = released.run("evidence", DEPLOYMENT, "--file", str(tmp_path / "again.zip"))
    assert "approval_staging_deploy is in the record, and not signed" in shown.stdout


def test_a_release_of_images_has_what_was_decided(kiro: Kiro, key: str, tmp_path: Path) -> None:
    """Nothing was built here, so it has no provenance; its statements name each image by its digest."""
    image = Image(f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/api", "v1.2.3", f"sha256:{'c' * 64}")
    release = replace(RELEASE, images={"api": image})
    deployments = DeploymentsTable.connect(kiro.clients)
    deployments.begin(DEPLOYMENT, release, "arn:execution", "dispatch")
    approved = {"by": "ada", "reason": "because", "identity": "", **DECISION}
    deployments.note(DEPLOYMENT, outcome="deployed", reason="because", approval_production_deploy=approved)
    attest(kiro, key, release)
    files, said = written(kiro, tmp_path / "evidence.zip")
    assert {name.split("/")[1] for name in said["files"] if "/" in name} == {"approval_production_deploy", "outcome"}
    subject = json.loads(files["statements/outcome/statement.json"])["subject"]
    assert subject == [{"name": image.reference, "digest": {"sha256": "c" * 64}}]
