"""The stack on moto, and a local GitHub; clients are created once, resources anew for every test."""

import json
from collections.abc import Iterator

import moto  # noqa: F401 - hooks botocore: must come before the first client is made
import pytest
import requests
from moto import mock_aws

from local.github import LocalGitHub
from tests.functions.delivered import Service
from tests.functions.stack import Stack, opened
from tests.local.github.support import TOKEN, copy
from tests.local.github.support import hub as plain_hub
from tests.moto_answers import kept_names
from tests.tracing import functions_only

__all__ = ["copy", "plain_hub"]


@pytest.fixture(scope="session", autouse=True)
def _unmeasured() -> Iterator[None]:
    """Measuring the coverage of SDK, moto and local GitHub would take most of these tests' time."""
    with functions_only():
        yield


@pytest.fixture(scope="session")
def _session_stack() -> Iterator[Stack]:
    with opened() as made:
        yield made


@pytest.fixture(scope="module")
def _moto() -> Iterator[None]:
    """moto until the end of the module: other modules need it off or with another configuration."""
    with mock_aws(), kept_names():
        yield


@pytest.fixture
def stack(_session_stack: Stack, _moto: None) -> Stack:
    """An empty stack: a table, bucket, topic, bus or workflow is created by the first call that names it."""
    made = _session_stack
    # https://docs.getmoto.org/en/latest/docs/configuration/state_transition/models.html names this address for a reset
    requests.post("http://motoapi.amazonaws.com/moto-api/reset", timeout=5)
    made.reset()
    return made


@pytest.fixture
def service() -> Iterator[Service]:
    """A delivered service on 127.0.0.1."""
    with Service() as running:
        yield running


@pytest.fixture
def hub(stack: Stack, plain_hub: LocalGitHub) -> LocalGitHub:
    """A local GitHub that the stack's settings point to, with its credential."""
    stack.settings["GITHUB_API_URL"] = plain_hub.api_url
    stack.client("secretsmanager").create_secret(Name="kiro-github", SecretString=json.dumps({"token": TOKEN}))
    return plain_hub
