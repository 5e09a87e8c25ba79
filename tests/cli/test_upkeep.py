"""`validate`, `setup` and `doctor`, for a stack of which some resources exist."""

import json
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from cli.aws.account import Account, Finding
from tests.cli.conftest import Kiro
from tests.functions.iam import ROLE, stand_in
from tests.functions.stack import ACCOUNT

WEBHOOK = "kiro-pipeline-test-webhook"
CONFIG = "/kiro-worker/test/github-project-config"
NAMED = ("--parameter", "github-project-config")


def test_validate_marks_each_check_and_exits_with_one(kiro: Kiro) -> None:
    """Each resource has a line, as a table and as JSON."""
    done = kiro.run("validate")
    assert done.exit_code == 1
    (line,) = (line for line in done.stdout.splitlines() if "kiro-pipeline-test-rollback " in line)
    assert "✓ active" in line
    assert "✗ exists: DescribeKey: NotFoundException" in done.stdout
    assert done.stdout.endswith("\nThese commands repair it, in this order:\n  pulumi up --refresh\n")
    pieces = json.loads(kiro.run("validate", "--output", "json").stdout)
    assert {"kind": "bucket", "name": f"kiro-pipeline-test-artifacts-{ACCOUNT}"} in [
        {"kind": one["kind"], "name": one["name"]} for one in pieces
    ]


def piped(value: str, *arguments: str) -> Any:
    """Run `kiro-worker setup` with this standard input."""
    return CliRunner().invoke(app, ["setup", *arguments], input=value)


@pytest.fixture
def store(kiro: Kiro) -> Any:
    """All secrets of the stack, without values."""
    client = boto3.client("secretsmanager")
    for name in ("github-credential", "git-credential", "agent-key", "webhook", "monitors", "slack", "slack-signing"):
        client.create_secret(Name=f"kiro-pipeline-test-{name}")
    return client


@pytest.fixture
def parameter(kiro: Kiro) -> Any:
    """The parameter of the board as `pulumi up` makes it; call it to read its value."""
    client = boto3.client("ssm")
    client.put_parameter(Name=CONFIG, Value="{}", Type="SecureString", KeyId="alias/kiro-pipeline-test-key")

    def read() -> Any:
        return json.loads(client.get_parameter(Name=CONFIG, WithDecryption=True)["Parameter"]["Value"])

    return read


def test_a_piped_value_is_stored_and_not_printed(kiro: Kiro, store: Any) -> None:
    """The value is stored in the format that functions read; storing it again changes nothing."""
    done = piped("ghp_hidden\n", "--secret", "github")
    assert (done.exit_code, done.stdout) == (0, "github: stored in kiro-pipeline-test-github-credential\n")
    kept = store.get_secret_value(SecretId="kiro-pipeline-test-github-credential")["SecretString"]
    assert json.loads(kept) == {"token": "ghp_hidden"}
    again = piped("ghp_hidden", "--secret", "github", "--output", "json")
    assert json.loads(again.stdout) == {
        "secret": "github",
        "said": "kiro-pipeline-test-github-credential holds this value already",
    }


def test_a_value_that_cannot_be_right_changes_nothing(kiro: Kiro, store: Any) -> None:
    """The error does not quote the value."""
    done = piped("short", "--secret", "webhook")
    assert done.exit_code == 1
    assert "at least 32 characters" in done.stderr
    assert "short" not in done.output
    assert not store.describe_secret(SecretId=WEBHOOK).get("VersionIdsToStages")


def test_without_a_terminal_one_secret_must_be_named(kiro: Kiro, store: Any) -> None:
    """Standard input holds one value; an unknown name is an error that lists the known ones."""
    assert "name one secret with --secret" in piped("x").stderr
    assert "name one secret with --secret" in piped("x", "--secret", "git", "--secret", "slack").stderr
    unknown = piped("x", "--secret", "gitlab")
    assert unknown.exit_code == 2
    assert "github, git, agent, webhook, monitors" in unknown.stderr


def test_at_a_terminal_setup_prompts_for_each_empty_secret(
    kiro: Kiro, store: Any, parameter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Enter alone generates `webhook` and `monitors` and skips the others; a secret with a value gets no prompt."""
    store.put_secret_value(SecretId="kiro-pipeline-test-git-credential", SecretString='{"token": "x"}')
    asked: list[str] = []

    def typed(prompt: str) -> str:
        asked.append(prompt.rpartition("\n")[2])
        return "ghp_typed" if "github" in prompt else ""

    monkeypatch.setattr("cli.upkeep.at_terminal", lambda: True)
    monkeypatch.setattr("cli.upkeep.getpass", typed)
    monkeypatch.setattr("cli.upkeep.typer.prompt", lambda *_, **__: "")
    done = kiro.run("setup")
    assert done.exit_code == 0, done.output
    assert asked == [
        "github (Enter alone skips it): ",
        "agent (Enter alone skips it): ",
        "webhook (Enter alone generates one): ",
        "monitors (Enter alone generates one): ",
        "slack (Enter alone skips it): ",
        "slack-signing (Enter alone skips it): ",
    ]
    assert "git: has a value since" in done.stdout
    assert "slack: left empty" in done.stdout
    made = {
        store.get_secret_value(SecretId=f"kiro-pipeline-test-{one}")["SecretString"] for one in ("webhook", "monitors")
    }
    assert sorted(map(len, made)) == [64, 64]
    assert not any(value in done.output for value in made)


def typed(monkeypatch: pytest.MonkeyPatch, answers: dict[str, str]) -> list[str]:
    """Be a terminal at which these keys are answered; returns the list to which each prompt is added."""
    asked: list[str] = []

    def prompt(text: str, *_: Any, **__: Any) -> str:
        asked.append(text)
        return answers.get(text.partition(" ")[0], "")

    monkeypatch.setattr("cli.upkeep.at_terminal", lambda: True)
    monkeypatch.setattr("cli.upkeep.getpass", lambda _: "")
    monkeypatch.setattr("cli.upkeep.typer.prompt", prompt)
    return asked


def test_the_piped_parameter_of_the_board_is_stored(kiro: Kiro, parameter: Any) -> None:
    """With the stack's key; storing the same again changes nothing, and it is shown."""
    value = '{"organization": "acme", "projectNumber": 7}'
    done = piped(f"{value}\n", *NAMED)
    assert (done.exit_code, done.stdout) == (0, f"github-project-config: stored in {CONFIG}\n")
    assert parameter() == {"organization": "acme", "projectNumber": 7}
    (described,) = boto3.client("ssm").describe_parameters()["Parameters"]
    assert (described["Type"], described["KeyId"]) == ("SecureString", "alias/kiro-pipeline-test-key")
    again = piped(value, *NAMED, "--output", "json")
    assert json.loads(again.stdout) == {
        "parameter": "github-project-config",
        "said": f"{CONFIG} holds this value already",
    }
    assert boto3.client("ssm").get_parameter(Name=CONFIG)["Parameter"]["Version"] == 2


@pytest.mark.parametrize(
    ("value", "said"),
    [("", "is no JSON"), ('{"organisation": "acme"}', "no keys of it"), ('{"projectNumber": "7"}', "projectNumber")],
)
def test_a_parameter_that_functions_could_not_read_is_not_stored(
    kiro: Kiro, parameter: Any, value: str, said: str
) -> None:
    """The error is that of the functions."""
    done = piped(value, *NAMED)
    assert done.exit_code == 1
    assert said in done.stderr
    assert parameter() == {}


def test_a_parameter_without_a_stack_is_not_made(kiro: Kiro) -> None:
    """The next `pulumi up` would fail, because it exists."""
    done = piped("{}", *NAMED)
    assert done.exit_code == 1
    assert f"{CONFIG} is missing: `pulumi up` makes it" in done.stderr


def test_one_input_has_one_value(kiro: Kiro, store: Any, parameter: Any) -> None:
    """A secret and the parameter can't be piped together; another name is an error that lists the known one."""
    assert "name one secret with --secret" in piped("x", *NAMED, "--secret", "git").stderr
    unknown = piped("x", "--parameter", "github-owner")
    assert unknown.exit_code == 2
    assert "there is github-project-config" in unknown.stderr


def test_at_a_terminal_setup_prompts_for_each_key_of_the_parameter(
    kiro: Kiro, store: Any, parameter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the secrets; an empty line leaves a key as it is in the settings."""
    asked = typed(monkeypatch, {"projectNumber": "7", "targetStatusColumn": "For Implementation"})
    done = kiro.run("setup")
    assert done.exit_code == 0, done.output
    assert asked == [
        f"{key} (Enter alone: as in the settings)"
        for key in ("organization", "projectNumber", "statusField", "targetStatusColumn")
    ]
    assert parameter() == {"projectNumber": 7, "targetStatusColumn": "For Implementation"}


def test_a_parameter_with_a_value_is_shown_and_changed_by_its_name(
    kiro: Kiro, store: Any, parameter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty line keeps a key, a dash removes it."""
    piped('{"organization": "acme", "projectNumber": 7}', *NAMED)
    asked = typed(monkeypatch, {"projectNumber": "-", "statusField": "State"})
    shown = kiro.run("setup")
    assert 'github-project-config: {"organization": "acme", "projectNumber": 7}; ' in shown.stdout
    assert "`kiro-worker setup --parameter github-project-config` changes it" in shown.stdout
    assert asked == []
    assert kiro.run("setup", *NAMED).exit_code == 0
    assert asked[0] == "organization (Enter alone keeps acme, - removes it)"
    assert parameter() == {"organization": "acme", "statusField": "State"}


def test_a_parameter_that_cannot_be_read_is_named_and_replaced(
    kiro: Kiro, store: Any, parameter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody wrote it with the AWS CLI."""
    boto3.client("ssm").put_parameter(Name=CONFIG, Value='{"repo": "x"}', Type="SecureString", Overwrite=True)
    typed(monkeypatch, {"organization": "acme"})
    shown = kiro.run("setup")
    assert f"the parameter {CONFIG} has repo" in shown.stdout
    assert kiro.run("setup", *NAMED).exit_code == 0
    assert parameter() == {"organization": "acme"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """The findings about the account; test_account tests the real ones."""
    found = [Finding("concurrent builds", "right", "60"), Finding("cost tag", "unknown", "not asked")]
    monkeypatch.setattr(Account, "findings", lambda _: iter(found))
    return found


def test_doctor_shows_the_account_and_exits_with_one_for_a_fault(
    kiro: Kiro, account: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each finding has a line; an unknown one is no fault."""
    stand_in(monkeypatch, ROLE, allowed=":")
    good = kiro.run("doctor")
    assert good.exit_code == 0
    assert "✓ concurrent builds: 60" in good.stdout
    assert "? cost tag: not asked" in good.stdout
    account.append(Finding("concurrent functions", "wrong", "none"))
    bad = kiro.run("doctor", "--output", "json")
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["account"][-1] == {"what": "concurrent functions", "outcome": "wrong", "said": "none"}


def test_doctor_confirms_that_all_actions_are_allowed(
    kiro: Kiro, account: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role of the session is simulated, with its full path."""
    iam = stand_in(monkeypatch, ROLE, allowed=":")
    done = kiro.run("doctor")
    assert done.exit_code == 0
    assert "may deploy" in done.stdout
    assert {one["PolicySourceArn"] for one in iam.asked} == {"arn:aws:iam::123456789012:role/aws-reserved/Deployer"}
    assert any("kiro-pipeline-test-locks" in one["ResourceArns"][0] for one in iam.asked)


def test_doctor_names_each_denied_action_and_what_denies_it(
    kiro: Kiro, account: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy, a permissions boundary, the organisation or a condition."""
    stand_in(monkeypatch, ROLE, allowed="dynamodb:")
    done = kiro.run("doctor", "--output", "json")
    assert done.exit_code == 1
    refused = {one["action"]: one["by"] for one in json.loads(done.stdout)["refused"]}
    assert refused["sqs:CreateQueue"] == "a policy that denies it"
    assert refused["kms:CreateKey"] == "the organisation"
    assert refused["iam:CreateRole"] == "the permissions boundary"
    assert refused["s3:CreateBucket"] == "no policy allows it"
    assert refused["sns:CreateTopic"] == "a condition on aws:SourceVpc, which only a real call can meet"
    assert not any(action.startswith("dynamodb:") for action in refused)
    assert "✗ sqs:CreateQueue" in kiro.run("doctor").stdout
