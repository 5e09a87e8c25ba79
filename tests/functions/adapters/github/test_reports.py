"""Reporting: commit statuses, deployments and incidents."""

import pytest

from functions.adapters.github.client import GitHub
from functions.adapters.github.errors import GitHubError, GitHubNotFoundError
from functions.domain.errors import BadInputError
from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, WorkingCopy


@pytest.fixture
def shas(copy: WorkingCopy) -> tuple[str, str]:
    """Two commits on main, the older first."""
    first, second = copy.commit("first", {"a": "1"}), copy.commit("second", {"a": "2"})
    copy.push()
    return first, second


@pytest.mark.parametrize("sha", ["main", "1" * 39, "../../../other/repo/statuses/" + "1" * 40])
def test_only_a_commit_gets_a_status(github: GitHub, hub: LocalGitHub, sha: str) -> None:
    """Anything else would become part of the request's path; nothing is sent."""
    with pytest.raises(BadInputError, match="is no full commit id"):
        github.set_status(REPOSITORY, sha, "kiro/test", "success", "all is well")
    assert hub.requests == []


def test_a_status_is_set_in_one_request(github: GitHub, hub: LocalGitHub, shas: tuple[str, str]) -> None:
    """Context, state, address and a description cut to GitHub's 140 characters arrive."""
    hub.requests.clear()
    github.set_status(REPOSITORY, shas[1], "kiro/staging", "success", "ü" * 200, "https://example.com/run")
    (status,) = hub.repository(REPOSITORY).statuses
    assert (status.sha, status.context, status.state) == (shas[1], "kiro/staging", "success")
    assert (status.description, status.target_url) == ("ü" * 139 + "…", "https://example.com/run")
    assert len(hub.requests) == 1


def test_a_status_needs_no_address(github: GitHub, hub: LocalGitHub, shas: tuple[str, str]) -> None:
    """Without a page to link to, none is sent."""
    github.set_status(REPOSITORY, shas[1], "kiro/test", "pending", "testing")
    assert hub.repository(REPOSITORY).statuses[0].target_url is None


def test_a_status_of_an_unknown_commit_is_not_found(github: GitHub, shas: tuple[str, str]) -> None:
    """A commit that a forced push removed is told as missing."""
    with pytest.raises(GitHubNotFoundError):
        github.set_status(REPOSITORY, "12345678" * 5, "kiro/test", "pending", "testing")


def test_a_request_github_does_not_accept_says_why(github: GitHub, shas: tuple[str, str]) -> None:
    """A 422 carries GitHub's own reason."""
    with pytest.raises(GitHubError, match="target_url must use http"):
        github.set_status(REPOSITORY, shas[1], "kiro/test", "pending", "testing", "ftp://example.com")


def test_an_older_commit_with_red_statuses_can_be_deployed(
    github: GitHub, hub: LocalGitHub, shas: tuple[str, str]
) -> None:
    """A rollback is announced although GitHub, by default, would merge or refuse it."""
    github.set_status(REPOSITORY, shas[0], "kiro/test", "failure", "red")
    number = github.create_deployment(
        REPOSITORY, shas[0], "production", "rollback", {"key": "deployment-7"}, production=True
    )
    (deployment,) = hub.repository(REPOSITORY).deployments
    assert (deployment.id, deployment.sha, deployment.environment) == (number, shas[0], "production")
    assert (deployment.production, deployment.transient) == (True, False)
    assert deployment.payload == {"key": "deployment-7"}


def test_a_deployment_is_found_by_its_key(github: GitHub, hub: LocalGitHub, shas: tuple[str, str]) -> None:
    """A retried step finds what it announced, and nothing else."""
    made = github.create_deployment(REPOSITORY, shas[1], "staging", "", {"key": "one"})
    github.create_deployment(REPOSITORY, shas[1], "staging", "", {"key": "two"})
    hub.repository(REPOSITORY).deployments[1].payload = "another system's text"
    assert github.find_deployment(REPOSITORY, shas[1], "staging", "one") == made
    assert github.find_deployment(REPOSITORY, shas[1], "staging", "two") is None
    assert github.find_deployment(REPOSITORY, shas[1], "production", "one") is None
    assert github.find_deployment(REPOSITORY, shas[0], "staging", "one") is None


def test_a_deployment_is_found_on_a_later_page(github: GitHub, shas: tuple[str, str]) -> None:
    """More than one page of deployments is searched."""
    first = github.create_deployment(REPOSITORY, shas[1], "staging", "", {"key": "first"})
    for number in range(101):
        github.create_deployment(REPOSITORY, shas[1], "staging", "", {"key": str(number)})
    assert github.find_deployment(REPOSITORY, shas[1], "staging", "first") == first


def test_a_deployment_tells_how_it_goes(github: GitHub, hub: LocalGitHub, shas: tuple[str, str]) -> None:
    """State, log and environment address arrive in one request."""
    made = github.create_deployment(REPOSITORY, shas[1], "staging", "", {})
    hub.requests.clear()
    github.set_deployment_status(
        REPOSITORY, made, "success", "d" * 200, "https://example.com/log", "https://staging.example.com"
    )
    (status,) = hub.repository(REPOSITORY).deployments[0].statuses
    assert (status.state, status.log_url) == ("success", "https://example.com/log")
    assert (status.environment_url, len(status.description)) == ("https://staging.example.com", 140)
    assert len(hub.requests) == 1


def test_a_missing_deployment_is_not_found(github: GitHub) -> None:
    """The status of a deployment nobody made is a fault."""
    with pytest.raises(GitHubNotFoundError, match="status of deployment 7"):
        github.set_deployment_status(REPOSITORY, 7, "success", "")


def test_an_incident_is_opened_commented_and_closed(github: GitHub, hub: LocalGitHub) -> None:
    """Its marker finds it while it is open, among issues with the same label."""
    github.open_issue(REPOSITORY, "Other", "<!-- kiro:staging -->", ["incident"])
    number = github.open_issue(REPOSITORY, "Rolled back", "What happened\n<!-- kiro:production -->", ["incident"])
    assert github.find_issue(REPOSITORY, "incident", "<!-- kiro:production -->") == number
    assert github.find_issue(REPOSITORY, "bug", "<!-- kiro:production -->") is None
    github.comment(REPOSITORY, number, "restored")
    github.close_issue(REPOSITORY, number)
    github.close_issue(REPOSITORY, number)
    issue = hub.repository(REPOSITORY).issues[1]
    assert (issue.state, [one.body for one in issue.comments]) == ("closed", ["restored"])
    assert github.find_issue(REPOSITORY, "incident", "<!-- kiro:production -->") is None
