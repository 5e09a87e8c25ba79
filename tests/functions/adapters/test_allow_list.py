"""Reading the allow-list of a repository."""

import pytest

from functions.adapters.allow_list import read_allow_list
from functions.domain.findings import Allowance
from functions.domain.gates import Unreadable

ENTRY = "allowed:\n  - {id: B602, reason: constant input, owner: ada@example.com, expires: 2026-12-31}\n"


def test_an_allow_list_is_read() -> None:
    """Dates with and without quotes, a place where one is given; an empty file allows nothing."""
    expected = Allowance("B602", "constant input", "ada@example.com", "2026-12-31")
    assert read_allow_list(ENTRY.encode(), "a.yml") == (expected,)
    assert read_allow_list(ENTRY.replace("2026-12-31", '"2026-12-31"').encode(), "a.yml") == (expected,)
    assert read_allow_list(b"", "a.yml") == ()
    (placed,) = read_allow_list(b"allowed: [{id: x, place: src/*}]", "a.yml")  # type: ignore[misc]
    assert (placed.place, placed.owner, placed.expires) == ("src/*", "", "")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "not in the repository"),
        (b" " * (256 * 1024 + 1), "bytes"),
        (b"\xff\xfe", "utf-8"),
        (b"allowed: [", "a.yml: "),
        (b"- a", "a.yml: "),
        (b"allowed: 7", "must be a list"),
        (b"allowed: [7]", "entry 1 needs an id"),
        (b"allowed: [{id: 7}]", "entry 1 needs an id"),
        (b"allowed: [{id: x, expires: soon}]", "a.yml: "),
        (b"allowed: [{id: x, expires: 2026-01-01 10:00:00}]", "must be a date"),
        (b"allowed: [{id: x, ownr: ada}]", "ownr is unknown"),
        (b"allowed: " + b"[" * 5_000, "a.yml: "),
    ],
)
def test_an_allow_list_that_cannot_be_read_closes_the_gate(raw: bytes | None, said: str) -> None:
    """A list in doubt allows nothing."""
    found = read_allow_list(raw, "a.yml")
    assert isinstance(found, Unreadable)
    assert found.reason.startswith("a.yml: ")
    assert said in found.reason
