"""REST in general: authentication, permissions, pages, errors, planned faults."""

from typing import Any

import pytest
import requests

from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy


def _get(hub: LocalGitHub, path: str, token: str = TOKEN, **query: Any) -> requests.Response:
    headers = {"Authorization": f"token {token}"} if token else {}
    return requests.get(f"{hub.api_url}{path}", headers=headers, params=query, timeout=10)


def test_the_caller_is_the_tokens_owner(hub: LocalGitHub) -> None:
    """GET /user returns login and e-mail of the token's owner."""
    user = _get(hub, "/user").json()
    assert (user["login"], user["email"]) == ("ada", "ada@example.com")


@pytest.mark.parametrize(
    ("token", "path", "status", "message"),
    [
        ("", f"/repos/{REPOSITORY}", 401, "Requires authentication"),
        ("wrong", f"/repos/{REPOSITORY}", 401, "Bad credentials"),
        ("stranger", f"/repos/{REPOSITORY}", 404, "Not Found"),
        (TOKEN, "/repos/acme/nothing", 404, "Not Found"),
        (TOKEN, "/no/such/call", 404, "Not Found"),
        ("reader", f"/repos/{REPOSITORY}/hooks", 403, "Resource not accessible by personal access token"),
    ],
)
def test_refusals_are_those_of_github(hub: LocalGitHub, token: str, path: str, status: int, message: str) -> None:
    """Each refusal has GitHub's status and message, and names the missing permission."""
    hub.add_token("stranger", "mallory", repositories=[])
    hub.add_token("reader", "eve", permissions={"contents": "read"})
    answer = _get(hub, path, token)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert answer.json()["documentation_url"].startswith("https://docs.github.com/")
    expected = "repository_hooks=read" if status == 403 else None
    assert answer.headers.get("X-Accepted-GitHub-Permissions") == expected


def test_answers_carry_the_rate_limit(hub: LocalGitHub) -> None:
    """Responses have the headers limit, remaining and reset."""
    headers = _get(hub, "/user").headers
    assert int(headers["X-RateLimit-Remaining"]) < int(headers["X-RateLimit-Limit"]) == 5000
    assert int(headers["X-RateLimit-Reset"]) > 0


def test_a_list_has_linked_pages(hub: LocalGitHub, copy: WorkingCopy) -> None:
    """Link names first, previous, next and last page; all pages together are the list."""
    for number in range(5):
        copy.commit(str(number), {"a": str(number)})
    copy.push()
    answer = _get(hub, f"/repos/{REPOSITORY}/commits", per_page=2, page=2)
    assert set(answer.links) == {"first", "prev", "next", "last"}
    last = requests.get(answer.links["last"]["url"], headers={"Authorization": f"token {TOKEN}"}, timeout=10)
    assert [one["commit"]["message"] for one in [*answer.json(), *last.json()]] == ["2", "1", "0"]
    assert set(last.links) == {"first", "prev"}
    assert _get(hub, f"/repos/{REPOSITORY}/commits").links == {}


def test_a_planned_fault_is_answered_as_often_as_planned(hub: LocalGitHub) -> None:
    """After that the real answer returns, and every request was counted."""
    hub.respond_with("GET", "/user$", 403, {"Retry-After": "3"}, {"message": "slow down"}, times=2)
    answers = [_get(hub, "/user") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 200]
    assert (answers[0].headers["Retry-After"], answers[0].json()) == ("3", {"message": "slow down"})
    assert hub.requests.count(("GET", "/api/v3/user")) == 3


def test_graphql_refuses_fields_that_it_lacks(hub: LocalGitHub) -> None:
    """A field that is not supported is an error, as on GitHub, and not an empty answer."""
    answer = requests.post(
        hub.graphql_url, json={"query": "{viewer{login}}"}, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
    )
    assert (answer.status_code, answer.json()["data"]) == (200, None)
    assert "Cannot query field 'viewer'" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_object_is_refused(hub: LocalGitHub, body: bytes) -> None:
    """A body that is not a JSON object is answered with 400."""
    url = f"{hub.api_url}/repos/{REPOSITORY}/issues"
    answer = requests.post(url, data=body, headers={"Authorization": f"token {TOKEN}"}, timeout=10)
    assert answer.status_code == 400
