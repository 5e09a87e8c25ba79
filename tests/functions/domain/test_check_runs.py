"""The check run of a gate: what it says, and where (G5)."""

import pytest
from msgspec.structs import replace

from functions.domain.check_runs import MOST_NOTES, CheckRun, check_runs
from functions.domain.events import GatesJudged
from functions.domain.findings import Scans
from functions.domain.gates import Note, Verdict
from tests.functions.samples import DEPLOYMENT, RELEASE

FAILED = Verdict("tests", "failed", "1 of 3 tests failed: `test_sum`")
NOTE = Note("failure", "test_sum", "assert 1 == 2", "tests/test_sum.py", 7)
JUDGED = GatesJudged(DEPLOYMENT, RELEASE, (FAILED,), "b.zip", Scans(), log="https://console.example.com/log")


def run(*notes: Note, verdict: Verdict = FAILED) -> CheckRun:
    """The check run of one gate."""
    (made,) = check_runs(replace(JUDGED, gates=(verdict,)), {verdict.name: notes})
    return made


def test_a_failed_test_is_shown_at_its_line() -> None:
    """The title is the reason, the link is the log of the build."""
    assert run(NOTE) == CheckRun(
        "kiro/gate/tests",
        f"{DEPLOYMENT}/tests",
        "failure",
        FAILED.reason,
        FAILED.reason,
        (NOTE,),
        "https://console.example.com/log",
    )


def test_a_gate_that_passed_shows_no_failure() -> None:
    """A finding that the allow-list accepts is a warning."""
    made = run(NOTE, verdict=Verdict("security", "passed", "1 allowed by the list"))
    assert (made.conclusion, [one.level for one in made.notes]) == ("success", ["warning"])


@pytest.mark.parametrize(
    ("path", "line", "shown"),
    [
        ("./src/a.py", 3, "src/a.py"),
        ("/codebuild/output/src123/src/s3/00/src/a.py", 3, "src/a.py"),
        ("file:///codebuild/output/src123/src/src/a.py", 3, "src/a.py"),
        ("/usr/lib/python3/a.py", 3, ""),
        ("../a.py", 3, ""),
        ("https://example.com/a.py", 3, ""),
        ("src/a.py", 0, ""),
        ("", 3, ""),
    ],
)
def test_only_places_in_the_repository_are_annotated(path: str, line: int, shown: str) -> None:
    """The others are listed in the summary."""
    made = run(replace(NOTE, path=path, line=line))
    assert [one.path for one in made.notes] == ([shown] if shown else [])
    assert ("- `test_sum`: assert 1 == 2" in made.summary) is not bool(shown)


def test_the_number_of_all_places_is_told() -> None:
    """GitHub takes 50 in a request; nobody reads thousands."""
    made = run(*[NOTE] * (MOST_NOTES + 1))
    assert len(made.notes) == MOST_NOTES
    assert f"{MOST_NOTES} of {MOST_NOTES + 1} places are shown." in made.summary
    many = run(*[replace(NOTE, path="")] * 51)
    assert many.summary.endswith("- and 1 more")


def test_what_a_report_says_is_no_markup_and_no_secret() -> None:
    """Reports quote what programs printed."""
    token = "ghp_" + "a1" * 18
    made = run(Note("failure", f"`{token}`", f"@acme <b>{token}</b>"))
    assert token not in made.summary
    assert "<b>" not in made.summary
    assert "@acme" not in made.summary
    assert token not in run(replace(NOTE, message=token)).notes[0].message
    assert run(replace(NOTE, message="")).notes[0].message == "test_sum"
