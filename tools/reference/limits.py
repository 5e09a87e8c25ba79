"""`limits.md`: the limits of foreign files, and what reading one at its limit costs."""

import json
from collections.abc import Iterator
from typing import Any

from benchmarks.limits import FIGURES
from functions.domain import limits, texts
from functions.domain.limits import KIB, MIB, Limit
from tools.reference.markdown import paragraph, table

_INTRODUCTION = """
The largest files of others that are read. A file beyond a limit is refused with its name, the figure and the next
step: a gate fails, and a manifest is not read. `make reference` generates this page from `functions/domain/limits.py`
and from the figures of `python -m benchmarks.limits`.
"""
_KINDS: dict[str, tuple[Limit, str]] = {
    "manifest, allow-list (YAML)": (limits.YAML, "keys and values"),
    "JUnit, Cobertura (XML)": (limits.XML, "tags"),
    "SARIF, pip-audit, npm audit, preview (JSON)": (limits.JSON, "commas and opening brackets, also within texts"),
    "load run (CSV, JSON)": (limits.LOAD_RUN, "cells; for JSON as above"),
    "`outputs.json` of a command": (limits.OUTPUTS, "as above"),
    "`results.json` of a work item": (limits.RESULTS, "as above"),
}
_ALSO = """
YAML has no aliases, anchors, merges or tags, and a number has at most {number} characters. XML has no entities and no
external references, and a tag or comment has at most {tag}. The paths of one gate match at most {files:,} files, with
{elements:,} elements in all of them. An archive has at most {archive}, its directory {directory}, and any other file in
it {member} unpacked. Texts are cut: {quote} characters are quoted of a name or an answer, {reason:,} are kept of a
reason, and no more than {searched:,} are searched for secrets.
"""
_MEASURED = """
The worst known file at each limit, read with Python {python} on one core: the largest resident memory beyond that of
the interpreter with its libraries, and processor time. Functions that read reports have 1,769 MB, which is one core,
and 100 seconds. An artifact is in memory as well.
"""


def page() -> str:
    """The text of the page."""
    return "\n\n".join(["# Limits", paragraph(_INTRODUCTION), *_parts()]) + "\n"


def _parts() -> Iterator[str]:
    rows = [
        (kind, _bytes(limit.size), f"{limit.elements:,}", words, str(limit.depth))
        for kind, (limit, words) in _KINDS.items()
    ]
    yield table([("file", "unpacked", "elements", "which are", "nested"), *rows])
    yield paragraph(
        _ALSO.format(
            number=limits.LONGEST_NUMBER,
            tag=_bytes(limits.LONGEST_TAG),
            files=limits.MOST_FILES,
            elements=limits.MOST_ELEMENTS,
            archive=_bytes(limits.ARCHIVE),
            directory=_bytes(limits.DIRECTORY),
            member=_bytes(limits.MEMBER),
            quote=texts.QUOTE,
            reason=texts.REASON,
            searched=texts.SEARCHED,
        )
    )
    yield "## Measured"
    figures = json.loads(FIGURES.read_text("utf-8"))
    yield paragraph(_MEASURED.format(python=figures["python"]))
    head = ("file", "unpacked, KiB", "in a zip, KiB", "memory, MiB", "time, s")
    yield table([head, *(_measured(row) for row in figures["rows"])])


def _measured(row: dict[str, Any]) -> tuple[str, ...]:
    return row["file"], f"{row['kib']:,}", f"{row['packedKib']:,}", f"{row['mib']:.0f}", f"{row['seconds']:.1f}"


def _bytes(size: int) -> str:
    return f"{size // MIB} MiB" if size % MIB == 0 else f"{size // KIB} KiB"
