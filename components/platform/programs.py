"""Programs of the platform that builds run: archives in the artifacts bucket, named after their content."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pulumi
from pulumi_aws import s3

from components.stack.storage import Storage

PROGRAMS = "programs"
BUILDSPECS = Path(__file__).parents[2] / "functions" / "buildspecs"


def upload(name: str, files: Mapping[str, Path], storage: Storage, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Upload a program under a name with its digest, so that an update does not change a running build.

    `files` are its files by path in the archive. Returns the key.
    """
    digest = hashlib.sha256()
    for path, file in files.items():
        digest.update(path.encode() + b"\0" + file.read_bytes())
    content: dict[str, pulumi.Asset | pulumi.Archive] = {
        path: pulumi.FileAsset(str(file)) for path, file in files.items()
    }
    made = s3.BucketObjectv2(
        name,
        bucket=storage.bucket.bucket,
        key=f"{PROGRAMS}/{digest.hexdigest()[:16]}.zip",
        source=pulumi.AssetArchive(content),
        opts=opts,
    )
    return made.key


def stack_program() -> dict[str, Path]:
    """The files of the program's archive by path: one package, which uses the signatures of the worker's program."""
    modules = ["__init__.py", *(f"work_item/{name}.py" for name in ("__init__", "aws", "errors"))]
    modules += sorted(f"pulumi_stack/{file.name}" for file in (BUILDSPECS / "pulumi_stack").glob("*.py"))
    return {f"buildspecs/{name}": BUILDSPECS / name for name in modules}
