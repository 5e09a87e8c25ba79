"""REST for reports: statuses, deployments, issues, pull requests and code scanning."""

import base64
import gzip
import json
from typing import Any

import pytest
import requests
from github import GithubException
from github.Repository import Repository

from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy


@pytest.fixture
def sha(copy: WorkingCopy) -> str:
    """One pushed commit."""
    made = copy.commit("first", {"a": "1"})
    copy.push()
    return made


def _post(hub: LocalGitHub, path: str, body: dict[str, Any]) -> requests.Response:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return requests.post(f"{hub.api_url}/repos/{REPOSITORY}/{path}", json=body, headers=headers, timeout=10)


def test_the_newest_status_of_each_context_counts(api: Repository, sha: str) -> None:
    """A context has its newest state; one pending context makes the combined state pending."""
    commit = api.get_commit(sha)
    assert commit.get_combined_status().state == "pending"
    for state, context in (("failure", "test"), ("success", "test"), ("pending", "staging")):
        commit.create_status(state, context=context)
    combined = commit.get_combined_status()
    assert {one.context: one.state for one in combined.statuses} == {"test": "success", "staging": "pending"}
    assert (combined.state, combined.total_count) == ("pending", 2)
    assert [one.state for one in commit.get_statuses()] == ["pending", "success", "failure"]
    commit.create_status("error", context="test")
    assert api.get_commit("main").get_combined_status().state == "failure"


@pytest.mark.parametrize(
    "wrong",
    [{"state": "done"}, {}, {"state": "success", "description": "x" * 141}, {"state": "success", "sha": "0" * 40}],
)
def test_a_status_that_github_refuses_is_refused(hub: LocalGitHub, sha: str, wrong: dict[str, str]) -> None:
    """An unknown or missing state, a long description and an unknown commit are answered with 422."""
    answer = _post(hub, f"statuses/{wrong.pop('sha', sha)}", wrong)
    assert answer.status_code == 422
    assert hub.repository(REPOSITORY).statuses == []


def test_a_deployment_by_default_needs_a_green_and_recent_ref(
    hub: LocalGitHub, api: Repository, copy: WorkingCopy, sha: str
) -> None:
    """GitHub refuses a ref that is behind, and one with a status that is not a success."""
    copy.commit("second", {"a": "2"})
    copy.push()
    assert _post(hub, "deployments", {"ref": sha}).status_code == 409
    api.get_commit("main").create_status("pending", context="test")
    refused = _post(hub, "deployments", {"ref": "main"})
    assert (refused.status_code, "status checks failed" in refused.json()["message"]) == (409, True)
    assert _post(hub, "deployments", {"ref": "main", "required_contexts": []}).status_code == 201


def test_deployments_are_found_by_what_they_deploy(api: Repository, sha: str) -> None:
    """The parameters sha, ref and environment filter the list, newest first."""
    made = [api.create_deployment("main", environment=name, required_contexts=[]) for name in ("test", "production")]
    assert [one.id for one in api.get_deployments(sha=sha)] == [made[1].id, made[0].id]
    (found,) = api.get_deployments(environment="production", ref="main")
    assert (found.production_environment, made[0].production_environment) == (True, False)
    found.create_status("in_progress")
    found.create_status("success", environment_url="https://example.com")
    assert [one.state for one in found.get_statuses()] == ["success", "in_progress"]


def test_issues_are_opened_labelled_and_closed(api: Repository) -> None:
    """New labels are created; lists filter by label and state."""
    first = api.create_issue("one", "body", labels=["incident", "prod"], assignees=["ada"])
    api.create_issue("two", labels=["incident"])
    assert [issue.number for issue in api.get_issues(labels=["incident", "prod"])] == [1]
    assert [issue.number for issue in api.get_issues(assignee="ada")] == [1]
    first.add_to_labels("seen")
    first.remove_from_labels("prod")
    assert {label.name for label in api.get_labels()} == {"incident", "prod", "seen"}
    first.edit(state="closed")
    assert [issue.number for issue in api.get_issues()] == [2]
    closed = api.get_issue(1)
    assert (closed.state, closed.state_reason, closed.closed_at is not None) == ("closed", "completed", True)
    assert [label.name for label in closed.labels] == ["incident", "seen"]


def test_comments_are_written_changed_and_deleted(api: Repository) -> None:
    """The list has the remaining comments, oldest first."""
    issue = api.create_issue("one")
    first, second = issue.create_comment("first"), issue.create_comment("second")
    first.edit("changed")
    second.delete()
    assert [comment.body for comment in api.get_issue(1).get_comments()] == ["changed"]


def test_a_pull_request_shows_its_branch(api: Repository, copy: WorkingCopy, sha: str) -> None:
    """A pull request has draft, head, base and commits, and lists filter by head, base and state."""
    copy.git("checkout", "--quiet", "-b", "item/7")
    head = copy.commit("work", {"b": "1"})
    copy.push()
    issue = api.create_issue("takes number one")
    pull = api.create_pull("main", "item/7", title="Item 7", body="Closes #1", draft=True)
    assert (pull.number, pull.draft, pull.head.sha, pull.base.sha) == (issue.number + 1, True, head, sha)
    assert pull.commits == 1
    pull.create_issue_comment("ready soon")
    assert [one.number for one in api.get_pulls(head="acme:item/7", base="main")] == [2]
    assert list(api.get_pulls(head="acme:other")) == []
    assert [one.number for one in api.get_commit(head).get_pulls()] == [2]
    assert [one.pull_request is not None for one in api.get_issues()] == [True, False]
    pull.edit(state="closed")
    assert list(api.get_pulls()) == []
    assert [one.number for one in api.get_pulls(state="all")] == [2]


def test_an_invalid_pull_request_is_refused(api: Repository, copy: WorkingCopy, sha: str) -> None:
    """An unknown branch, a branch without commits and a second pull request get 422 with GitHub's reason."""
    copy.git("checkout", "--quiet", "-b", "same")
    copy.push()
    with pytest.raises(GithubException, match="Validation Failed"):
        api.create_pull("main", "nothing", title="t")
    with pytest.raises(GithubException, match="Validation Failed") as nothing_new:
        api.create_pull("main", "same", title="t")
    assert "No commits between main and same" in str(nothing_new.value)
    copy.commit("work", {"b": "1"})
    copy.push()
    api.create_pull("main", "same", title="t")
    with pytest.raises(GithubException) as again:
        api.create_pull("main", "same", title="t")
    assert "A pull request already exists for acme:same." in str(again.value)


def test_a_sarif_upload_is_unpacked_and_kept(hub: LocalGitHub, sha: str) -> None:
    """The uploaded document is recorded, and its processing is complete."""
    document = {"version": "2.1.0", "runs": []}
    packed = base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()
    answer = _post(hub, "code-scanning/sarifs", {"commit_sha": sha, "ref": "refs/heads/main", "sarif": packed})
    assert answer.status_code == 202
    status = requests.get(answer.json()["url"], headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10).json()
    assert status["processing_status"] == "complete"
    assert hub.repository(REPOSITORY).sarifs[0].document == document
    broken = _post(hub, "code-scanning/sarifs", {"commit_sha": sha, "ref": "refs/heads/main", "sarif": "eHg="})
    assert broken.status_code == 400


def test_a_dispatch_has_at_most_ten_properties(hub: LocalGitHub) -> None:
    """A larger payload is refused, as on GitHub."""
    body = {"event_type": "deploy-infrastructure", "client_payload": dict.fromkeys("abcdefghijk", 1)}
    assert _post(hub, "dispatches", body).status_code == 422


def test_moves_of_branches_are_listed(api: Repository, copy: WorkingCopy, sha: str) -> None:
    """Newest first, with who moved them from where to where; a branch is named with or without `refs/heads/`."""
    second = copy.commit("second", {"a": "2"})
    copy.push("origin", "HEAD:main", "HEAD:topic")
    copy.git("reset", "--quiet", "--hard", sha)
    copy.push("--force", "origin", "HEAD:main")
    copy.push("origin", ":topic")
    for ref in ("main", "refs/heads/main"):
        _, found = api.requester.requestJsonAndCheck("GET", f"{api.url}/activity", parameters={"ref": ref})
        assert [(one["activity_type"], one["after"], one["actor"]["login"]) for one in found] == [
            ("force_push", sha, "ada"),
            ("push", second, "ada"),
            ("branch_creation", sha, "ada"),
        ]
    _, everything = api.requester.requestJsonAndCheck("GET", f"{api.url}/activity")
    assert everything[0]["activity_type"] == "branch_deletion"


@pytest.mark.parametrize(("method", "parents"), [("squash", 1), ("merge", 2)])
def test_a_pull_request_is_merged_once(api: Repository, copy: WorkingCopy, sha: str, method: str, parents: int) -> None:
    """The merge keeps its commits and who merged it; the commit on the base is found by its pull request."""
    copy.git("checkout", "--quiet", "-b", "topic")
    work = copy.commit("work", {"b": "1"})
    copy.push()
    pull = api.create_pull("main", "topic", title="Topic", body="")
    merged = pull.merge(merge_method=method)
    assert api.get_branch("main").commit.sha == merged.sha
    after = api.get_pull(pull.number)
    assert (after.merged, after.merged_by.login, after.merge_commit_sha) == (True, "ada", merged.sha)
    assert [one.sha for one in after.get_commits()] == [work]
    assert len(api.get_commit(merged.sha).parents) == parents
    assert [one.number for one in api.get_commit(merged.sha).get_pulls()] == [pull.number]
    with pytest.raises(GithubException) as refused:
        pull.merge()
    assert refused.value.status == 405
