"""The keys of a buildspec: those that are read here, and those that only CodeBuild reads.

Source: docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html, "Buildspec syntax". CodeBuild ignores
unknown keys: the example on that page has `secondary-artifacts` at the top level, where nothing reads it. Here the
build's log names every ignored key.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Keys that are read, by the path of the mapping that holds them; `*` is any name.
_READ: dict[tuple[str, ...], tuple[str, ...]] = {
    (): ("version", "env", "phases", "reports", "artifacts", "cache"),
    ("env",): ("shell", "variables", "parameter-store", "secrets-manager", "exported-variables"),
    ("phases", "*"): ("on-failure", "commands", "finally"),
    ("reports", "*"): ("files", "base-directory", "discard-paths", "exclude-paths", "file-format"),
    ("artifacts",): ("files", "name", "discard-paths", "base-directory", "exclude-paths", "secondary-artifacts"),
    ("artifacts", "secondary-artifacts", "*"): ("files", "name", "discard-paths", "base-directory", "exclude-paths"),
    ("cache",): ("paths",),
}
# Keys that CodeBuild reads and this module does not, with what happens here instead.
_NOT_HERE = {
    "run-as": "commands run as the current user",
    "proxy": "no proxy is set up",
    "batch": "one build is run",
    "git-credential-helper": "git uses the credentials of the source only",
    "runtime-versions": "the programs of this machine are used",
    "enable-symlinks": "a link is stored as the file to which it leads",
    "s3-prefix": "the project sets the place of an artifact",
    "key": "the project sets the cache",
    "fallback-keys": "the project sets the cache",
    "action": "the cache is always restored and saved",
}


def unread(document: Mapping[str, Any]) -> Iterator[str]:
    """One line for each key of a buildspec that is ignored."""
    for pattern, known in _READ.items():
        for path, mapping in _mappings(document, pattern, ()):
            for key in mapping:
                if str(key) not in known:
                    yield _describe(".".join((*path, str(key))), str(key), known)
    for name, phase in (document.get("phases") or {}).items():
        if not phase or (not phase.get("commands") and not {"finally", "runtime-versions"} & set(phase)):
            yield f"buildspec: phases.{name} has no commands: nothing is run in it"


def _describe(where: str, key: str, known: tuple[str, ...]) -> str:
    if key in _NOT_HERE:
        return f"buildspec: {where} is not supported here: {_NOT_HERE[key]}"
    near = difflib.get_close_matches(key, (*known, *_NOT_HERE), 1)
    meant = f"; is it {near[0]}?" if near else ""
    return f"buildspec: {where} is not a key of a buildspec and is ignored{meant}"


def _mappings(
    holder: object, pattern: tuple[str, ...], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    if not isinstance(holder, dict):
        return
    if not pattern:
        yield path, holder
        return
    names = list(holder) if pattern[0] == "*" else [pattern[0]]
    for name in names:
        yield from _mappings(holder.get(name), pattern[1:], (*path, str(name)))
