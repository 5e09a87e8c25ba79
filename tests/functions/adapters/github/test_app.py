"""Tokens of the App with which builds of the worker push."""

import json

import pytest

from functions.adapters.github.app import GitApp
from functions.adapters.github.errors import GitHubRefusedError
from local.github import LocalGitHub
from tests.functions.adapters.github.test_credentials import key
from tests.local.github.support import REPOSITORY

__all__ = ["key"]


def credential(private: str) -> str:
    """The secret `git` of a stack whose builds push as an App."""
    return json.dumps({"appId": "42", "installationId": "77", "privateKey": private})


def test_a_token_writes_contents_of_one_repository(hub: LocalGitHub, key: tuple[str, str]) -> None:
    """W10: nothing else of what the App has, and each time another one."""
    hub.add_app("42", 77, key[1], {"contents": "write", "issues": "write", "metadata": "read"})
    app = GitApp(hub.api_url, lambda: credential(key[0]))
    first, second = app.token(REPOSITORY), app.token(REPOSITORY)
    assert first != second
    held = hub.store.tokens[first]
    assert (held.permissions, held.repositories) == ({"contents": "write"}, frozenset({REPOSITORY}))


def test_a_repository_that_the_app_lacks_is_named(hub: LocalGitHub, key: tuple[str, str]) -> None:
    """The App has to be installed on it."""
    hub.add_app("42", 77, key[1])
    with pytest.raises(Exception, match="not accessible to the parent installation") as raised:
        GitApp(hub.api_url, lambda: credential(key[0])).token("acme/nowhere")
    assert "acme/nowhere" in str(raised.value)


@pytest.mark.parametrize("value", [None, "ghp_token", '{"token": "ghp_token"}', credential("not a key")])
def test_a_secret_that_is_no_key_of_an_app_is_refused(hub: LocalGitHub, value: str | None) -> None:
    """The value is quoted nowhere."""
    with pytest.raises(GitHubRefusedError) as raised:
        GitApp(hub.api_url, lambda: value).token(REPOSITORY)
    assert "ghp_token" not in str(raised.value)
    assert "not a key" not in str(raised.value)
