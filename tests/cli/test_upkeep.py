"""`validate`, `setup` and `doctor`, over a stack that is only partly there."""

import json
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from cli.aws.account import Account, Finding
from tests.cli.conftest import Kiro
from tests.functions.iam import ROLE, stand_in

WEBHOOK = "kiro-pipeline-test-webhook"


def test_what_is_wrong_is_ticked_off_and_ends_with_one(kiro: Kiro) -> None:
    """A line per resource, for people and as JSON."""
    done = kiro.run("validate")
    assert done.exit_code == 1
    (line,) = (line for line in done.stdout.splitlines() if "kiro-pipeline-test-rollback " in line)
    assert "✓ active" in line
    assert "✗ exists: DescribeKey: NotFoundException" in done.stdout
    pieces = json.loads(kiro.run("validate", "--json").stdout)
    assert {"kind": "project", "name": "kiro-pipeline-test-build"} in [
        {"kind": one["kind"], "name": one["name"]} for one in pieces
    ]


def piped(value: str, *arguments: str) -> Any:
    """`kiro setup` with this on its input."""
    return CliRunner().invoke(app, ["setup", *arguments], input=value)


@pytest.fixture
def store(kiro: Kiro) -> Any:
    """All secrets of the stack, empty."""
    client = boto3.client("secretsmanager")
    for name in ("github-credential", "git-credential", "webhook", "monitors", "slack"):
        client.create_secret(Name=f"kiro-pipeline-test-{name}")
    return client


def test_a_piped_value_is_put_in_and_shown_nowhere(kiro: Kiro, store: Any) -> None:
    """In the form in which it is read; again changes nothing."""
    done = piped("ghp_hidden\n", "--secret", "github")
    assert (done.exit_code, done.stdout) == (0, "github: is in kiro-pipeline-test-github-credential\n")
    kept = store.get_secret_value(SecretId="kiro-pipeline-test-github-credential")["SecretString"]
    assert json.loads(kept) == {"token": "ghp_hidden"}
    again = piped("ghp_hidden", "--secret", "github", "--json")
    assert json.loads(again.stdout) == {
        "secret": "github",
        "said": "was in kiro-pipeline-test-github-credential already",
    }


def test_a_value_that_cannot_be_right_changes_nothing(kiro: Kiro, store: Any) -> None:
    """And is not quoted."""
    done = piped("short", "--secret", "webhook")
    assert done.exit_code == 1
    assert "at least 32 characters" in done.stderr
    assert "short" not in done.output
    assert not store.describe_secret(SecretId=WEBHOOK).get("VersionIdsToStages")


def test_without_a_terminal_one_secret_must_be_named(kiro: Kiro, store: Any) -> None:
    """A pipe holds one value; an unknown name lists the known ones."""
    assert "name one secret with --secret" in piped("x").stderr
    assert "name one secret with --secret" in piped("x", "--secret", "git", "--secret", "slack").stderr
    unknown = piped("x", "--secret", "gitlab")
    assert unknown.exit_code == 2
    assert "github, git, webhook, monitors" in unknown.stderr


def test_at_a_terminal_each_empty_one_is_asked_for(kiro: Kiro, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter alone makes what only has to be secret, and leaves the others; what has a value is passed over."""
    store.put_secret_value(SecretId="kiro-pipeline-test-git-credential", SecretString='{"token": "x"}')
    asked: list[str] = []

    def typed(prompt: str) -> str:
        asked.append(prompt.rpartition("\n")[2])
        return "ghp_typed" if "github" in prompt else ""

    monkeypatch.setattr("cli.upkeep.at_terminal", lambda: True)
    monkeypatch.setattr("cli.upkeep.getpass", typed)
    done = kiro.run("setup")
    assert done.exit_code == 0, done.output
    assert asked == [
        "github (Enter alone leaves it): ",
        "webhook (Enter alone makes one): ",
        "monitors (Enter alone makes one): ",
        "slack (Enter alone leaves it): ",
    ]
    assert "git: has a value since" in done.stdout
    assert "slack: left empty" in done.stdout
    made = {
        store.get_secret_value(SecretId=f"kiro-pipeline-test-{one}")["SecretString"] for one in ("webhook", "monitors")
    }
    assert sorted(map(len, made)) == [64, 64]
    assert not any(value in done.output for value in made)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What is found of the account; test_account looks for itself."""
    found = [Finding("builds at a time", "right", "60"), Finding("cost tag", "unknown", "not asked")]
    monkeypatch.setattr(Account, "findings", lambda _: iter(found))
    return found


def test_what_is_wrong_with_the_account_ends_with_one(
    kiro: Kiro, account: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each finding has its line, also what AWS did not answer, which is no fault."""
    stand_in(monkeypatch, ROLE, allowed=":")
    good = kiro.run("doctor")
    assert good.exit_code == 0
    assert "✓ builds at a time: 60" in good.stdout
    assert "? cost tag: not asked" in good.stdout
    account.append(Finding("functions at a time", "wrong", "none"))
    bad = kiro.run("doctor", "--json")
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["account"][-1] == {"what": "functions at a time", "outcome": "wrong", "said": "none"}


def test_who_may_do_all_is_told_so(kiro: Kiro, account: list[Finding], monkeypatch: pytest.MonkeyPatch) -> None:
    """Policies belong to the role of the session, under its whole path."""
    iam = stand_in(monkeypatch, ROLE, allowed=":")
    done = kiro.run("doctor")
    assert done.exit_code == 0
    assert "may deploy" in done.stdout
    assert {one["PolicySourceArn"] for one in iam.asked} == {"arn:aws:iam::123456789012:role/aws-reserved/Deployer"}
    assert any("kiro-pipeline-test-locks" in one["ResourceArns"][0] for one in iam.asked)


def test_what_is_missing_is_named_with_what_refuses_it(
    kiro: Kiro, account: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Action, resource, and whether it is a policy, the boundary or the organisation."""
    stand_in(monkeypatch, ROLE, allowed="dynamodb:")
    done = kiro.run("doctor", "--json")
    assert done.exit_code == 1
    refused = {one["action"]: one["by"] for one in json.loads(done.stdout)["refused"]}
    assert refused["sqs:CreateQueue"] == "a policy that denies it"
    assert refused["kms:CreateKey"] == "the organisation"
    assert refused["iam:CreateRole"] == "the permissions boundary"
    assert refused["s3:CreateBucket"] == "no policy allows it"
    assert refused["sns:CreateTopic"] == "a condition on aws:SourceVpc, which only a real call can meet"
    assert not any(action.startswith("dynamodb:") for action in refused)
    assert "✗ sqs:CreateQueue" in kiro.run("doctor").stdout
