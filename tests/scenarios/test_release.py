"""Releases from push to production and back, over real HTTP, git and processes."""

import hashlib
import hmac
import json
import re
import urllib.error
import urllib.request
from base64 import b64decode
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.adapters.signatures import Signatures
from functions.domain.provenance import opened, place, to_sign
from local.clients import clients
from local.service import Traffic
from local.settings import REPOSITORY
from local.slack import Posted
from tests.scenarios.conftest import REGION
from tests.scenarios.driver import PlatformDriver, eventually, kiro, name_of

ENVIRONMENTS = ("test", "staging", "production")


@pytest.fixture(scope="module")
def good(driver: PlatformDriver) -> str:
    """A good release that in production, with a message that no state could hand on."""
    commit = driver.push("feat: greet people\n\n" + "x" * 294_000)
    driver.deployed(commit)
    return commit


def test_a_good_release_reaches_production(driver: PlatformDriver, good: str) -> None:
    """A good commit runs in every environment, is recorded as deployed, and leaves no orphans."""
    record = driver.record(good)
    assert (record["outcome"], record["status"]) == ("deployed", "deployed"), record["reason"]
    assert {driver.version(environment) for environment in ENVIRONMENTS} == {good}
    assert {gate["outcome"] for gate in record["gates"]} == {"passed"}
    assert record["approval_production_deploy"]["by"] == "Grace Hopper"
    assert driver.left_behind() == {"locks": [], "waits": []}


def test_commands_get_the_release_as_it_was_judged(driver: PlatformDriver, good: str) -> None:
    """Each names the S3 version of the artifact that the gates read, because builds may overwrite artifacts."""
    codebuild = driver.platform.clients.client("codebuild")
    project = driver.platform.outputs["projects"][f"{REPOSITORY}/deploy-test"]
    ids = codebuild.list_builds_for_project(projectName=project)["ids"]
    ran = [one for one in codebuild.batch_get_builds(ids=ids)["builds"] if one["secondarySources"]]
    assert ran
    for build in ran:
        deployment = build["secondarySources"][0]["location"].split("/")[-2]
        (pinned,) = build["secondarySourceVersions"]
        assert pinned["sourceVersion"] == driver.record_of(deployment)["artifactVersion"] != ""


def test_what_runs_is_what_was_signed(driver: PlatformDriver, good: str) -> None:
    """G7: with the stack's output alone; the package in each environment is that of the statement."""
    outputs, record = driver.platform.outputs, driver.record(good)
    key = place(name_of(good), record["statement"])
    stored = driver.platform.clients.client("s3").get_object(Bucket=outputs["artifactsBucket"], Key=key)["Body"].read()
    payload, signature = opened(stored)
    assert Signatures(outputs["provenancePublicKey"], datetime.now(UTC)).valid(to_sign(payload), signature)
    said = json.loads(payload)
    assert said["predicate"]["buildDefinition"]["externalParameters"]["commit"] == good
    assert said["predicate"]["runDetails"]["builder"]["id"].endswith(outputs["projects"][f"{REPOSITORY}/build"])
    signed = {one["name"]: one["digest"]["sha256"] for one in said["subject"]}
    elsewhere = {"production": clients(driver.platform.emulator.endpoint, REGION)}
    for environment in ENVIRONMENTS:
        lambda_ = elsewhere.get(environment, driver.platform.clients).client("lambda")
        found = lambda_.get_function_configuration(FunctionName=f"hello-{environment}", Qualifier="live")
        assert b64decode(found["CodeSha256"]).hex() == signed["dist/hello.zip"], environment


def test_github_shows_every_stage(driver: PlatformDriver, good: str) -> None:
    """Commit statuses and GitHub deployments show the end of each stage, and where the service runs."""
    gates = ("build", "tests", "coverage", "security")
    wanted = {"kiro", "kiro/gates", *(f"kiro/{environment}" for environment in ENVIRONMENTS)}
    wanted |= {f"kiro/gate/{gate}" for gate in gates}
    eventually(lambda: driver.statuses(good) == dict.fromkeys(wanted, "success"))
    deployments = driver.platform.github.repository(REPOSITORY).deployments

    def last(field: str) -> dict[str, list[str]]:
        mine = [one for one in deployments if one.sha == good]
        return {one.environment: [getattr(status, field) for status in one.statuses][-1:] for one in mine}

    eventually(lambda: last("state") == {name: ["success"] for name in ENVIRONMENTS})
    assert last("environment_url") == {
        one["environment"]: [part["address"]]
        for one in kiro(driver, "status")
        for part in one["parts"]
        if part["part"].endswith("/hello")
    }


def test_people_are_notified(driver: PlatformDriver, good: str) -> None:
    """Start, stages and end are mailed with the commit; only approvers get the link of an approval."""

    def subjects() -> list[str]:
        driver.platform.mailbox.fetch()
        return [m.subject for m in driver.platform.mailbox.mails if m.topic == "deployments" and good[:12] in m.subject]

    wanted = {"starts", *(f"is deployed to {environment}" for environment in ENVIRONMENTS)}
    wanted |= {"waits for an approval for production", f"is complete: {', '.join(ENVIRONMENTS)}"}
    eventually(lambda: wanted == {_what(subject.partition(good[:12])[2]) for subject in subjects()})
    others = [m.text for m in driver.platform.mailbox.mails if m.topic != "approvals"]
    assert not any("secret=" in text for text in others)


def test_slack_has_one_thread_of_a_release(driver: PlatformDriver, good: str) -> None:
    """N1: its first message is the root of all others, and each has blocks that Slack takes."""

    def told() -> list[Posted]:
        return [one for one in driver.platform.slack.messages if good[:12] in one.text]

    eventually(lambda: any("is complete" in one.text for one in told()))
    first, *replies = told()
    assert (first.thread, {one.thread for one in replies}) == ("", {first.ts})
    assert all(one.blocks for one in told())


def _what(words: str) -> str:
    """What a subject says of a release, without a time."""
    return words.partition(" until ")[0].strip()


def test_a_redelivery_starts_nothing(driver: PlatformDriver, good: str) -> None:
    """After ten redeliveries of a push there is one execution."""
    repository = driver.platform.github.repository(REPOSITORY)
    hook = repository.hooks[0]
    push = next(d for d in hook.deliveries if d.event == "push" and good in d.body.decode())
    answers = []
    for _ in range(10):
        url = f"{driver.platform.github.api_url}/repos/{REPOSITORY}/hooks/{hook.id}/deliveries/{push.id}/attempts"
        request = urllib.request.Request(
            url, method="POST", headers={"Authorization": f"token {driver.platform.token}"}
        )
        with urllib.request.urlopen(request) as answer:
            answers.append(answer.status)
    assert answers == [202] * 10
    eventually(lambda: sum(d.guid == push.guid for d in hook.deliveries) == 11)
    started = [e for e in driver.executions.of_deployment(name_of(good)) if e.workflow == "deployment"]
    assert len(started) == 1


def test_a_bad_release_is_rolled_back(driver: PlatformDriver, good: str) -> None:
    """A release that causes an alarm is rolled back within two seconds of it, and the old version runs again."""
    driver.author.break_in_service()
    with Traffic(driver.address("test")):
        bad = driver.push("feat: let operations choose the salutation")
        ended = driver.deployed(bad)
    record = driver.record(bad)
    assert (record["outcome"], record["stages"]["test"]["result"]) == ("restored", "restored"), record["reason"]
    assert "hello-test-errors" in record["reason"]
    assert {driver.version(environment) for environment in ENVIRONMENTS} == {good}
    assert next(e.status for e in ended if e.workflow == "deployment") == "FAILED"
    assert "staging" not in record["stages"]
    eventually(lambda: driver.statuses(bad).get("kiro/test") == "failure")
    driver.author.repair_service()


@pytest.mark.long
def test_a_freeze_holds_a_release_until_it_ends_and_a_rejection_ends_the_release(
    driver: PlatformDriver, good: str
) -> None:
    """P12: staging waits and says who froze it and why, then goes on; A5: an operator keeps it out of production."""
    kiro(driver, "freeze", "staging", "--reason", "the fair")
    commit = driver.push("feat: during the fair")
    deployments, key = driver.table("deploymentsTable"), {"deploymentId": name_of(commit)}
    eventually(lambda: deployments.get_item(Key=key).get("Item", {}).get("status") == "waiting for unfreeze")
    assert (driver.version("test"), driver.version("staging")) == (commit, good)
    held = driver.record(commit)
    assert (held["environment"], held["status"]) == ("staging", "waiting for unfreeze")
    assert held["reason"].startswith("waits for the unfreeze of staging: arn:aws:")
    assert held["reason"].endswith(": the fair")
    assert eventually(lambda: driver.statuses(commit).get("kiro/staging") == "pending")
    assert waiting(driver, "staging") == [
        {"deployment": name_of(commit), "status": "waiting for unfreeze", "reason": held["reason"]}
    ]
    kiro(driver, "unfreeze", "staging", "--reason", "it is over")
    assert eventually(lambda: name_of(commit) in [one["deployment"] for one in kiro(driver, "approvals")])
    decided = kiro(driver, "reject", name_of(commit), "--reason", "not on a Friday")
    ended = driver.executions.await_end(name_of(commit), 120, lambda: None)
    driver.platform.mailbox.fetch()  # the request is decided: nobody opens its mail
    record = driver.record(commit)
    assert (record["outcome"], record["reason"]) == ("rejected", decided["message"])
    assert re.fullmatch(r"rejected by arn:aws:iam::\d{12}:root: not on a Friday", record["reason"])
    assert record["approval_production_deploy"]["identity"] == record["approval_production_deploy"]["by"]
    assert (driver.version("staging"), driver.version("production")) == (commit, good)
    assert waiting(driver, "staging") == []
    assert not [e for e in ended if e.workflow == "rollback"]
    assert driver.left_behind() == {"locks": [], "waits": []}


def waiting(driver: PlatformDriver, environment: str) -> Any:
    """The releases that wait at the entry of an environment, as `kiro-worker status` shows them."""
    return next(one for one in kiro(driver, "status") if one["environment"] == environment)["waiting"]


def test_failing_tests_deploy_nothing(driver: PlatformDriver, good: str) -> None:
    """The gates refuse a commit with a failing test and name the test."""
    file = driver.author.folder / "tests" / "test_broken.py"
    file.write_text("def test_broken():\n    assert False\n", "utf-8")
    commit = driver.push("feat: a broken one")
    file.unlink()
    ended = driver.deployed(commit)
    record = driver.record(commit)
    assert record["outcome"] == "failed"
    assert "test_broken" in record["reason"]
    assert [e.workflow for e in ended] == ["deployment"]


def test_a_broken_manifest_is_named_with_its_line(driver: PlatformDriver, good: str) -> None:
    """A manifest with a mistake deploys nothing; the reason names file, line and field."""
    manifest = driver.author.folder / "delivery.yml"
    before = manifest.read_text("utf-8")
    manifest.write_text(before.replace("alias: live", "alais: live"), "utf-8")
    commit = driver.push("chore: break the manifest")
    manifest.write_text(before, "utf-8")
    driver.deployed(commit)
    line = before.splitlines().index("    alias: live") + 1
    assert f"delivery.yml:{line}:5: services.hello.alais: is unknown: is it alias?" in driver.record(commit)["reason"]


@pytest.mark.parametrize(
    ("body", "signature", "event", "status", "reason"),
    [
        (b"{}", None, "push", 401, "unsigned"),
        (b"{}", "sha256=" + "0" * 64, "push", 401, "wrong signature"),
        (b"{}", "sign", "push", 400, "repository"),
        (b"no json", "sign", "push", 400, "not JSON"),
        (b"[]", "sign", "push", 400, "object"),
        (b"{}", "sign", "star", 202, "not used"),
    ],
    ids=["unsigned", "wrongly signed", "malformed", "not JSON", "a list", "unknown event"],
)
def test_bad_deliveries_start_nothing(
    driver: PlatformDriver, body: bytes, signature: str | None, event: str, status: int, reason: str
) -> None:
    """Every invalid delivery is answered with a status and a reason, and starts nothing."""
    if signature == "sign":
        secret = driver.platform.webhook_secret.encode()
        signature = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    headers = {"x-github-event": event, "content-type": "application/json"}
    if signature:
        headers["x-hub-signature-256"] = signature
    request = urllib.request.Request(driver.platform.outputs["webhookUrl"], body, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            found = answer.status, json.loads(answer.read())["message"]
    except urllib.error.HTTPError as error:
        with error:
            found = error.code, json.loads(error.read())["message"]
    assert found[0] == status
    assert reason in found[1]


@pytest.mark.long
def test_a_change_of_the_infrastructure_alone_reaches_requests(driver: PlatformDriver, good: str) -> None:
    """P5: a variable that only the infrastructure sets is published with the unchanged service.

    Requests meet what the alias points to, and a version keeps its variables:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
    """
    driver.deployed(driver.push("feat: whatever else has changed"))
    script = driver.author.folder / "infrastructure" / "deploy.py"
    script.write_text(
        script.read_text("utf-8").replace(
            '"ENVIRONMENT": ENVIRONMENT}', '"ENVIRONMENT": ENVIRONMENT, "COLOUR": "blue"}'
        ),
        "utf-8",
    )
    commit = driver.author.push("feat: a variable")
    driver.deployed(commit)
    record = driver.record(commit)
    assert record["outcome"] == "deployed", record["reason"]
    parts = record["plan"]["stages"][0]["parts"]
    assert parts["hello-service/hello"].startswith("hello-service/infrastructure changes")
    platform = driver.platform
    there = clients(platform.emulator.endpoint, REGION)
    for environment in ENVIRONMENTS:
        with there if environment == "production" else nullcontext(platform.clients) as where:
            met = where.client("lambda").get_function_configuration(
                FunctionName=f"hello-{environment}", Qualifier="live"
            )
        assert met["Environment"]["Variables"]["COLOUR"] == "blue"
