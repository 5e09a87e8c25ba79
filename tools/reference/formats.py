"""`formats.md`: the report formats of tools, from the corpus that the tests use."""

import json
from collections.abc import Iterator
from pathlib import Path

from tools.reference.markdown import code, paragraph, table

CORPUS = Path(__file__).parents[2] / "tests" / "recorded" / "corpus"
_INTRODUCTION = """
The result of a gate for the report of each tool. `make reference` generates this page from `tests/recorded/corpus`,
which has one small file for each tool. A closed gate says what it found, or why it can't read the file and what to run
instead.
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
    """The text of the page."""
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
