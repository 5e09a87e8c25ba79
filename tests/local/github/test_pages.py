"""The pages of the local GitHub, to which mails, the console and comments link."""

import requests
from github.Repository import Repository

from local.github import LocalGitHub
from local.github.records import CheckRun
from tests.local.github.support import REPOSITORY, WorkingCopy


def page(hub: LocalGitHub, path: str, **headers: str) -> requests.Response:
    """A page, as a browser gets it."""
    return requests.get(f"{hub.url}/{REPOSITORY}/{path}", headers={**headers, "Connection": "close"}, timeout=10)


def test_a_commit_is_shown_with_its_newest_statuses(hub: LocalGitHub, api: Repository, copy: WorkingCopy) -> None:
    """By its whole or short id; foreign text is escaped, and no other commit's status is shown."""
    first = copy.commit("first", {"a": "1\n"})
    sha = copy.commit("feat: <b>loud</b>", {"a": "2\n"})
    copy.push()
    for state in ("pending", "success"):
        api.get_commit(sha).create_status(state, "https://ci.example.com/1", f"is {state}", "kiro/test")
    api.get_commit(first).create_status("failure", "", "broken", "kiro/test")
    for name in (sha, sha[:10]):
        shown = page(hub, f"commit/{name}")
        assert shown.status_code == 200
        assert "feat: &lt;b&gt;loud&lt;/b&gt;" in shown.text
        assert '<a href="https://ci.example.com/1">kiro/test</a>: success is success' in shown.text
        assert ("is pending" in shown.text, "broken" in shown.text) == (False, False)
        assert "+2" in shown.text
    assert "script" not in shown.headers["Content-Security-Policy"]


def test_an_issue_and_a_pull_request_are_shown_with_their_comments(
    hub: LocalGitHub, api: Repository, copy: WorkingCopy
) -> None:
    """Each at the address that GitHub gives it."""
    copy.commit("first", {"a": "1"})
    copy.push()
    copy.git("switch", "--quiet", "--create", "topic")
    copy.commit("topic", {"b": "1"})
    copy.push()
    issue = api.create_issue("Greet <everybody>", "By the hour.")
    issue.create_comment("What is missing: `tasks.md`")
    pull = api.create_pull(base="main", head="topic", title="Topic", body="")
    shown = requests.get(issue.html_url, headers={"Connection": "close"}, timeout=10).text
    for words in ("Greet &lt;everybody&gt;", "By the hour.", "What is missing: `tasks.md`"):
        assert words in shown
    assert "topic → main" in requests.get(pull.html_url, headers={"Connection": "close"}, timeout=10).text


def test_a_check_run_is_shown_with_its_annotations(hub: LocalGitHub, copy: WorkingCopy) -> None:
    """The commit leads to it, and it to the commit and to the details of its App; foreign text is escaped."""
    sha = copy.commit("first", {"a": "1"})
    copy.push()
    run = CheckRun(7, sha, "kiro/gate/tests", hub.store.person("app-1[bot]"), hub.repository(REPOSITORY).created)
    run.status, run.conclusion, run.title, run.summary = "completed", "failure", "1 of 2 failed", "tests: <b>one</b>"
    run.details_url = "https://ci.example.com/log"
    run.annotations = [
        {"path": "a.py", "start_line": 3, "annotation_level": "failure", "title": "test_a", "message": "1 < 2"}
    ]
    hub.repository(REPOSITORY).check_runs.append(run)
    assert (
        f'<a href="/{REPOSITORY}/runs/7">kiro/gate/tests</a>: failure 1 of 2 failed' in page(hub, f"commit/{sha}").text
    )
    shown = page(hub, "runs/7").text
    for words in (
        "failure: <strong>test_a</strong> in a.py:3<pre>1 &lt; 2</pre>",
        "tests: &lt;b&gt;one&lt;/b&gt;",
        f'<a href="/{REPOSITORY}/commit/{sha}">{sha[:12]}</a> · 1 of 2 failed',
        '<a href="https://ci.example.com/log">Details</a>',
    ):
        assert words in shown
    run.annotations, run.details_url = [], None
    assert "<li>" not in page(hub, "runs/7").text
    assert "Details" not in page(hub, "runs/7").text


def test_what_is_not_there_and_other_names_of_this_machine_are_not_found(hub: LocalGitHub, copy: WorkingCopy) -> None:
    """A name that another site has pointed to this machine reads nothing (DNS rebinding)."""
    sha = copy.commit("first", {"a": "1"})
    copy.push()
    assert page(hub, f"commit/{sha}", Host="evil.example.com").status_code == 404
    assert [page(hub, path).status_code for path in ("commit/0000000", "issues/9", "pull/9", "runs/9")] == [404] * 4
