"""Keeps the directories a buildspec names under `cache.paths` from one build of a project to the next."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from local.codebuild.errors import PhaseFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

# the home directory of AWS's images, which buildspecs name literally
AWS_HOME = "/root"


def restore(kept: Path, paths: Mapping[str, str], source: Path, home: Path) -> None:
    """Copy directories that an earlier build saved into this build; `paths` maps paths as written to expanded ones."""
    for written, pattern in paths.items():
        stored = kept / _label(written)
        if stored.is_dir():
            shutil.copytree(stored, _place(pattern, source, home), symlinks=True, dirs_exist_ok=True)


def save(kept: Path, paths: Mapping[str, str], source: Path, home: Path) -> None:
    """Save this build's directories, with a rename at the end, so that another build never reads half of them."""
    kept.mkdir(parents=True, exist_ok=True)
    for written, pattern in paths.items():
        place, stored = _place(pattern, source, home), kept / _label(written)
        if not place.is_dir():
            continue
        with tempfile.TemporaryDirectory(dir=kept, ignore_cleanup_errors=True) as scratch:
            fresh = Path(scratch, "fresh")
            shutil.copytree(place, fresh, symlinks=True)
            if stored.exists():
                stored.rename(Path(scratch, "stale"))
            fresh.rename(stored)


def _place(pattern: str, source: Path, home: Path) -> Path:
    """Return the directory before the first wildcard: `/root/.cache/pip/**/*` keeps all of `~/.cache/pip`."""
    parts = []
    for part in PurePosixPath(pattern).parts:
        if any(character in part for character in "*?["):
            break
        parts.append(part)
    fixed = PurePosixPath(*parts)
    if fixed.is_relative_to(source) or fixed.is_relative_to(home):
        return Path(fixed)
    if fixed.is_relative_to(AWS_HOME):
        return home / fixed.relative_to(AWS_HOME)
    if fixed.is_absolute():
        raise PhaseFailedError(
            "CLIENT_ERROR", f"cache path {pattern} is outside the build; use a relative path or one below {AWS_HOME}"
        )
    return source / fixed


def _label(pattern: str) -> str:
    return hashlib.sha256(pattern.encode()).hexdigest()[:16]
