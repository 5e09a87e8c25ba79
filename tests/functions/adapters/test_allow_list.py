"""Reading the allow-list of a repository."""

import pytest

from functions.adapters.allow_list import read_allow_list
from functions.domain.findings import Allowance
from functions.domain.gates import Unreadable

ENTRY = "allowed:\n  - {id: B602, reason: constant input, owner: ada@example.com, expires: 2026-12-31}\n"


def test_an_allow_list_is_read() -> None:
    """Quoted and unquoted dates and an optional place are read; an empty file has no entries."""
    expected = Allowance("B602", "constant input", "ada@example.com", "2026-12-31")
    assert read_allow_list(ENTRY.encode(), "a.yml") == (expected,)
    assert read_allow_list(ENTRY.replace("2026-12-31", '"2026-12-31"').encode(), "a.yml") == (expected,)
    assert read_allow_list(b"", "a.yml") == ()
    (placed,) = read_allow_list(b"allowed: [{id: x, place: src/*}]", "a.yml")  # type: ignore[misc]
    assert (placed.place, placed.owner, placed.expires) == ("src/*", "", "")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "a.yml: not in the repository"),
        (b" " * (256 * 1024 + 1), "a.yml: 262145 bytes, 262144 allowed"),
        (b"\xff\xfe", "a.yml:1:1: not UTF-8: save it as UTF-8"),
        (b"allowed: [", "a.yml:1:11: not YAML: a list or mapping in brackets is not closed"),
        (b"- id: a", "a.yml:1:1: expected the key `allowed`: write `allowed:` above the list"),
        (b"text", "a.yml:1:1: expected the key `allowed`"),
        (b"allow: []", "a.yml:1:1: allow is unknown: the list stands under `allowed`"),
        (b"allowed: []\nallowd: []", "a.yml:2:1: allowd is unknown"),
        (b"allowed: []\nallowed: []", "a.yml:2:1: allowed stands twice, first in line 1"),
        (b"allowed: 7", "a.yml:1:1: allowed must be a list: begin each entry with"),
        (b"allowed: {id: x}", "a.yml:1:1: allowed must be a list"),
        (b"allowed: [7]", "a.yml:1:11: entry 1 needs an id: name the rule or the advisory"),
        (b"allowed: [{id: ' '}]", "entry 1 needs an id"),
        (b"allowed: [{id: 7}]", "a.yml:1:12: entry 1 needs an id (a text), YAML reads 7 as a number: quote it"),
        (b"allowed: [{id: [a]}]", "it is a list or a mapping: write a text"),
        (
            b"allowed:\n- id: x\n  expires: soon",
            "a.yml:3:3: entry 1 (x): expires must be a date, soon is none",
        ),
        (b"allowed: [{id: x, expires: 2026-02-30}]", "expires must be a date, 2026-02-30 is none"),
        (b"allowed: [{id: x, expires: 20261231}]", "expires must be a text, YAML reads 20261231 as a number"),
        (b"allowed: [{id: x, expires: 2026-01-01 10:00:00}]", "must be a date"),
        (b"allowed: [{id: x, reason: no}]", "entry 1 (x): reason must be a text, YAML reads no as a truth value"),
        (b"allowed: [{id: x, place: 7}]", "entry 1 (x): place must be a text"),
        (b"allowed: [{id: x}, {id: y, ownr: ada}]", "a.yml:1:28: entry 2 (y): ownr is unknown: write owner"),
        (b"allowed: [&a {id: x}, *a]", "a.yml:1:11: aliases and anchors are refused"),
        (b"allowed: " + b"[" * 60, "a.yml:1:59: nested more than 50 deep"),
    ],
)
def test_an_allow_list_that_cannot_be_read_closes_the_gate(raw: bytes | None, said: str) -> None:
    """An invalid list allows nothing; the reason has file, line, column, entry, mistake and next step."""
    found = read_allow_list(raw, "a.yml")
    assert isinstance(found, Unreadable)
    assert said in found.reason


def test_all_mistakes_of_a_list_are_told_at_once() -> None:
    """The reason lists all mistakes, so that one push can correct them."""
    found = read_allow_list(b"allowed:\n- {id: x, owner: yes}\n- {id: y, expires: 1.1.2026}\n", "a.yml")
    assert isinstance(found, Unreadable)
    assert ("entry 1 (x): owner" in found.reason, "entry 2 (y): expires" in found.reason) == (True, True)
