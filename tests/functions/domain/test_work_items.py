"""Work items: names, eligibility, order, attempts and comments, over generated cases."""

import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.work_items import (
    SPEC_FILES,
    Columns,
    Findings,
    Item,
    Record,
    begun,
    branch_problem,
    chosen,
    ended,
    execution_name,
    fingerprint,
    missing,
    wanted,
)

COLUMNS = Columns()
NAMESPACE, MAIN = "kiro/", "main"
texts = st.text(max_size=60)
branches = st.from_regex(r"kiro/[a-z]{1,3}", fullmatch=True)


def item(number: int = 1, branch: str = "kiro/greet", **changes: str) -> Item:
    """A card in the column."""
    made = Item(
        f"PVTI_{number}", "issue", "Greet", branch, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "a/b", number
    )
    return replace(made, **changes)


@given(st.one_of(texts, st.text("abc./-_~^:?*[\\ @{", max_size=20), st.builds("kiro/{}".format, texts)))
def test_a_branch_that_is_let_through_is_harmless(name: str) -> None:
    """An accepted name is no option, no path upwards, safe in a shell, and valid for git."""
    if branch_problem(name, NAMESPACE, MAIN):
        return
    assert re.fullmatch(r"[A-Za-z0-9._/-]+", name)
    assert ".." not in name
    assert not any(part.startswith(("-", ".")) or part.endswith((".", ".lock")) for part in name.split("/"))
    assert name.startswith(NAMESPACE)
    assert subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False).returncode == 0


@pytest.mark.parametrize(
    "name",
    [
        "",
        "main",
        "kiro/",
        "-kiro/x",
        "kiro/-x",
        "kiro/../x",
        "kiro/a b",
        "kiro/'x'",
        "kiro/$(x)",
        "kiro/" + "x" * 300,
        "kiro/ä",
        "kiro/x.lock",
        "kiro/x.",
        "kiro/.x",
        "kiro//x",
        "other/x",
        "kiro/x\n",
        "kiro/x@{1}",
    ],
)
def test_a_dangerous_branch_is_refused(name: str) -> None:
    """Each refused name has a reason that can be shown."""
    problem = branch_problem(name, NAMESPACE, MAIN)
    assert problem
    assert "\n" not in problem


@given(st.text("ab@<!->`\n", max_size=200), st.booleans())
def test_a_reason_calls_nobody_and_hides_nothing(text: str, last: bool) -> None:
    """A comment with any reason contains no mention and no HTML tag."""
    said = ended(Record("PVTI_1"), "failed", text, 1 if last else 2, COLUMNS).comment
    assert "<" not in said
    assert not re.search(r"@\w", said)


@given(st.sets(st.sampled_from(SPEC_FILES)), st.booleans(), st.booleans())
def test_exactly_what_is_missing_is_listed(there: set[str], has_pull: bool, can_open: bool) -> None:
    """Every missing file has one line, and so has a pull request that can't be opened; there are no others."""
    findings = Findings("1" * 40, tuple(there), 1 if has_pull else None, can_open)
    lacks = missing(item(), findings, "", ("a/b",))
    named = [name for name in SPEC_FILES if any(name in lack for lack in lacks)]
    assert named == [name for name in SPEC_FILES if name not in there]
    assert len(lacks) == len(named) + (not has_pull and not can_open)


def test_a_strange_repository_is_named() -> None:
    """The reason names the repository and the worker's repositories."""
    (lack,) = missing(item(repository="x/y"), None, "", ("a/b",))
    assert "x/y" in lack
    assert "a/b" in lack


@given(st.lists(st.tuples(st.integers(0, 50), branches, st.integers(1, 28)), max_size=12), st.integers(0, 5))
def test_the_choice_is_oldest_first_one_per_branch_and_bounded(rows: list[tuple[int, str, int]], free: int) -> None:
    """For any items: oldest first, one per branch, at most as many as are free."""
    items = [item(n, b, created_at=f"2026-01-{day:02}T00:00:00Z") for n, b, day in rows]
    picked = chosen(items, {}, ("branch/a/b/kiro/a",), free, lambda _: None)
    assert len(picked) <= free
    assert len({one.branch for one in picked}) == len(picked)
    assert "kiro/a" not in {one.branch for one in picked}
    assert [one.created_at for one in picked] == sorted(one.created_at for one in picked)


@given(texts, st.integers(0, 10**6), st.integers(1, 999))
def test_a_name_is_one_that_step_functions_takes(branch: str, number: int, attempt: int) -> None:
    """The name has at most 80 characters and is unique for each attempt."""
    one = item(number, branch)
    name = execution_name(one, attempt)
    assert re.fullmatch(r"[A-Za-z0-9-]{1,80}", name)
    assert name != execution_name(one, attempt + 1)


@given(st.integers(1, 6))
def test_an_item_that_always_fails_is_quarantined_after_its_attempts(attempts: int) -> None:
    """It is quarantined after its last attempt; a person gives it all attempts again."""
    one, record = item(), Record("PVTI_1")
    columns = []
    for _ in range(attempts):
        assert wanted(one, record, lambda: None)
        ending = ended(begun(one, record, "arn:stateMachine:w"), "failed", "tests failed", attempts, COLUMNS)
        record = replace(ending.record, moved_at="2026-01-03T00:00:00Z")
        columns.append(ending.column)
    assert columns == [COLUMNS.todo] * (attempts - 1) + [COLUMNS.failed]
    assert not wanted(one, record, lambda: None)
    moved = item(status_since="2026-01-04T00:00:00Z")
    assert wanted(moved, record, lambda: None)
    assert begun(moved, record, "arn:stateMachine:w").failures == 0


def test_being_ineligible_or_busy_costs_no_attempt() -> None:
    """Neither counts as a failure, or moves the card out of its column."""
    record = begun(item(), Record("PVTI_1", failures=1), "arn:stateMachine:w")
    for result in ("ineligible", "busy"):
        ending = ended(record, result, "why", 2, COLUMNS)
        assert ending.record.failures == 1
        assert ending.column in ("", COLUMNS.todo)


def test_an_ineligible_item_waits_for_a_change() -> None:
    """It is checked again after a change of its branch, column or commit."""
    record = Record("PVTI_1", "ineligible", seen=fingerprint(item(), "c1"))
    assert not wanted(item(), record, lambda: "c1")
    assert wanted(item(), record, lambda: "c2")
    assert wanted(item(branch="kiro/other"), record, lambda: "c1")


def test_the_same_comment_is_not_made_twice_in_a_row() -> None:
    """The same comment is left out, and a different one is made."""
    first = ended(Record("PVTI_1"), "ineligible", "tasks.md is missing", 2, COLUMNS)
    assert ended(first.record, "ineligible", "tasks.md is missing", 2, COLUMNS).comment == ""
    assert ended(first.record, "ineligible", "design.md is missing", 2, COLUMNS).comment != ""
