"""Texts of the GitHub issue about a rollback."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.events import DeploymentFinished, RollbackFinished, RollbackStarted
from functions.domain.incidents import (
    Links,
    closed,
    end_marker,
    ended,
    environment_of,
    marker,
    opened,
    title,
)
from functions.domain.records import DeploymentRecord, StageRecord
from functions.domain.releases import Release
from functions.domain.rollback import RollbackResult
from tests.functions.samples import COMMIT, DEPLOYMENT, RELEASE

LINKS = Links("https://github.example.com", "https://runbooks.example.com", "eu-central-1")
TIMES = {"breached_at": "2026-01-31T08:00:00.000Z", "started_at": "2026-01-31T08:00:01.500Z"}
STARTED = RollbackStarted(DEPLOYMENT, RELEASE, "production", "errors: above 5", **TIMES)
ENDED = RollbackFinished(
    DEPLOYMENT,
    RELEASE,
    "production",
    "restored",
    "hello runs 3",
    "errors: above 5",
    **TIMES,
    verified_at="2026-01-31T08:01:01.500Z",
)
RECORD = DeploymentRecord(
    DEPLOYMENT,
    execution="arn:aws:states:eu-central-1:123456789012:execution:kiro:main-1",
    started_at="2026-01-31T07:30:00.000Z",
    stages={
        "production": StageRecord("failed", finished_at="2026-01-31T07:59:00.000Z"),
        "test": StageRecord("passed", finished_at="2026-01-31T07:40:00.000Z"),
    },
)


def row(body: str, name: str) -> str:
    """The value of a row in a body's table; empty without such a row."""
    rows = (line for line in body.splitlines() if line.startswith(f"| {name} | "))
    return next(rows, f"| {name} |  |").removeprefix(f"| {name} | ").removesuffix(" |")


def timeline(body: str) -> list[str]:
    """The lines of a body's timeline."""
    return [line for line in body.splitlines() if line.startswith("- ")]


def test_the_title_tells_environment_and_release() -> None:
    """The title has the environment and the short commit."""
    assert title(STARTED) == "production: 1a2b3c4d5e6f was rolled back"


def test_a_title_without_a_commit_names_the_deployment() -> None:
    """A release without a commit is named by its deployment."""
    by_hand = replace(STARTED, release=Release("", "", ""), deployment_id="main-x")
    assert title(by_hand) == "production: main-x was rolled back"


def test_an_incident_is_found_by_its_marker() -> None:
    """A marker belongs to exactly one deployment and one environment, and the environment is read back from it."""
    body = opened(STARTED, RECORD, LINKS)
    assert marker("production", DEPLOYMENT) in body
    assert marker("production", DEPLOYMENT[:-1]) not in body
    assert environment_of(body) == "production"


@pytest.mark.parametrize("body", ["", "the coffee machine is broken", "<!-- kiro-incident -->", "kiro-incident test/x"])
def test_other_issues_are_of_no_environment(body: str) -> None:
    """An issue without the marker is not an incident, whatever its label."""
    assert environment_of(body) is None


def test_a_new_incident_says_what_why_and_where_to_look() -> None:
    """R10: a new incident has release, author, alarm, deployment and runbook."""
    body = opened(STARTED, RECORD, LINKS)
    assert row(body, "Environment") == "production"
    assert row(body, "Release") == (f"[`1a2b3c4d5e6f`](https://github.example.com/acme/hello-service/commit/{COMMIT})")
    assert row(body, "Title") == "`feat: greet`"
    assert row(body, "Author") == "`Ada`"
    assert row(body, "Alarm or gate") == "`errors: above 5`"
    assert row(body, "Runbook") == "https://runbooks.example.com"
    assert row(body, "Deployment") == (
        f"[{DEPLOYMENT}](https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1"
        f"#/v2/executions/details/{RECORD.execution})"
    )


def test_the_timeline_is_in_order() -> None:
    """The lines of the timeline are ordered by time, whatever the order of stages in the record."""
    assert timeline(opened(STARTED, RECORD, LINKS)) == [
        "- `2026-01-31T07:30:00.000Z` deployment started",
        "- `2026-01-31T07:40:00.000Z` test: passed",
        "- `2026-01-31T07:59:00.000Z` production: failed",
        "- `2026-01-31T08:00:00.000Z` alarm or failure",
        "- `2026-01-31T08:00:01.500Z` rollback started",
    ]


def test_what_is_not_known_has_no_line() -> None:
    """Without a record, a release or a time, the lines about them are left out and the others stay."""
    body = opened(RollbackStarted(DEPLOYMENT, Release("", "", ""), "test", "", "", ""), None, LINKS)
    assert (row(body, "Release"), row(body, "Deployment")) == ("unknown", f"`{DEPLOYMENT}`")
    for name in ("Title", "Author", "Alarm or gate"):
        assert f"| {name} |" not in body
    assert timeline(body) == []


@given(st.text())
def test_texts_from_outside_stay_texts(text: str) -> None:
    """Any text of a commit or an alarm stays one quoted row, and can't end its quotation."""
    release = replace(RELEASE, message=text, author=text)
    body = opened(replace(STARTED, reason=text, release=release), None, LINKS)
    for name in ("Title", "Author", "Alarm or gate"):
        cell = row(body, name)
        assert cell.count("`") in (0, 2)
        assert cell.strip("`").replace("\\|", "").count("|") == 0
    assert environment_of(body) == "production"
    assert body.count("\n") <= opened(STARTED, None, LINKS).count("\n")


def test_a_long_text_is_cut() -> None:
    """A text from outside is cut to its limit, because GitHub limits the body."""
    assert len(row(opened(replace(STARTED, reason="x" * 5000), None, LINKS), "Alarm or gate")) == 1002


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("restored", "read back from the environment"),
        ("partly", "no earlier version"),
        ("unknown", "The environment is frozen"),
    ],
)
def test_the_end_says_how_it_stands_now(result: RollbackResult, words: str) -> None:
    """R5: the comment says what the result means; only `unknown` requires a person to act."""
    assert words in ended(replace(ENDED, result=result))


def test_the_end_tells_what_was_found_and_how_long_it_took() -> None:
    """R10: the comment has what was found, and both times of the rollback clock in seconds."""
    said = ended(ENDED)
    assert said.startswith("<!-- kiro-rollback 2026-01-31T08:01:01.500Z -->\n")
    assert "Found: `hello runs 3`" in said
    assert said.endswith("Verified at `2026-01-31T08:01:01.500Z`; alarm to start 1.5 s, start to verified 60.0 s.")


def test_an_end_that_was_never_verified_says_no_time() -> None:
    """The comment on a rollback without a verified end has no times and no finding."""
    said = ended(replace(ENDED, result="unknown", reason="", verified_at=""))
    assert said.startswith("<!-- kiro-rollback unrecorded -->\n")
    assert "Verified" not in said
    assert "Found" not in said


def test_the_ends_of_two_rollbacks_of_a_release_differ() -> None:
    """Each rollback of a release has its own marker, so that the second one is also commented on."""
    assert end_marker(ENDED) in ended(ENDED)
    assert end_marker(ENDED) != end_marker(replace(ENDED, verified_at="2026-01-31T09:00:00.000Z"))


@pytest.mark.parametrize(("release", "commit"), [(RELEASE, COMMIT), (None, "")])
def test_an_incident_is_closed_by_a_named_deployment(release: Release | None, commit: str) -> None:
    """The closing comment names the commit and the deployment."""
    said = closed(DeploymentFinished("main-2", "deployed", "all well", release), "production")
    assert said == f"production is healthy again: {commit} was deployed and passed (`main-2`)."
