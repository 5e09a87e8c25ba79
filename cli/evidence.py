"""The evidence of a release as one archive, which can be verified without the stack."""

import json
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import Annotated
from zipfile import ZIP_DEFLATED, ZipFile

import typer

from cli.aws.operator import Operator, OutOfReachError
from cli.facts import Facts
from cli.output import Form, Output
from cli.session import Deployment, do
from functions.adapters.artifacts import Artifacts
from functions.adapters.signatures import Signatures
from functions.adapters.zip_archives import read_member
from functions.domain.errors import SourceError
from functions.domain.provenance import Recorded, opened, place, to_sign, verified
from functions.domain.records import DeploymentRecord

_README = """\
# Evidence of {deployment}

Repository {repository}, commit {commit}, artifact `{artifact}`.

| file | holds |
|---|---|
| `envelope.json` | the signed statement as it was stored (DSSE); its SHA-256 is {statement} |
| `statement.json` | the statement: an in-toto Statement v1 with SLSA Provenance v1 |
| `message.bin`, `signature.der` | what was signed, and the signature |
| `public-key.pem` | the key of the stack `{stack}`; compare it with the stack's output `provenancePublicKey` |
| `record.json` | the record of the deployment: verdicts, approvals, stages and outcome; it is not signed |
| `files/` | reports and SBOM, as far as they are still kept |

Verify the signature, and then that the statement is what was signed:

    openssl dgst -sha256 -verify public-key.pem -signature signature.der message.bin
    (printf 'DSSEv1 28 application/vnd.in-toto+json %d ' $(wc -c < statement.json); cat statement.json) \\
      | cmp - message.bin

Compare the digests in `statement.json`: `subject` has those of what is deployed, `byproducts` those of `files/`.

    find files -type f -exec sha256sum {{}} +
{missing}"""


def evidence(
    context: typer.Context,
    deployment: Deployment,
    file: Annotated[Path | None, typer.Option("--file", help="the archive; default: <name>.zip")] = None,
    output: Output = Form.TABLE,
) -> None:
    """Write the evidence of a release into a zip archive: signed statement, key, reports, SBOM, approvals, verdicts."""
    do(context, lambda aws: _write(aws, deployment, file or Path(f"{deployment}.zip")), _written, output)


def _written(done: Facts) -> str:
    missing = "".join(f"\n{one} is no longer kept" for one in done["missing"])
    return f"{done['file']} has the evidence of {done['deployment']}; its README.md says how to verify it{missing}"


def _write(aws: Operator, deployment: str, file: Path) -> Facts:
    """Verify the statement and write the archive; a ProvenanceError if the statement differs from the record."""
    row = aws.deployments.row(deployment)
    record = aws.deployments.get(deployment)
    if record is None or record.release is None:
        raise OutOfReachError(
            f"there is no record of {deployment}: `kiro-worker history` shows the names; records expire"
        )
    artifacts, key = _artifacts(aws), _public_key(aws)
    raw = artifacts.get(place(deployment, record.statement)) if record.statement else None
    artifact = f"builds/{record.release.repository}/build/{deployment}/build.zip"
    digest = record.artifact_digest
    recorded = Recorded(
        deployment, record.release.repository, record.release.commit, artifact, digest, record.statement
    )
    verified(raw, recorded, Signatures(key, aws.clock.now()).valid)
    payload, signature = opened(raw or b"")
    files, missing = _files(json.loads(payload), record, artifact, artifacts)
    facts = {
        "deployment": deployment,
        "repository": record.release.repository,
        "commit": record.release.commit,
        "artifact": artifact,
        "statement": record.statement,
        "stack": aws.stack,
        "missing": "".join(f"\nNo longer kept: `{one}`.\n" for one in missing),
    }
    contents = {
        "README.md": _README.format(**facts).encode(),
        "envelope.json": raw or b"",
        "statement.json": payload,
        "message.bin": to_sign(payload),
        "signature.der": signature,
        "public-key.pem": key.encode(),
        "record.json": json.dumps(row, indent=1, sort_keys=True).encode(),
        **{f"files/{name}": content for name, content in files.items()},
    }
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    file.write_bytes(packed.getvalue())
    return {"deployment": deployment, "file": str(file), "files": sorted(contents), "missing": missing}


def _artifacts(aws: Operator) -> Artifacts:
    bucket = f"kiro-pipeline-{aws.stack}-artifacts-{aws.account}"
    return Artifacts(aws.aws.client("s3"), bucket)


def _public_key(aws: Operator) -> str:
    """In PEM (https://www.rfc-editor.org/rfc/rfc7468#section-13); KMS answers it in DER."""
    found = aws.aws.client("kms").get_public_key(KeyId=f"alias/kiro-pipeline-{aws.stack}-signing-key")["PublicKey"]
    lines = "\n".join(wrap(b64encode(found).decode(), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"


def _files(
    statement: Facts, record: DeploymentRecord, artifact: str, artifacts: Artifacts
) -> tuple[dict[str, bytes], list[str]]:
    """The reports and the SBOM of a statement by name, and the names of those that are no longer kept."""
    wanted = {one["name"]: one["digest"]["sha256"] for one in statement["predicate"]["runDetails"]["byproducts"]}
    found = {name: artifacts.get(place(record.deployment_id, digest)) for name, digest in wanted.items()}
    try:
        with artifacts.built(artifact, record.artifact_digest)[0] as archive:
            found = {name: content or read_member(archive, name) for name, content in found.items()}
    except SourceError:  # it has expired, or was overwritten since
        pass
    kept = {name: content for name, content in found.items() if content is not None}
    return kept, sorted(wanted.keys() - kept.keys())
