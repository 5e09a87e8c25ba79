"""The first day: the quick start's way to AWS, command by command, in an empty account with a new account's quotas.

`shell.py` says which commands have an equivalent here. Besides these: mails are read from a queue, since the emulated
AWS sends none; the reconciliation that a schedule runs every minute is run by hand; the forms of GitHub are filled in
by calls. Periods of alarms are divided by `ALARM_CLOCK`, and so are the watch of `test` and the waits of workflows;
other watches are shorter still, and the update ends them all. `staging` demands an approval, too, so that an update of
the platform meets a release before two of its stages. A decision is taken at once.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.author import Author
from local.emulator import NEW_ACCOUNT
from local.github.records import Hook
from local.platform import PROJECT, Platform
from local.pulumi.state import BUCKET
from local.service import Traffic
from local.settings import ACCOUNT, ALARM_CLOCK, REPOSITORY, stack_settings
from tests.scenarios.document import Guide
from tests.scenarios.driver import PlatformDriver, eventually, name_of
from tests.scenarios.platform_update import deploy, updated_program
from tests.scenarios.shell import Shell

pytestmark = pytest.mark.long
SETTINGS = "1. Set the stack up in `Pulumi.test.yaml`"
BEFORE, SECRETS, WEBHOOK = "2. Deploy", "4. Store the secrets", "5. Create the webhook"
RELEASE, REMOVE = "6. Release a commit", "Remove the stack"
# An ordinary period, and a watch that is longer.
PERIOD = 300
WATCHES = {"test": 2 * PERIOD // ALARM_CLOCK}
ENVIRONMENTS = ("test", "staging", "production")


def environments(shown: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those of `Pulumi.test.yaml`, each with what the guide shows for the first."""
    for environment in stack_settings(PROJECT, "test")["environments"]:
        name = environment["name"]
        own = json.loads(json.dumps(shown).replace("hello-test", f"hello-{name}").replace("ACCOUNT", ACCOUNT))
        yield {
            **environment,
            **own,
            "name": name,
            "approval": name != "test",
            "approvalWaitSeconds": 0,
            "stabiliseSeconds": 1,
            "watchSeconds": WATCHES.get(name, 1),
        }


@dataclass(frozen=True, slots=True)
class FirstDay:
    """What the operator has after the fifth step."""

    driver: PlatformDriver
    shell: Shell
    doctor: str
    prompts: list[str]
    secret: str
    hook: Hook


@pytest.fixture(scope="module")
def guide() -> Guide:
    """The document that is followed."""
    return Guide.read(PROJECT / "docs" / "quick-start.md")


@pytest.fixture(scope="module")
def platform(guide: Guide, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """An account in which nothing is, and the settings of the first step."""
    written = guide.settings(SETTINGS)
    (shown,) = written["kiro-worker:environments"]
    assert written["kiro-worker:github"] == {"repositories": ["OWNER/NAME"]}
    changes = {
        "environments": list(environments(shown)),
        "notificationEmail": written["kiro-worker:notificationEmail"],
        "repositories": [REPOSITORY],
    }
    made = Platform(
        tmp_path_factory.mktemp("first-day"),
        "test",
        print,
        changes=changes,
        wait_scale=1 / ALARM_CLOCK,
        alarm_clock=ALARM_CLOCK,
        quotas=NEW_ACCOUNT,
    )
    try:
        made.start_services()
        assert made.emulator.region == written["aws:region"]
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def day(guide: Guide, platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> FirstDay:
    """The first five steps; the repository has a commit, whose alarm has an ordinary period."""
    author = Author(platform)
    infrastructure = author.folder / "infrastructure" / "deploy.py"
    infrastructure.write_text(infrastructure.read_text("utf-8").replace("Period=10,", f"Period={PERIOD},"), "utf-8")
    author.push("feat: greet people")
    webhook = tmp_path_factory.mktemp("operator") / "webhook.txt"
    webhook.write_text(f"{platform.webhook_secret}\n", "utf-8")
    (alias,) = guide.commands("Quick start")
    shell = Shell(platform, author, alias, {webhook.name: webhook})
    for command in guide.commands(SETTINGS):
        shell.run(command)
    said = {command: shell.run(command) for command in guide.commands(BEFORE)}
    platform.read_mails()
    typed, piped = guide.commands(SECRETS)
    prompts = shell.type_into(typed, {"github": platform.token})
    shell.run(piped)
    (shown,) = guide.commands(WEBHOOK)
    secret = shell.run(shown)
    address = shell.run("pulumi stack output webhookUrl")
    assert "`pulumi stack output webhookUrl`" in guide.sections[WEBHOOK]
    hook = platform.github.add_hook(REPOSITORY, address, secret)
    doctor = next(output for command, output in said.items() if command.endswith(" doctor"))
    return FirstDay(PlatformDriver(platform, author), shell, doctor, prompts, secret, hook)


@pytest.fixture(scope="module")
def released(guide: Guide, day: FirstDay) -> str:
    """The sixth step: the head of the main branch is released without a push; returns its commit."""
    validate, plan, push, history, watch = guide.commands(RELEASE)
    commit = day.driver.author.commit_before(0)
    day.shell.run(validate)
    assert commit[:12] in day.shell.run(plan)
    name = name_of(commit)
    eventually(lambda: "push started" in day.driver.reconcile() or day.driver.executions.of_deployment(name))
    assert name in day.shell.run(history)
    follow = watch.replace("NAME", name)
    with day.shell.start(follow, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            day.driver.executions.await_end(name, 240, day.driver.approver.decide_next)
        except BaseException:
            process.kill()
            raise
        output, _ = process.communicate()
    assert process.returncode == 0, output
    assert f"{name}: deployed" in output
    day.shell.ran |= {watch, push}
    return commit


def test_doctor_names_the_quotas_of_a_new_account(day: FirstDay) -> None:
    """T1: before there is a stack, it prints that builds wait for each other and that functions are throttled early."""
    assert f"concurrent builds: {NEW_ACCOUNT.builds}: builds wait for each other" in day.doctor
    assert f"concurrent functions: {NEW_ACCOUNT.functions}: further invocations are throttled" in day.doctor
    assert "may deploy" in day.doctor


def test_the_prompts_are_those_of_the_guide(guide: Guide, day: FirstDay) -> None:
    """I4: `kiro-worker setup` prompts for each secret of the guide's table, then for the keys of the board's parameter.

    The webhook's secret is printed for GitHub.
    """
    keys = Guide.read(PROJECT / "docs" / "board.md").table("Change the board without a deployment")
    secrets = len(guide.table(SECRETS))
    assert sorted(f"`{name}`" for name in day.prompts[:secrets]) == sorted(row[0] for row in guide.table(SECRETS))
    assert [f"`{name}`" for name in day.prompts[secrets:]] == [row[0] for row in keys]
    assert day.secret == day.driver.platform.webhook_secret


def test_the_ping_of_github_is_answered(guide: Guide, day: FirstDay) -> None:
    """P1: as the guide says."""
    assert "202 with `pong`" in guide.sections[WEBHOOK]
    ping = eventually(lambda: day.hook.deliveries)[0]
    assert (ping.event, ping.status_code, "pong" in ping.response) == ("ping", 202, True), ping.response


def test_the_first_release_reaches_production(day: FirstDay, released: str) -> None:
    """The head walks through all environments, with the approvals that were mailed, and leaves nothing locked."""
    record = day.driver.record(released)
    assert (record["outcome"], record["status"]) == ("deployed", "deployed"), record["reason"]
    assert {day.driver.version(environment) for environment in ENVIRONMENTS} == {released}
    assert record["approval_production_deploy"]["by"] == "Grace Hopper"
    assert day.driver.left_behind()["locks"] == []


def test_a_rollback_is_restored_although_its_alarm_is_slow(guide: Guide, day: FirstDay, released: str) -> None:
    """R5: with an alarm of 300 s the result is *restored*, nothing is frozen, and the wait ends when it is OK."""
    driver, push = day.driver, guide.commands(RELEASE)[2]
    driver.author.break_in_service()
    with Traffic(driver.address("test")):
        day.shell.run(push)
        bad = day.shell.pushed
        ended = driver.deployed(bad)
    driver.author.repair_service()
    record = driver.record(bad)
    assert (record["outcome"], record["stages"]["test"]["result"]) == ("restored", "restored"), record["reason"]
    assert driver.version("test") == released
    assert "still in ALARM" not in record["reason"]
    rollback = next(one for one in ended if one.name == f"{name_of(bad)}-test-rollback")
    assert "AwaitAlarms" in rollback.states
    cloudwatch = driver.platform.clients.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["hello-test-errors"])["MetricAlarms"]
    assert (alarm["Period"], alarm["StateValue"]) == (PERIOD, "OK")
    whole = driver.table("environmentsTable").get_item(Key={"environment": "test", "part": "*"}).get("Item", {})
    assert not whole.get("frozen")
    assert driver.left_behind()["locks"] == []


@pytest.mark.usefixtures("released")
def test_what_began_before_an_update_ends_as_it_began(day: FirstDay, tmp_path: Path) -> None:
    """P9: a release that waits is deployed by the code and the definitions with which it began, in all its stages.

    Also when an update is taken back, after which releases begin as before.
    """
    platform = day.driver.platform
    unwatched = [{**one, "watchSeconds": 0} for one in platform.describe()["changes"]["environments"]]
    first = waiting(day.driver, "feat: begun before the update")
    deploy(platform, updated_program(tmp_path), unwatched)
    assert finished(day.driver, first) == ("deployed", "")
    second = waiting(day.driver, "feat: begun with the update")
    deploy(platform, PROJECT, unwatched)
    assert finished(day.driver, second) == ("deployed", "")
    third = waiting(day.driver, "feat: begun after the update was taken back")
    assert day.driver.version("test") == third
    assert {day.driver.version(environment) for environment in ENVIRONMENTS[1:]} == {second}
    assert day.driver.left_behind()["locks"] == []
    assert {name: proof(day.driver, name_of(commit)) for name, commit in (("old", first), ("new", second))} == {
        "old": None,
        "new": "new",
    }
    assert prune_versions(day.driver) == {"deleted": []}  # what was replaced today is kept


@pytest.mark.usefixtures("released")
def test_the_stack_is_removed(guide: Guide, day: FirstDay) -> None:
    """`stop-all` ends what waits, `pulumi destroy` leaves nothing of the stack, and the services go on.

    Every command of the guide has been run by now.
    """
    platform = day.driver.platform
    stop, destroy = guide.commands(REMOVE)
    assert "no execution runs any more" in day.shell.run(stop)
    assert day.driver.left_behind() == {"locks": [], "waits": []}
    day.shell.run(destroy)
    assert day.shell.deployed is not None
    assert day.shell.deployed.changes.get("retain", 0) == 0
    assert kept(platform) == {f"hello-{name}" for name in ENVIRONMENTS}
    headings = (SETTINGS, BEFORE, SECRETS, WEBHOOK, RELEASE, REMOVE)
    assert {command for heading in headings for command in guide.commands(heading)} <= day.shell.ran


def kept(platform: Platform) -> set[str]:
    """The names of what is in the account, but for the mailbox, the policy of the guide and Pulumi's state."""
    listed = {
        "dynamodb": ("list_tables", "TableNames[]"),
        "lambda": ("list_functions", "Functions[].FunctionName"),
        "stepfunctions": ("list_state_machines", "stateMachines[].name"),
        "iam": ("list_roles", "Roles[].RoleName"),
        "sns": ("list_topics", "Topics[].TopicArn"),
        "s3": ("list_buckets", "Buckets[].Name"),
        "secretsmanager": ("list_secrets", "SecretList[].Name"),
        "codebuild": ("list_projects", "projects[]"),
        "cloudwatch": ("describe_alarms", "MetricAlarms[].AlarmName"),
    }
    found: set[str] = set()
    for service, (operation, names) in listed.items():
        pages = platform.clients.client(service).get_paginator(operation).paginate()
        found |= {name.removesuffix("-errors") for name in pages.search(names) if name}
    return found - {BUCKET}


def waiting(driver: PlatformDriver, message: str) -> str:
    """Push a commit, and wait until its stage `staging` waits for a decision; returns the commit."""
    commit = driver.push(message)
    waits = driver.table("waitsTable")

    def requested() -> set[str]:
        return {one["approval"]["summary"]["commit"] for one in waits.scan()["Items"] if "approval" in one}

    eventually(lambda: commit in requested(), 180)
    return commit


def finished(driver: PlatformDriver, commit: str) -> tuple[str, str]:
    """The outcome of a commit's deployment once it has ended, and the reason of any but a good one."""
    driver.deployed(commit)
    record = driver.record(commit)
    return record["outcome"], record["reason"] if record["outcome"] != "deployed" else ""


def proof(driver: PlatformDriver, name: str) -> str | None:
    """What the last stage of a deployment got from it."""
    stage = driver.platform.outputs["stageWorkflow"].replace(":stateMachine:", ":execution:")
    found = driver.platform.clients.client("stepfunctions").describe_execution(
        executionArn=f"{stage}:{name}-production"
    )
    given: str | None = json.loads(found["input"]).get("proof")
    return given


def prune_versions(driver: PlatformDriver) -> Any:
    """The answer of the deployed function, which reads all versions under its own role."""
    name = driver.platform.outputs["functions"]["functions.events.prune_versions"]
    answer = driver.platform.clients.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    return json.loads(answer["Payload"].read())
