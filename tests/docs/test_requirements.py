"""The page of requirements: every code that is cited has its row, and every row says what keeps it."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "requirements.md"
_LETTERS = "IWPGARNOMTEQ"
_CODE = rf"[{_LETTERS}]\d{{1,2}}"
# Where prose and JSON cite: `(P9)`, `(R1, A4)`, `(I3-I6, T1)`; some ranges have an en dash.
_CITED = re.compile(rf"\(({_CODE}(?:\s*[,\u2013-]\s*{_CODE})*)\)")
_RANGE = re.compile(rf"\b([{_LETTERS}])(\d+)[\u2013-]\1(\d+)\b")
_SOURCES = {".py", ".md", ".json", ".yml", ".yaml", ".graphql"}
_STATES = {"kept", "partly", "not yet"}


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement as the page tells it; `kept_by` are paths of this repository."""

    code: str
    promise: str
    state: str
    kept_by: tuple[str, ...]
    missing: str


def rows() -> list[Row]:
    """The rows in the order of the page."""
    found = []
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(_CODE, cells[0]):
            code, promise, state, kept_by, missing = cells
            found.append(Row(code, promise, state, tuple(re.findall(r"`([^`]+)`", kept_by)), missing))
    return found


def codes(text: str) -> set[str]:
    """Every code in a text; `I3-I6` stands for four."""
    found = set(re.findall(rf"\b{_CODE}\b", text))
    for letter, first, last in _RANGE.findall(text):
        found |= {f"{letter}{number}" for number in range(int(first), int(last) + 1)}
    return found


def documentation(source: str) -> Iterator[str]:
    """The docstrings and comments of a Python file, where a code is cited in whatever form."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
    if re.search(rf"#.*\b{_CODE}\b", source):  # reading all words takes long
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        yield from (token.string for token in tokens if token.type == tokenize.COMMENT)


def sources() -> Iterator[Path]:
    """Every source file of this repository, without what is made (`build`, `reports`) and without this page."""
    for entry in ROOT.iterdir():
        made = entry.name.startswith(".") or entry.name in {"build", "reports"}
        for path in [] if made else entry.rglob("*") if entry.is_dir() else [entry]:
            if path.suffix in _SOURCES and path != PAGE:
                yield path


def cited() -> dict[str, Path]:
    """Every code that is cited anywhere, and one of the files that cite it."""
    found: dict[str, Path] = {}
    for path in sources():
        text = path.read_text("utf-8")
        if not re.search(_CODE, text):  # parsing takes long
            continue
        texts = documentation(text) if path.suffix == ".py" else _CITED.findall(text)
        found |= dict.fromkeys((code for each in texts for code in codes(each)), path)
    return found


def test_every_cited_code_is_explained() -> None:
    """Whoever meets a code in a docstring, a comment, a definition or a guide finds its row."""
    found = cited()
    assert len(found) > 50  # else the search finds nothing, and proves nothing
    explained = {row.code for row in rows()}
    assert {code: file for code, file in found.items() if code not in explained} == {}


def test_a_code_has_one_row_in_order() -> None:
    """Letter by letter as the page groups them, each counted from 1 without a gap."""
    groups: dict[str, list[int]] = {}
    for row in rows():
        groups.setdefault(row.code[0], []).append(int(row.code[1:]))
    assert list(groups) == list(_LETTERS)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in groups.values())


def test_what_is_said_to_keep_a_row_exists() -> None:
    """Every file that a row names is a file of this repository."""
    assert {row.code: path for row in rows() for path in row.kept_by if not (ROOT / path).is_file()} == {}


def test_a_row_says_what_its_state_demands() -> None:
    """A kept row names its tests and nothing missing, a partly kept one both, one that is not built no test."""
    for row in rows():
        assert row.state in _STATES, row.code
        assert row.promise.endswith("."), row.code
        assert bool(row.kept_by) == (row.state != "not yet"), row.code
        assert bool(row.missing) == (row.state == "partly") or row.state == "not yet", row.code
