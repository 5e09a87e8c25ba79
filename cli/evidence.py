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
from functions.domain.attestations import agreed, unsigned
from functions.domain.errors import SourceError
from functions.domain.provenance import Recorded, Valid, artifact_of, opened, place, to_sign, verified
from functions.domain.records import DeploymentRecord

_README = """\
# Evidence of {deployment}

Repository {repository}, commit {commit}.

| file | holds |
|---|---|
| `statements/provenance/` | what was built and judged: an in-toto Statement v1 with SLSA Provenance v1 |
| `statements/approval_…/` | who approved or rejected the release for an environment, and which artifact |
| `statements/stage_…/`, `statements/rollback_…/` | how the release ended in an environment, and how it was taken back |
| `statements/outcome/` | how the release ended |
| `public-key.pem` | the key of the stack `{stack}`; compare it with the stack's output `provenancePublicKey` |
| `record.json` | the record of the deployment; it is not signed |
| `files/` | reports and SBOM, as far as they are still kept |

Each statement has four files: `envelope.json` is the envelope as it was stored (DSSE), `statement.json` what it says,
`message.bin` what was signed, `signature.der` the signature. Verify the signatures, and then that each statement is
what was signed. Both commands end with an error at the first one that is wrong.

    for one in statements/*; do
      openssl dgst -sha256 -verify public-key.pem -signature "$one/signature.der" "$one/message.bin" || exit 1
    done
    for one in statements/*; do
      (printf 'DSSEv1 28 application/vnd.in-toto+json %d ' $(wc -c < "$one/statement.json")
        cat "$one/statement.json") | cmp - "$one/message.bin" || exit 1
    done

Or verify a signature with cosign 2, with the type that `predicateType` in `statement.json` names:

```sh
cosign verify-blob-attestation --key public-key.pem --insecure-ignore-tlog --check-claims=false \\
  --type https://slsa.dev/provenance/v1 --signature statements/provenance/envelope.json
```

Compare the digests: `subject` has those of what is deployed, `byproducts` of the provenance those of `files/`.

    find files -type f -exec sha256sum {{}} +
{notes}"""
_PROVENANCE = "provenance"


def evidence(
    context: typer.Context,
    deployment: Deployment,
    file: Annotated[Path | None, typer.Option("--file", help="the archive; default: <name>.zip")] = None,
    output: Output = Form.TABLE,
) -> None:
    """Write the evidence of a release into a zip archive: signed statements, key, reports, SBOM, record."""
    do(context, lambda aws: _write(aws, deployment, file or Path(f"{deployment}.zip")), _written, output)


def _written(done: Facts) -> str:
    notes = [f"{one} is no longer kept" for one in done["missing"]]
    notes += [f"{one} is in the record, and not signed" for one in done["unsigned"]]
    said = f"{done['file']} has the evidence of {done['deployment']}; its README.md says how to verify it"
    return "\n".join([said, *notes])


def _write(aws: Operator, deployment: str, file: Path) -> Facts:
    """Verify the statements and write the archive; a ProvenanceError if one differs from the record."""
    row = aws.deployments.row(deployment)
    record = aws.deployments.get(deployment)
    if record is None or record.release is None:
        raise OutOfReachError(
            f"there is no record of {deployment}: `kiro-worker history` shows the names; records expire"
        )
    artifacts, key = _artifacts(aws), _public_key(aws)
    statements = _statements(row, record, artifacts, Signatures(key, aws.clock.now()).valid)
    files, missing = dict[str, bytes](), list[str]()
    if _PROVENANCE in statements:
        files, missing = _files(json.loads(opened(statements[_PROVENANCE])[0]), record, artifacts)
    left = unsigned(row)
    notes = [f"No longer kept: `{one}`." for one in missing]
    notes += [f"Not signed, and only in `record.json`: `{one}`." for one in left]
    facts = {
        "deployment": deployment,
        "repository": record.release.repository,
        "commit": record.release.commit,
        "stack": aws.stack,
        "notes": "".join(f"\n{one}\n" for one in notes),
    }
    contents = {
        "README.md": _README.format(**facts).encode(),
        "public-key.pem": key.encode(),
        "record.json": json.dumps(row, indent=1, sort_keys=True).encode(),
        **{f"files/{name}": content for name, content in files.items()},
    }
    for name, raw in statements.items():
        contents |= {f"statements/{name}/{part}": content for part, content in _parts(raw).items()}
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    file.write_bytes(packed.getvalue())
    return {
        "deployment": deployment,
        "file": str(file),
        "files": sorted(contents),
        "missing": missing,
        "unsigned": left,
    }


def _statements(row: Facts, record: DeploymentRecord, artifacts: Artifacts, valid: Valid) -> dict[str, bytes]:
    """The verified envelopes by the names of their statements; images were built elsewhere and have no provenance."""
    deployment, release = record.deployment_id, record.release
    found = {}
    if release and (record.statement or not release.images):
        artifact = artifact_of(release.repository, deployment)
        recorded = Recorded(
            deployment, release.repository, release.commit, artifact, record.artifact_digest, record.statement
        )
        raw = artifacts.get(place(deployment, record.statement)) if record.statement else None
        verified(raw, recorded, valid)
        found[_PROVENANCE] = raw or b""
    for name, digest in sorted(record.signed.items()):
        raw = artifacts.get(place(deployment, digest))
        agreed(deployment, name, raw, row, valid)
        found[name] = raw or b""
    return found


def _parts(raw: bytes) -> dict[str, bytes]:
    """The files of a statement in the archive."""
    payload, signature = opened(raw)
    return {
        "envelope.json": raw,
        "statement.json": payload,
        "message.bin": to_sign(payload),
        "signature.der": signature,
    }


def _artifacts(aws: Operator) -> Artifacts:
    bucket = f"kiro-pipeline-{aws.stack}-artifacts-{aws.account}"
    return Artifacts(aws.aws.client("s3"), bucket)


def _public_key(aws: Operator) -> str:
    """In PEM (https://www.rfc-editor.org/rfc/rfc7468#section-13); KMS answers it in DER."""
    found = aws.aws.client("kms").get_public_key(KeyId=f"alias/kiro-pipeline-{aws.stack}-signing-key")["PublicKey"]
    lines = "\n".join(wrap(b64encode(found).decode(), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"


def _files(statement: Facts, record: DeploymentRecord, artifacts: Artifacts) -> tuple[dict[str, bytes], list[str]]:
    """The reports and the SBOM of a statement by name, and the names of those that are no longer kept."""
    artifact = statement["predicate"]["buildDefinition"]["internalParameters"]["artifact"]
    wanted = {one["name"]: one["digest"]["sha256"] for one in statement["predicate"]["runDetails"]["byproducts"]}
    found = {name: artifacts.get(place(record.deployment_id, digest)) for name, digest in wanted.items()}
    try:
        with artifacts.built(artifact, record.artifact_digest)[0] as archive:
            found = {name: content or read_member(archive, name) for name, content in found.items()}
    except SourceError:  # it has expired, or was overwritten since
        pass
    kept = {name: content for name, content in found.items() if content is not None}
    return kept, sorted(wanted.keys() - kept.keys())
