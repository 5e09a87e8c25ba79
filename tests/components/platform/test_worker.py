"""The worker's build: its settings, permissions and program."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from components.platform.worker import program_files
from functions.adapters.github.board import Names
from functions.adapters.worker_rules import WorkerRules, _Given
from functions.handler import decode
from tests.components.recorder import PROJECT_KEY, REPOSITORY, Outcome

_FUNCTION = "events-poll-board"


def _variables(whole: Outcome) -> dict[str, str]:
    found: dict[str, str] = whole.recorder.one("lambda/function:Function", _FUNCTION).inputs["environment"]["variables"]
    return found


def test_the_worker_has_its_own_prefix(whole: Outcome) -> None:
    """Functions, workflow, table and project begin with kiro-worker."""
    outputs = whole.outputs
    assert outputs["projects"][f"{REPOSITORY}/worker"] == f"kiro-worker-test-build-{PROJECT_KEY}"
    assert outputs["workItemsTable"] == "kiro-worker-test-work-items"
    assert outputs["workItemWorkflow"].endswith(":kiro-worker-test-work-item")
    assert outputs["functions"]["functions.events.poll_board"] == "kiro-worker-test-events-poll-board"


def test_the_settings_have_the_format_of_the_adapters(whole: Outcome) -> None:
    """The program and the adapters agree on every key."""
    variables = _variables(whole)
    assert decode(Names, json.loads(variables["BOARD"])).columns.in_progress == "In Progress"
    rules = WorkerRules(decode(_Given, json.loads(variables["WORKER"])))
    assert (rules.concurrency, rules.attempts, rules.coverage_percent) == (1, 3, 80)


def test_the_build_reaches_its_credential_and_its_artifacts_only(whole: Outcome) -> None:
    """One secret, its program, one prefix for artifacts; no table, workflow, role or cache."""
    policy = whole.recorder.one("iam/rolePolicy:RolePolicy", f"worker-codebuild-{PROJECT_KEY}").inputs["policy"]
    allowed = {action: s["Resource"] for s in json.loads(policy)["Statement"] for action in s["Action"]}
    assert allowed["secretsmanager:GetSecretValue"] == [whole.outputs["secretArns"]["git"]]
    bucket = f"arn:aws:s3:::{whole.outputs['artifactsBucket']}"
    assert allowed["s3:PutObject"] == [f"{bucket}/test/{REPOSITORY}/*"]
    assert allowed["s3:GetObject"] == [f"{bucket}/programs/*"]
    assert {action.partition(":")[0] for action in allowed} == {"s3", "kms", "secretsmanager", "logs"}
    assert "cache" not in whole.recorder.one("codebuild/project:Project", f"worker-build-{PROJECT_KEY}").inputs


def test_the_credential_is_read_by_codebuild_itself(whole: Outcome) -> None:
    """The program's state contains no value of a secret."""
    environment = whole.recorder.one("codebuild/project:Project", f"worker-build-{PROJECT_KEY}").inputs["environment"]
    (secret,) = [one for one in environment["environmentVariables"] if one["name"] == "KIRO_GIT_TOKEN"]
    assert (secret["type"], secret["value"]) == ("SECRETS_MANAGER", f"{whole.outputs['secretArns']['git']}:token")


def test_an_agent_with_a_key_may_read_that_secret_too(whole: Outcome, switched_on: Outcome) -> None:
    """W9: its build gets the name of the secret and reads the value itself; other builds get neither."""

    def facts(outcome: Outcome) -> tuple[list[str], dict[str, str]]:
        policy = outcome.recorder.one("iam/rolePolicy:RolePolicy", f"worker-codebuild-{PROJECT_KEY}").inputs["policy"]
        allowed = {action: s["Resource"] for s in json.loads(policy)["Statement"] for action in s["Action"]}
        project = outcome.recorder.one("codebuild/project:Project", f"worker-build-{PROJECT_KEY}").inputs
        variables = {one["name"]: one["value"] for one in project["environment"]["environmentVariables"]}
        return allowed["secretsmanager:GetSecretValue"], variables

    secrets = switched_on.outputs["secretArns"]
    readable, variables = facts(switched_on)
    assert readable == [secrets["agent"]]
    assert variables["KIRO_AGENT_SECRET"] == secrets["agent"]
    assert (variables["KIRO_AGENT_PRESET"], variables["KIRO_AGENT_VERSION"]) == ("claude", "2.2.0")
    assert variables["KIRO_AGENT_BUDGET_USD"] == "2.5"
    assert "KIRO_AGENT_SECRET" not in facts(whole)[1]


def test_a_build_that_pushes_as_an_app_reads_no_credential(whole: Outcome, switched_on: Outcome) -> None:
    """W10: it invokes the function that reads the App's key, which may read nothing where builds have a token."""

    def allowed(outcome: Outcome, role: str) -> dict[str, list[str]]:
        policy = outcome.recorder.one("iam/rolePolicy:RolePolicy", role).inputs["policy"]
        return {action: s["Resource"] for s in json.loads(policy)["Statement"] for action in s["Action"]}

    build = allowed(switched_on, f"worker-codebuild-{PROJECT_KEY}")
    git = switched_on.outputs["secretArns"]["git"]
    assert git not in build["secretsmanager:GetSecretValue"]
    (function,) = build["lambda:InvokeFunction"]
    assert function.endswith(":kiro-pipeline-test-events-git-token")
    project = switched_on.recorder.one("codebuild/project:Project", f"worker-build-{PROJECT_KEY}").inputs
    variables = {one["name"]: one["value"] for one in project["environment"]["environmentVariables"]}
    assert variables["KIRO_TOKEN_FUNCTION"] == function
    assert "KIRO_GIT_TOKEN" not in variables
    assert allowed(switched_on, "events-git-token")["secretsmanager:GetSecretValue"] == [git]
    assert "secretsmanager:GetSecretValue" not in allowed(whole, "events-git-token")
    assert "lambda:InvokeFunction" not in allowed(whole, f"worker-codebuild-{PROJECT_KEY}")


def test_the_program_is_named_after_its_content(whole: Outcome) -> None:
    """The workflow starts the worker's project with exactly this object."""
    key = whole.recorder.one("s3/bucketObjectv2:BucketObjectv2", "worker-program").inputs["key"]
    definition = json.loads(whole.recorder.one("sfn/stateMachine:StateMachine", "work-item").inputs["definition"])
    told = definition["States"]["StartBuild"]["Arguments"]
    assert (told["source"], told["minutes"]) == (key, 60)
    assert told["project"] == "kiro-worker-test-build", "the handler adds the key of the repository"
    assert "python3 -m work_item" in told["buildspec"]


def test_the_program_brings_its_libraries(tmp_path: Path) -> None:
    """Unpacked, it reads a list of tasks on a Python without installed packages; licences are included."""
    files = program_files()
    for name, file in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, tmp_path / name)
    code = "from work_item import __main__, task_list; print(task_list.read_tasks(b'- [ ] 1. Greet').tasks[0].title)"
    # -S: no site-packages
    words = [sys.executable, "-S", "-c", code]
    done = subprocess.run(words, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "Greet", done.stderr
    assert sum("LICENSE" in name for name in files) >= 2


def test_a_poll_that_fails_is_an_alarm(whole: Outcome) -> None:
    """Its event is kept in a queue, and an alarm watches the queue."""
    alarm = whole.recorder.one("cloudwatch/metricAlarm:MetricAlarm", "events-poll-board-dead-letters").inputs
    assert alarm["dimensions"] == {"QueueName": "kiro-worker-test-events-poll-board"}
