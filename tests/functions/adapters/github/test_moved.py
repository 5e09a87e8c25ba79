"""Renamed repositories and branches, and archived repositories: each is a fault that names the setting.

https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects: any request may
be redirected; a write is answered with 307 and "Moved Permanently" (https://github.com/18F/charlie/pull/85).
"""

from collections.abc import Callable

import pytest

from functions.adapters.github.client import GitHub
from functions.adapters.github.errors import GitHubError, GitHubNotFoundError, GitHubRefusedError
from functions.adapters.github.graphql import GraphQL
from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, WorkingCopy

Call = Callable[[GitHub, str], object]
CALLS: dict[str, Call] = {
    "read": lambda github, sha: github.read_file(REPOSITORY, "a", sha),
    "list": lambda github, sha: github.find_deployment(REPOSITORY, sha, "test", "key"),
    "compare": lambda github, sha: github.compare(REPOSITORY, sha, sha),
    "status": lambda github, sha: github.set_status(REPOSITORY, sha, "gates", "success", "passed"),
    "deployment": lambda github, sha: github.create_deployment(REPOSITORY, sha, "test", "first", {"key": "k"}),
    "issue": lambda github, _: github.open_issue(REPOSITORY, "title", "body", []),
    "sarif": lambda github, sha: github.upload_sarif(REPOSITORY, sha, "refs/heads/main", b"{}"),
}
WRITES = ("status", "deployment", "issue", "sarif")


@pytest.fixture
def sha(copy: WorkingCopy) -> str:
    """The head of main."""
    made = copy.commit("first", {"a": "1"})
    copy.push()
    return made


@pytest.mark.parametrize("call", CALLS)
def test_a_renamed_repository_is_a_fault_that_names_the_setting(
    github: GitHub, hub: LocalGitHub, sha: str, call: str
) -> None:
    """Neither a read of another ref nor a write that did nothing passes for success."""
    hub.store.rename_repository(REPOSITORY, "renamed")
    with pytest.raises(GitHubError, match=r"renamed or transferred.* github\.repositories") as caught:
        CALLS[call](github, sha)
    assert not isinstance(caught.value, GitHubNotFoundError)
    renamed = hub.repository("acme/renamed")
    assert [*renamed.statuses, *renamed.deployments, *renamed.issues, *renamed.sarifs] == []


def test_a_connection_without_retries_follows_no_redirect_either(graphql: GraphQL, hub: LocalGitHub, sha: str) -> None:
    """The board's connection makes REST calls, too."""
    hub.store.rename_repository(REPOSITORY, "renamed")
    with pytest.raises(GitHubError, match="renamed or transferred"):
        graphql.comment(REPOSITORY, 1, "text")


def test_a_repository_is_found_by_its_number(api_get: Callable[[str], tuple[int, str]], hub: LocalGitHub) -> None:
    """The address of a redirect leads to the renamed repository, with the request's query."""
    number = hub.repository(REPOSITORY).id
    hub.store.rename_repository(REPOSITORY, "renamed")
    status, location = api_get(f"/repos/{REPOSITORY}/issues?state=open")
    assert (status, location) == (301, f"{hub.api_url}/repositories/{number}/issues?state=open")
    assert api_get(f"/repositories/{number}/issues?state=open")[0] == 200


def test_a_renamed_branch_is_a_fault_with_its_new_name(github: GitHub, hub: LocalGitHub, sha: str) -> None:
    """https://docs.github.com/rest/branches/branches#get-a-branch: 301."""
    hub.repository(REPOSITORY).former_branches["master"] = "main"
    with pytest.raises(GitHubError, match=r"branch was renamed to main: set github\.mainBranch"):
        github.branch_head(REPOSITORY, "master")


@pytest.mark.parametrize("call", WRITES)
def test_an_archived_repository_is_a_fault_that_says_so(github: GitHub, hub: LocalGitHub, sha: str, call: str) -> None:
    """The credential lacks nothing, so no permission is named. The message: https://github.com/r-universe-org/help/issues/247."""
    hub.repository(REPOSITORY).archived = True
    assert github.read_file(REPOSITORY, "a", sha) == b"1"
    with pytest.raises(GitHubRefusedError, match=r"unarchive the repository") as caught:
        CALLS[call](github, sha)
    assert "grant" not in str(caught.value)
