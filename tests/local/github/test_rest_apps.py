"""Installation tokens of GitHub Apps: what they may be asked for, and when they end."""

import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests

from local.github import LocalGitHub
from local.github.records import now
from tests.functions.adapters.github.test_credentials import key
from tests.local.github.support import REPOSITORY

__all__ = ["key"]
HELD = {"contents": "write", "metadata": "read"}


@pytest.fixture
def app(hub: LocalGitHub, key: tuple[str, str]) -> Any:
    """Requests a token with these claims and this body."""
    hub.add_app("42", 77, key[1], HELD)

    def ask(body: dict[str, Any] | None = None, **claims: Any) -> requests.Response:
        moment = int(time.time())
        signed = jwt.encode({"iat": moment - 60, "exp": moment + 540, "iss": "42", **claims}, key[0], "RS256")
        headers = {"Authorization": f"Bearer {signed}"}
        url = f"{hub.api_url}/app/installations/77/access_tokens"
        return requests.post(url, json=body, headers=headers, timeout=5)

    return ask


def read(hub: LocalGitHub, repository: str, token: str) -> int:
    """The status of a repository's branches for a token."""
    url = f"{hub.api_url}/repos/{repository}/branches"
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=5).status_code


def test_a_token_is_for_the_repositories_and_permissions_of_the_request(hub: LocalGitHub, app: Any) -> None:
    """https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app"""
    hub.create_repository("acme/other")
    made = app({"repositories": [REPOSITORY.partition("/")[2]], "permissions": {"contents": "read"}}).json()
    assert (made["repository_selection"], made["permissions"]) == ("selected", {"contents": "read"})
    assert [one["full_name"] for one in made["repositories"]] == [REPOSITORY]
    assert [read(hub, one, made["token"]) for one in (REPOSITORY, "acme/other")] == [200, 404]
    assert read(hub, "acme/other", app().json()["token"]) == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"repositories": ["nowhere"]}, "does not exist or is not accessible"),
        ({"permissions": {"issues": "write"}}, "permissions requested are not granted"),
    ],
)
def test_more_than_the_app_has_is_refused(app: Any, body: dict[str, Any], said: str) -> None:
    """With 422."""
    answer = app(body)
    assert (answer.status_code, said in answer.json()["message"]) == (422, True)


@pytest.mark.parametrize("claims", [{"exp": int(time.time()) + 7200}, {"exp": 1}, {"iss": "43"}], ids=str)
def test_a_jwt_is_checked(app: Any, claims: dict[str, Any]) -> None:
    """It names its App and is good for ten minutes at most.

    https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
    """
    assert app(**claims).status_code == 401


def test_a_token_ends_after_an_hour(hub: LocalGitHub, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """REST and git refuse it then."""
    token = app().json()["token"]
    assert read(hub, REPOSITORY, token) == 200
    monkeypatch.setattr("local.github.store.now", lambda: now() + timedelta(hours=1, seconds=1))
    assert read(hub, REPOSITORY, token) == 401
    url = f"{hub.url}/{REPOSITORY}.git/info/refs?service=git-upload-pack"
    assert requests.get(url, auth=("x-access-token", token), timeout=5).status_code == 401
