"""`kiro-worker evidence`: the archive for auditors, verified as its README says."""

import json
import subprocess
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any
from zipfile import ZipFile

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.provenance import Built, envelope, place, statement, to_sign
from tests.cli.conftest import Kiro
from tests.functions.delivered import BUILD_ARN, BUILT
from tests.functions.samples import DEPLOYMENT, RELEASE, archive
from tests.functions.stack import ACCOUNT, REGION

BUCKET = f"kiro-pipeline-test-artifacts-{ACCOUNT}"
ARTIFACT = f"builds/{RELEASE.repository}/build/{DEPLOYMENT}/build.zip"
REPORT, SBOM = b"<testsuites/>", b'{"bomFormat": "CycloneDX"}'


def put(kiro: Kiro, key: str, body: bytes) -> str:
    """Write an object; returns its digest."""
    kiro.clients.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    return sha256(body).hexdigest()


@pytest.fixture
def released(kiro: Kiro) -> Kiro:
    """A stack with a release that was judged, signed, approved and deployed."""
    kiro.clients.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    kms = kiro.clients.client("kms")
    key = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/kiro-pipeline-test-signing-key", TargetKeyId=key)
    digest = put(kiro, ARTIFACT, archive({"reports/junit.xml": REPORT, "sbom.json": SBOM}))
    put(kiro, place(DEPLOYMENT, sha256(SBOM).hexdigest()), SBOM)
    reports = {"reports/junit.xml": sha256(REPORT).hexdigest(), "sbom.json": sha256(SBOM).hexdigest()}
    payload = statement(
        Built(DEPLOYMENT, RELEASE, BUILD_ARN, "build.yml", ARTIFACT, digest, {}, reports, "e" * 64, (BUILT,))
    )
    signed = kms.sign(KeyId=key, Message=to_sign(payload), MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")
    raw = envelope(payload, signed["Signature"], key)
    named = sha256(raw).hexdigest()
    put(kiro, place(DEPLOYMENT, named), raw)
    deployments = DeploymentsTable.connect(kiro.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:execution", "push")
    approved = {"by": "Grace Hopper", "reason": "ship it"}
    deployments.note(DEPLOYMENT, artifactDigest=digest, statement=named, approval_production_deploy=approved)
    return kiro


def written(kiro: Kiro, file: Path) -> tuple[dict[str, bytes], Any]:
    """The files of the archive that the command writes, and what it prints."""
    said = kiro.json("evidence", DEPLOYMENT, "--file", str(file))
    with ZipFile(BytesIO(file.read_bytes())) as packed:
        return {name: packed.read(name) for name in packed.namelist()}, said


def test_the_archive_has_what_an_audit_needs(released: Kiro, tmp_path: Path) -> None:
    """G7: statement, reports, SBOM, and the record with who approved."""
    files, said = written(released, tmp_path / "evidence.zip")
    assert (files["files/reports/junit.xml"], files["files/sbom.json"]) == (REPORT, SBOM)
    assert json.loads(files["record.json"])["approval_production_deploy"]["by"] == "Grace Hopper"
    assert json.loads(files["statement.json"])["subject"][0]["name"] == ARTIFACT
    assert sorted(files) == said["files"]
    assert said["missing"] == []
    shown = released.run("evidence", DEPLOYMENT, "--file", str(tmp_path / "again.zip"))
    assert "its README.md says how to verify it" in shown.stdout


@pytest.mark.skipif(which("openssl") is None, reason="no openssl")
def test_its_readme_verifies_it(released: Kiro, tmp_path: Path) -> None:
    """The commands as they are written there, without the stack; a changed statement is found."""
    files, _ = written(released, tmp_path / "evidence.zip")
    with ZipFile(tmp_path / "evidence.zip") as packed:
        packed.extractall(tmp_path)
    readme = files["README.md"].decode()
    lines = [line for line in readme.splitlines() if line.startswith("    ")]
    script = "set -e\n" + "\n".join(line.strip() for line in lines)
    assert "openssl dgst" in script
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 0
    assert f"{sha256(REPORT).hexdigest()}  files/reports/junit.xml" in done.stdout.splitlines()
    (tmp_path / "statement.json").write_bytes(files["statement.json"].replace(b"passed", b"failed"))
    assert subprocess.run(["sh", "-c", script], cwd=tmp_path, check=False, capture_output=True).returncode != 0
    (tmp_path / "statement.json").write_bytes(files["statement.json"])
    (tmp_path / "message.bin").write_bytes(files["message.bin"] + b" ")
    assert subprocess.run(["sh", "-c", script], cwd=tmp_path, check=False, capture_output=True).returncode != 0


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
    gone = released.run("evidence", "main-unknown")
    assert (gone.exit_code, "there is no record of main-unknown" in gone.stderr) == (1, True)
