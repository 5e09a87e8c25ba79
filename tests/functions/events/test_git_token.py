"""Which build gets a token, and for what (W10)."""

import json
from typing import Any

import pytest

from local.github import LocalGitHub
from tests.functions.adapters.github.test_credentials import key
from tests.functions.adapters.test_worker_builds import start
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY

__all__ = ["key"]


@pytest.fixture(autouse=True)
def _app(stack: Stack, hub: LocalGitHub, key: tuple[str, str]) -> None:
    """An App, whose key is in the secret."""
    hub.add_app("42", 77, key[1], {"contents": "write"})
    value = json.dumps({"appId": "42", "installationId": "77", "privateKey": key[0]})
    stack.client("secretsmanager").create_secret(Name="kiro-git", SecretString=value)


def ask(stack: Stack, build_id: str) -> Any:
    """Invoke the function as a build does."""
    return stack.run("events.git_token", {"buildId": build_id})


def test_a_running_build_gets_a_token_for_its_repository(stack: Stack, hub: LocalGitHub) -> None:
    """For its contents, and for nothing else."""
    held = hub.store.tokens[ask(stack, start(stack))["token"]]
    assert (held.repositories, held.permissions) == (frozenset({REPOSITORY}), {"contents": "write"})


def test_any_other_build_gets_none(stack: Stack, hub: LocalGitHub) -> None:
    """One that has ended; GitHub is not even asked."""
    with pytest.raises(Exception, match="is no running build of the worker"):
        ask(stack, start(stack, status="STOPPED"))
    assert not [path for _, path in hub.requests if path.endswith("/access_tokens")]
