"""A rollback opens one issue, its end adds a comment, and the next good release closes it."""

from typing import Any

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.releases import Release
from local.github import LocalGitHub
from tests.functions.samples import COMMIT, DEPLOYMENT, RELEASE, detail
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY

TIMES = {"breachedAt": "2026-01-31T08:00:00.000Z", "startedAt": "2026-01-31T08:00:01.500Z"}


def track(stack: Stack, name: str, **changes: Any) -> Any:
    """Run the handler for an event of a rollback of production."""
    happened = detail(name, **{"reason": "errors", **TIMES, **changes})
    return stack.run("events.track_incident", {"detail-type": name, "detail": happened})


def finished(stack: Stack, **changes: Any) -> Any:
    """The event of a rollback's end."""
    end = {"result": "restored", "reason": "hello runs 3", "verifiedAt": "2026-01-31T08:01:01.500Z"}
    return track(stack, "RollbackFinished", **{**end, **changes})


def deployed(stack: Stack, stages: dict[str, str], outcome: str = "deployed") -> Any:
    """The event of a deployment's end."""
    ends = {name: {"result": result} for name, result in stages.items()}
    return track(stack, "DeploymentFinished", outcome=outcome, stages=ends)


def issues(hub: LocalGitHub) -> list[Any]:
    """The issues of the repository."""
    return list(hub.repository(REPOSITORY).issues)


def test_a_rollback_is_one_issue_even_if_events_are_repeated(stack: Stack, hub: LocalGitHub) -> None:
    """R10: with release, alarm, timeline and links; the result is one comment."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:aws:e", "push")
    for _ in range(2):
        track(stack, "RollbackStarted")
        finished(stack)
    (issue,) = issues(hub)
    assert (issue.title, issue.labels) == ("production: 1a2b3c4d5e6f was rolled back", ["incident"])
    for said in (
        f"https://github.example.com/{REPOSITORY}/commit/{COMMIT}",
        "`errors`",
        "rollback started",
        "arn:aws:e",
    ):
        assert said in issue.body
    (comment,) = issue.comments
    assert "read back" in comment.body
    assert "alarm to start 1.5 s, start to verified 60.0 s" in comment.body


def test_without_issues_there_is_no_incident_and_no_dead_letter(stack: Stack, hub: LocalGitHub) -> None:
    """R10: a repository may have them switched off; each rollback would leave three dead letters."""
    hub.repository(REPOSITORY).has_issues = False
    for answer in (track(stack, "RollbackStarted"), finished(stack), deployed(stack, {"production": "passed"})):
        assert answer == {"outcome": "issues are switched off"}
    assert issues(hub) == []


def test_an_end_whose_start_was_lost_opens_the_issue(stack: Stack, hub: LocalGitHub) -> None:
    """Events may arrive in any order or be lost."""
    finished(stack, result="unknown", verifiedAt="")
    (issue,) = issues(hub)
    assert "frozen" in issue.comments[0].body


def test_the_next_good_deployment_closes_it(stack: Stack, hub: LocalGitHub) -> None:
    """In the environments that it passed only; a failed one closes nothing."""
    track(stack, "RollbackStarted")
    deployed(stack, {"production": "restored"}, outcome="restored")
    deployed(stack, {"test": "passed"})
    assert issues(hub)[0].state == "open"
    for _ in range(2):
        deployed(stack, {"test": "passed", "production": "passed"})
    (issue,) = issues(hub)
    assert (issue.state, len(issue.comments)) == ("closed", 1)


def test_a_rollback_of_another_release_is_another_incident(stack: Stack, hub: LocalGitHub) -> None:
    """So is a rollback of another environment."""
    track(stack, "RollbackStarted")
    track(stack, "RollbackStarted", deploymentId="main-2")
    track(stack, "RollbackStarted", environment="test")
    assert len(issues(hub)) == 3


def test_other_issues_are_left_alone(stack: Stack, hub: LocalGitHub) -> None:
    """An incident that a person opened stays open."""
    track(stack, "RollbackStarted")
    issues(hub)[0].body = "the coffee machine is broken"
    deployed(stack, {"production": "passed"})
    assert issues(hub)[0].state == "open"


@pytest.mark.parametrize("name", ["DeploymentStarted", "StageFinished"])
def test_other_events_are_no_incident(stack: Stack, name: str) -> None:
    """GitHub is not queried."""
    assert track(stack, name) == {"outcome": "no incident"}


def test_texts_from_outside_stay_texts(stack: Stack, hub: LocalGitHub) -> None:
    """A reason can't mention people, break a table or contain a marker."""
    track(stack, "RollbackStarted", reason="`@everyone` | <!-- kiro-incident test/x -->\n# headline")
    body = issues(hub)[0].body
    assert "| Alarm or gate | `'@everyone' \\| <! -- kiro-incident test/x -- > # headline` |" in body
    assert deployed(stack, {"test": "passed"})["issues"] == []


def test_an_event_without_a_repository_is_shown_nowhere(stack: Stack) -> None:
    """Such as an operator's rollback of a version that was deployed by hand."""
    assert track(stack, "RollbackStarted", release=Release("", "", "")) == {"outcome": "no repository"}
    assert track(stack, "DeploymentFinished", release=None, outcome="failed") == {"outcome": "no repository"}
