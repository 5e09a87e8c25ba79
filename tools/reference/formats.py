"""`formats.md`: which tools' files are read, from the corpus that the tests read them from."""

import json
from collections.abc import Iterator
from pathlib import Path

from tools.reference.markdown import code, paragraph, table

CORPUS = Path(__file__).parents[2] / "tests" / "recorded" / "corpus"
_INTRODUCTION = """
What each tool's file is answered, written by `make reference` from `tests/recorded/corpus`: one small file for each
tool, which the tests read as the gates do. A gate that is closed says what it found, or why the file is not read and
what to run instead.
"""
_FORMATS = {
    "junit": "Tests: `build.junit`, `gates.afterDeploy`, and the worker's build",
    "cobertura": "Coverage: `build.cobertura`, and the worker's build (which reads LCOV, too)",
    "sarif": "Security scans: `gates.sarif`",
    "pipAudit": "Security scans: `gates.pipAudit`",
    "npmAudit": "Security scans: `gates.npmAudit`",
    "performance": "Load runs: `gates.afterDeploy`, `performance`",
    "tasks": "A spec's `tasks.md`",
}


def page() -> str:
    """The whole page."""
    parts = ["# Formats", paragraph(_INTRODUCTION), *_sections()]
    return "\n\n".join(parts) + "\n"


def _sections() -> Iterator[str]:
    for folder, heading in _FORMATS.items():
        rows = json.loads((CORPUS / folder / "expected.json").read_text("utf-8"))
        yield f"## {heading}"
        yield table(
            [
                ("written by", "file", "gate", "it says"),
                *((row["tool"], code(row["file"]), *_answer(row)) for row in rows),
            ]
        )


def _answer(row: dict[str, str]) -> tuple[str, str]:
    words = row["says"].replace("|", "\\|").replace("<", "&lt;")
    return ("open" if row["outcome"] == "passed" else "closed"), f"…{words}…"
