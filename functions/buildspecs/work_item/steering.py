"""Copies the steering files that all repositories share; a repository's own steering files are not changed."""

import hashlib
import json
import re
from pathlib import Path

from .errors import WorkError

SOURCE = Path(__file__).parent / "steering"
TARGET = Path(".kiro/steering")
MANIFEST = "manifest.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\.md")


def synchronise(root: Path, source: Path = SOURCE) -> str:
    """Write the files of the manifest, delete those of the version before only, and return the version."""
    manifest = json.loads((source / MANIFEST).read_text("utf-8"))
    target = root / TARGET
    if not target.resolve().is_relative_to(root.resolve()):
        raise WorkError(f"{TARGET} is a link that leads out of the repository; make it a folder")
    target.mkdir(parents=True, exist_ok=True)
    for name in _known(target / MANIFEST) - set(manifest["files"]):
        (target / name).unlink(missing_ok=True)
    for name, wanted in manifest["files"].items():
        content = (source / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != wanted:
            raise WorkError(f"the digest of steering file {name} differs from the manifest {manifest['version']}")
        _write(target / name, content)
    _write(target / MANIFEST, (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode())
    return str(manifest["version"])


def _known(file: Path) -> set[str]:
    """The files of the version before; only plain names are accepted, because the repository may change the list."""
    try:
        return {name for name in json.loads(file.read_text("utf-8"))["files"] if _NAME.fullmatch(str(name))}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _write(file: Path, content: bytes) -> None:
    if file.is_symlink():
        file.unlink()
    if not file.exists() or file.read_bytes() != content:
        file.write_bytes(content)
