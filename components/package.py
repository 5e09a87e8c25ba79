"""The one deployable package: every function runs the same code, over the same layer."""

from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_aws import lambda_

from components.site import Site

ROOT = Path(__file__).parent.parent
LAYER = ROOT / "build" / "layer"
RUNTIME = "python3.13"
# Graviton costs a fifth less for the same work, and every wheel of the layer exists for it (manylinux2014_aarch64).
ARCHITECTURE = "arm64"
_SHIPPED = frozenset({".py", ".graphql", ".html", ".yml", ".css"})


class PackageError(pulumi.RunError):
    """The package can't be put together; the message says what to run."""


@dataclass(frozen=True, slots=True)
class Package:
    """Code and layer, shared by all functions."""

    code: pulumi.AssetArchive
    layer_arn: pulumi.Output[str]


def shipped_files(root: Path = ROOT) -> list[Path]:
    """Every file below `functions/` that belongs into the zip, as a path within the project."""
    found = (file for file in (root / "functions").rglob("*") if file.suffix in _SHIPPED and file.is_file())
    return sorted(file.relative_to(root) for file in found if "__pycache__" not in file.parts)


def require_layer() -> Path:
    """The folder of third-party code; a missing one is a PackageError, before any resource is registered."""
    if not (LAYER / "python").is_dir():
        raise PackageError(f"{LAYER / 'python'} is missing: run `make package`, which installs what functions need")
    return LAYER


def package(site: Site, layer: Path, opts: pulumi.ResourceOptions | None = None) -> Package:
    """Import path = zip path: `functions/entry.py` lies at `functions/entry.py`."""
    code: dict[str, pulumi.Asset | pulumi.Archive] = {
        file.as_posix(): pulumi.FileAsset(str(ROOT / file)) for file in shipped_files()
    }
    made = lambda_.LayerVersion(
        "libraries",
        layer_name=site.name("libraries"),
        code=pulumi.FileArchive(str(layer)),
        compatible_runtimes=[RUNTIME],
        compatible_architectures=[ARCHITECTURE],
        opts=opts,
    )
    return Package(pulumi.AssetArchive(code), made.arn)
