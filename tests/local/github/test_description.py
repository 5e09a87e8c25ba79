"""The published description judges requests and answers (https://github.com/github/rest-api-description)."""

import json

import pytest
from github.Repository import Repository

from local.github import LocalGitHub, shapes
from tests.local.github.support import DESCRIPTION, REPOSITORY, WorkingCopy

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="npm's @octokit/openapi is not installed")


@pytest.fixture
def sha(copy: WorkingCopy) -> str:
    """The head of main."""
    made = copy.commit("first", {"a": "1"})
    copy.push()
    return made


def differences(hub: LocalGitHub) -> str:
    """What was found; it is taken away, because the fixture demands that nothing is left."""
    found = "\n".join(hub.differences)
    hub.differences.clear()
    return found


def test_what_github_would_ignore_is_found(hub: LocalGitHub, api: Repository, sha: str) -> None:
    """A field and a query parameter that no operation knows."""
    body = {"state": "success", "contexts": "gates"}
    api.requester.requestJsonAndCheck("POST", f"{api.url}/statuses/{sha}", input=body)
    assert "request: the field contexts is not known" in differences(hub)
    api.requester.requestJsonAndCheck("GET", f"{api.url}/deployments", parameters={"environments": "test"})
    assert "query parameter environments is not known" in differences(hub)


def test_a_wrong_value_is_found(hub: LocalGitHub, api: Repository) -> None:
    """A number where GitHub wants text, and a word that is not in its list."""
    api.requester.requestJsonAndCheck("POST", f"{api.url}/issues", input={"title": "t", "body": 7})
    assert "request at body: 7 is not of type 'string'" in differences(hub)
    api.requester.requestJsonAndCheck("GET", f"{api.url}/issues", parameters={"state": "opened"})
    assert "query parameter state: 'opened' is not one of" in differences(hub)


def test_a_wrong_answer_is_found(hub: LocalGitHub, api: Repository, sha: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing field of an answer, where null is not enough."""
    repository = shapes.repository
    monkeypatch.setattr(shapes, "repository", lambda *given: {**repository(*given), "default_branch": None})
    assert json.loads(api.requester.requestJson("GET", f"/repos/{REPOSITORY}")[2])["name"] == "hello-service"
    assert "answer 200 at default_branch: None is not of type 'string'" in differences(hub)
