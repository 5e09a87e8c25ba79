"""Check runs: only an App writes them, and GitHub's limits hold (https://docs.github.com/rest/checks/runs)."""

from collections.abc import Iterator
from typing import Any

import pytest
from github import Auth, Github, GithubException
from github.Repository import Repository

from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, WorkingCopy

OUTPUT: dict[str, Any] = {"title": "All good", "summary": "Nothing was found"}


@pytest.fixture
def app(hub: LocalGitHub) -> Iterator[Repository]:
    """The repository for an App."""
    hub.add_token("ghs_app", "app-1[bot]")
    with Github(base_url=hub.api_url, auth=Auth.Token("ghs_app"), retry=None, lazy=True) as client:
        yield client.get_repo(REPOSITORY)


@pytest.fixture
def sha(copy: WorkingCopy) -> str:
    """One pushed commit."""
    made = copy.commit("first", {"a": "1"})
    copy.push()
    return made


def test_only_an_app_writes_check_runs(api: Repository, app: Repository, sha: str) -> None:
    """A person's token is refused, and reads them."""
    with pytest.raises(GithubException) as refused:
        api.create_check_run("kiro/plan", sha)
    assert (refused.value.status, "GitHub App" in str(refused.value)) == (403, True)
    app.create_check_run("kiro/plan", sha, status="completed", conclusion="success", output=OUTPUT)
    assert [(one.name, one.conclusion) for one in api.get_commit(sha).get_check_runs()] == [("kiro/plan", "success")]


def test_the_newest_run_of_a_name_is_listed(app: Repository, sha: str) -> None:
    """A run that is changed keeps its id; a new one of the same name replaces it in the list."""
    first = app.create_check_run("kiro/plan", sha, status="in_progress")
    first.edit(conclusion="failure", output=OUTPUT)
    app.create_check_run("kiro/plan", sha, status="completed", conclusion="neutral")
    commit = app.get_commit(sha)
    assert [one.conclusion for one in commit.get_check_runs(check_name="kiro/plan")] == ["neutral"]
    assert [one.conclusion for one in commit.get_check_runs(filter="all")] == ["neutral", "failure"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "completed"},
        {"conclusion": "good"},
        {"output": {"title": "no summary", "summary": ""}},
        {"output": {"title": "long", "summary": "x" * 65_536}},
    ],
)
def test_what_github_refuses_is_refused(app: Repository, sha: str, wrong: dict[str, Any]) -> None:
    """A conclusion is needed at the end, and the summary has a limit."""
    with pytest.raises(GithubException) as refused:
        app.create_check_run("kiro/plan", sha, **wrong)
    assert refused.value.status == 422


def test_fifty_annotations_are_taken_at_a_time(app: Repository, sha: str) -> None:
    """Those of a later request are added."""
    note: dict[str, str | int] = {
        "path": "a",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "failure",
        "message": "wrong",
    }
    run = app.create_check_run("kiro", sha, output={**OUTPUT, "annotations": [note] * 50})
    run.edit(output={**OUTPUT, "annotations": [note]})
    assert run.output.annotations_count == 51
    with pytest.raises(GithubException):
        run.edit(output={**OUTPUT, "annotations": [note] * 51})
