"""The deployment package: all functions have the same code and the same layer."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

import pulumi
from pulumi_aws import lambda_

from components.stack.naming import Naming

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "build" / "layer"
RUNTIME = "python3.13"
# Graviton costs 20 % less for the same work, and every wheel of the layer exists for it (manylinux2014_aarch64).
ARCHITECTURE = "arm64"
_SHIPPED = frozenset({".py", ".graphql", ".html", ".yml", ".css", ".js", ".json"})


class PackageError(pulumi.RunError):
    """The package can't be built; the message names the command to run."""


@dataclass(frozen=True, slots=True)
class Package:
    """The code and the layer that all functions share."""

    code: pulumi.AssetArchive
    layer_arn: pulumi.Output[str]


def shipped_files(root: Path = ROOT) -> list[Path]:
    """The files below `functions/` that belong into the zip archive, as paths relative to the project."""
    found = (file for file in (root / "functions").rglob("*") if file.suffix in _SHIPPED and file.is_file())
    return sorted(file.relative_to(root) for file in found if "__pycache__" not in file.parts)


def bytecode(files: Iterable[Path], root: Path = ROOT) -> Mapping[str, Path]:
    """The compiled files by their path in the zip archive; empty if the runtime's interpreter is not installed.

    A Lambda can't store bytecode, so each cold start would compile everything again. Python does not check this
    bytecode against its sources; therefore its folder is named after the digest of all sources.
    """
    sources = [file for file in files if file.suffix == ".py"]
    content = sha256(b"".join(f"{file}\0".encode() + (root / file).read_bytes() for file in sources)).hexdigest()
    folder = root / "build" / "bytecode" / f"{RUNTIME}-{content}"
    if not folder.is_dir() and not _compiled(sources, root, folder):
        return {}
    return {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*.pyc"))}


def _compiled(sources: Iterable[Path], root: Path, folder: Path) -> bool:
    """Compile copies: within `functions/`, other programs with that interpreter would load the unchecked bytecode."""
    interpreter = shutil.which(RUNTIME)
    if interpreter is None:
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    copies = Path(mkdtemp(dir=folder.parent))
    try:
        for file in sources:
            (copies / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / file, copies / file)
        options = ("-q", "--invalidation-mode", "unchecked-hash")
        # a fixed hash seed fixes the order of sets, so that the same sources give the same package
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            [interpreter, "-m", "compileall", *options, "functions"],
            cwd=copies,
            env=environment,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            pulumi.log.info(f"{interpreter} can't compile the functions: they are compiled at each cold start instead")
            return False
        for file in sources:
            (copies / file).unlink()
        with suppress(OSError):  # another run created the same folder first
            copies.rename(folder)
    finally:
        shutil.rmtree(copies, ignore_errors=True)
    return True


def require_layer() -> Path:
    """The folder of third-party code; raises PackageError if it is missing."""
    if not (LAYER / "python").is_dir():
        raise PackageError(f"{LAYER / 'python'} is missing: run `make package`, which installs what functions import")
    return LAYER


def package(naming: Naming, layer: Path, opts: pulumi.ResourceOptions | None = None) -> Package:
    """The package; import paths are paths in the archive, such as `functions/handler.py`."""
    files = shipped_files()
    paths = {**{file.as_posix(): ROOT / file for file in files}, **bytecode(files)}
    code: dict[str, pulumi.Asset | pulumi.Archive] = {
        place: pulumi.FileAsset(str(path)) for place, path in paths.items()
    }
    made = lambda_.LayerVersion(
        "libraries",
        layer_name=naming.name("libraries"),
        code=pulumi.FileArchive(str(layer)),
        compatible_runtimes=[RUNTIME],
        compatible_architectures=[ARCHITECTURE],
        opts=opts,
    )
    return Package(pulumi.AssetArchive(code), made.arn)
