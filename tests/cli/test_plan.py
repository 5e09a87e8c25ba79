"""`kiro-worker plan`: the forecast of a commit, from GitHub, the records and the locks of the stack."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze
from functions.handler import encode
from local.github import LocalGitHub
from tests.cli.conftest import TABLES, Kiro
from tests.functions.deployment.test_plan_release import MANIFEST
from tests.functions.samples import NOW
from tests.functions.stack import TRIGGERS
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy


@pytest.fixture
def copy(kiro: Kiro, tmp_path: Path) -> Iterator[WorkingCopy]:
    """A delivered repository, on a GitHub that the stack's functions are configured for."""
    with LocalGitHub(tmp_path / "hub") as hub:
        hub.create_repository(REPOSITORY)
        hub.add_token(TOKEN, "ada", "ada@example.com")
        secret = kiro.clients.client("secretsmanager").create_secret(
            Name="kiro-pipeline-test-github-credential", SecretString=json.dumps({"token": TOKEN})
        )
        settings = {f"{table.upper()}_TABLE": f"kiro-pipeline-test-{table}" for table in TABLES}
        settings |= {
            "LOCK_MODE": "superseded",
            "REPOSITORIES": f"{REPOSITORY},acme/other",
            "TRIGGERS": json.dumps(encode(TRIGGERS)),
        }
        settings |= {"GITHUB_API_URL": hub.api_url, "GITHUB_CREDENTIAL_SECRET": secret["ARN"]}
        deploy_function(settings)
        yield WorkingCopy(hub, tmp_path / "copy")


def deploy_function(settings: dict[str, str]) -> None:
    """Create the function whose settings the command reads."""
    role: Any = boto3.client("iam").create_role(RoleName="reconcile", AssumeRolePolicyDocument="{}")
    boto3.client("lambda").create_function(
        FunctionName="kiro-pipeline-test-events-reconcile",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": b""},
        Runtime="python3.13",
        Handler="functions.runtime.handler",
        Environment={"Variables": settings},
    )


def push(copy: WorkingCopy) -> str:
    """Push a first release; returns its commit."""
    sha = copy.commit("feat: greet", {"delivery.yml": MANIFEST, "src/a.py": ""})
    copy.push()
    return sha


def test_a_plan_starts_nothing(kiro: Kiro, copy: WorkingCopy) -> None:
    """P11: it forecasts the main branch by default, as JSON and text, and writes nothing."""
    sha = push(copy)
    found = kiro.json("plan", "--repository", REPOSITORY)
    assert (found["outcome"], found["release"]["commit"]) == ("deploy", sha)
    assert [stage["environment"] for stage in found["stages"]] == ["test", "production"]
    assert found["stages"][1]["approvals"] == 1
    words = kiro.run("plan", sha[:12], "--repository", REPOSITORY).output
    for said in ("feat: greet", "nothing runs here yet", "approval of 1", "not known yet"):
        assert said in words
    assert "Lambda function hello-test, alias live" in words
    assert kiro.executions("deployment") == {}
    assert kiro.json("history") == []


def test_the_forecast_can_be_limited_to_one_environment(kiro: Kiro, copy: WorkingCopy) -> None:
    """It shows what blocks the release there; an unknown environment is an error."""
    push(copy)
    EnvironmentsTable.connect(kiro.clients).freeze("production", Freeze("the fair", "ada", NOW))
    asked = ("plan", "main", "--repository", REPOSITORY, "--environment")
    assert [stage["environment"] for stage in kiro.json(*asked, "production")["stages"]] == ["production"]
    assert f"frozen since {NOW} by ada: the fair" in kiro.run(*asked, "production").output
    assert "no environment 'moon'; there are test, production" in kiro.run(*asked, "moon").output


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((), f"this stack delivers {REPOSITORY}, acme/other: choose one with --repository"),
        (("--repository", "acme/moon"), "this stack does not deliver 'acme/moon'"),
        (("gone", "--repository", REPOSITORY), "commit gone"),
    ],
)
def test_what_can_not_be_planned_is_named(kiro: Kiro, copy: WorkingCopy, asked: tuple[str, ...], said: str) -> None:
    """An ambiguous or unknown repository and an unknown commit are errors that name the alternatives."""
    push(copy)
    done = kiro.run("plan", *asked)
    assert (done.exit_code, said in done.stderr) == (1, True), done.output
