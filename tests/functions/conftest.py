"""The stack on moto, and a local GitHub; the clients are made once, the resources anew for every test."""

import json
from collections.abc import Iterator
from pathlib import Path

import moto  # noqa: F401 - hooks botocore: must come before the first client is made
import pytest
from moto import mock_aws

from functions.runtime import Clients
from local.github import LocalGitHub
from tests.functions.delivered import Service
from tests.functions.kept import Kept
from tests.functions.stack import ACCOUNT, BUCKET, MACHINES, REGION, SETTINGS, Stack, create_tables
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy
from tests.tracing import without_the_others

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="session", autouse=True)
def _overlooked() -> Iterator[None]:
    """To look into the SDK, moto and the local GitHub would cost these tests most."""
    with without_the_others():
        yield


@pytest.fixture(scope="session")
def _session_stack() -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _CREDENTIALS.items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        settings = dict(SETTINGS)
        made = Stack(Clients(settings), settings)
        made.clients._session.events.register("before-parameter-build", made.record)
        yield made


@pytest.fixture(scope="module")
def _kept(_session_stack: Stack) -> Iterator[Kept]:
    """moto, with the resources of an empty stack; until the module's end, for others want it off or otherwise."""
    made = _session_stack
    with mock_aws():
        create_tables(made.client("dynamodb"))
        made.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        made.client("events").create_event_bus(Name="kiro-bus")
        for topic in ("deployments", "approvals", "rollbacks"):
            made.client("sns").create_topic(Name=f"kiro-{topic}")
        for arn in MACHINES.values():
            made.client("stepfunctions").create_state_machine(
                name=arn.rsplit(":", 1)[-1], definition="{}", roleArn=f"arn:aws:iam::{ACCOUNT}:role/workflow"
            )
        yield Kept()


@pytest.fixture
def stack(_session_stack: Stack, _kept: Kept) -> Stack:
    """An empty stack: tables, bucket, topics, bus, workflows."""
    made = _session_stack
    made.settings.clear()
    made.settings.update(SETTINGS)
    made.calls.clear()
    _kept.restore()
    return made


@pytest.fixture
def service() -> Iterator[Service]:
    """A delivered service on 127.0.0.1."""
    with Service() as running:
        yield running


@pytest.fixture
def hub(stack: Stack, tmp_path: Path) -> Iterator[LocalGitHub]:
    """A local GitHub that the stack's settings point to, with its credential."""
    with LocalGitHub(tmp_path / "hub") as running:
        running.create_repository(REPOSITORY)
        running.add_token(TOKEN, "ada", "ada@example.com")
        stack.settings["GITHUB_API_URL"] = running.api_url
        stack.client("secretsmanager").create_secret(Name="kiro-github", SecretString=json.dumps({"token": TOKEN}))
        yield running


@pytest.fixture
def copy(hub: LocalGitHub, tmp_path: Path) -> WorkingCopy:
    """A working copy of its repository, with nothing in it yet."""
    return WorkingCopy(hub, tmp_path / "copy")
