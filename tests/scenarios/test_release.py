"""Releases from push to production and back, over real HTTP, git and processes."""

import hashlib
import hmac
import json
import urllib.error
import urllib.request

import pytest

from local.service import Users
from local.settings import REPOSITORY
from tests.scenarios.world import World, eventually, name_of

ENVIRONMENTS = ("test", "staging", "production")


@pytest.fixture(scope="module")
def good(world: World) -> str:
    """A good release that walked to production, with a message that no state could hand on."""
    commit = world.push("feat: greet people\n\n" + "x" * 294_000)
    world.deployed(commit)
    return commit


def test_a_good_release_walks_to_production(world: World, good: str) -> None:
    """A good commit answers in every environment, is told as deployed, and leaves nothing behind."""
    record = world.record(good)
    assert (record["outcome"], record["status"]) == ("deployed", "deployed"), record["reason"]
    assert {world.version(environment) for environment in ENVIRONMENTS} == {good}
    assert {gate["outcome"] for gate in record["gates"]} == {"passed"}
    assert record["approval_production_deploy"]["by"] == "Grace Hopper"
    assert world.left_behind() == {"locks": [], "waits": []}


def test_commands_get_the_release_as_it_was_judged(world: World, good: str) -> None:
    """Each names the version of the artifact that its gates read: builds may write over one another's."""
    codebuild = world.platform.clients.client("codebuild")
    ids = codebuild.list_builds_for_project(projectName=world.platform.outputs["projects"]["deploy-test"])["ids"]
    ran = [one for one in codebuild.batch_get_builds(ids=ids)["builds"] if one["secondarySources"]]
    assert ran
    for build in ran:
        deployment = build["secondarySources"][0]["location"].split("/")[2]
        (pinned,) = build["secondarySourceVersions"]
        assert pinned["sourceVersion"] == world.record_of(deployment)["artifactVersion"] != ""


def test_github_shows_every_stage(world: World, good: str) -> None:
    """Commit statuses and GitHub deployments tell each stage as it ended."""
    wanted = {
        "kiro": "success",
        "kiro/gates": "success",
        **{f"kiro/{environment}": "success" for environment in ENVIRONMENTS},
    }
    eventually(lambda: world.statuses(good) == wanted)
    deployments = world.platform.github.repository(REPOSITORY).deployments
    eventually(lambda: {d.environment for d in deployments if d.sha == good} == set(ENVIRONMENTS))


def test_people_are_told(world: World, good: str) -> None:
    """Start, stages and end are mailed, each with the commit; the link of an approval is mailed to nobody else."""

    def subjects() -> list[str]:
        world.platform.mailbox.fetch()
        return [m.subject for m in world.platform.mailbox.mails if m.topic == "deployments" and good[:12] in m.subject]

    wanted = {"starts", "ended: deployed", *(f"is deployed to {environment}" for environment in ENVIRONMENTS)}
    eventually(lambda: wanted == {subject.partition(good[:12])[2].strip() for subject in subjects()})
    others = [m.text for m in world.platform.mailbox.mails if m.topic != "approvals"]
    assert not any("secret=" in text for text in others)


def test_a_redelivery_starts_nothing(world: World, good: str) -> None:
    """Ten redeliveries of the same push leave one execution."""
    repository = world.platform.github.repository(REPOSITORY)
    hook = repository.hooks[0]
    push = next(d for d in hook.deliveries if d.event == "push" and good in d.body.decode())
    answers = []
    for _ in range(10):
        url = f"{world.platform.github.api_url}/repos/{REPOSITORY}/hooks/{hook.id}/deliveries/{push.id}/attempts"
        request = urllib.request.Request(url, method="POST", headers={"Authorization": f"token {world.platform.token}"})
        with urllib.request.urlopen(request) as answer:
            answers.append(answer.status)
    assert answers == [202] * 10
    eventually(lambda: sum(d.guid == push.guid for d in hook.deliveries) == 11)
    started = [e for e in world.executions.of_deployment(name_of(good)) if e.workflow == "deployment"]
    assert len(started) == 1


def test_a_bad_release_walks_back(world: World, good: str) -> None:
    """A release whose alarm rings is rolled back within two seconds, and the old version answers again."""
    world.author.break_in_service()
    with Users(world.address("test")):
        bad = world.push("feat: let operations choose the salutation")
        ended = world.deployed(bad)
    record = world.record(bad)
    assert (record["outcome"], record["stages"]["test"]["result"]) == ("restored", "restored"), record["reason"]
    assert "hello-test-errors" in record["reason"]
    assert {world.version(environment) for environment in ENVIRONMENTS} == {good}
    assert next(e.status for e in ended if e.workflow == "deployment") == "FAILED"
    assert "staging" not in record["stages"]
    eventually(lambda: world.statuses(bad).get("kiro/test") == "failure")
    world.author.mend()


def test_a_rejection_stops_without_rollback(world: World, good: str) -> None:
    """A rejected release stays out of production; nothing is rolled back."""
    commit = world.push("feat: another greeting")
    ended = world.deployed(commit, approve=False, reason="not on a Friday")
    record = world.record(commit)
    assert (record["outcome"], record["reason"]) == ("rejected", "rejected by Grace Hopper: not on a Friday")
    assert (world.version("staging"), world.version("production")) == (commit, good)
    assert not [e for e in ended if e.workflow == "rollback"]
    assert world.left_behind() == {"locks": [], "waits": []}


def test_failing_tests_deploy_nothing(world: World, good: str) -> None:
    """A commit with a failing test is refused by its gates, the test named."""
    file = world.author.folder / "tests" / "test_broken.py"
    file.write_text("def test_broken():\n    assert False\n", "utf-8")
    commit = world.push("feat: a broken one")
    file.unlink()
    ended = world.deployed(commit)
    record = world.record(commit)
    assert record["outcome"] == "failed"
    assert "test_broken" in record["reason"]
    assert [e.workflow for e in ended] == ["deployment"]


def test_a_broken_manifest_is_named_with_its_line(world: World, good: str) -> None:
    """A manifest with a mistake deploys nothing; the reason names file, line and field."""
    manifest = world.author.folder / "delivery.yml"
    before = manifest.read_text("utf-8")
    manifest.write_text(before.replace("alias: live", "alais: live"), "utf-8")
    commit = world.push("chore: break the manifest")
    manifest.write_text(before, "utf-8")
    world.deployed(commit)
    line = before.splitlines().index("    alias: live") + 1
    assert f"delivery.yml:{line}:5: services.hello.alais: is unknown: is it alias?" in world.record(commit)["reason"]


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
    world: World, body: bytes, signature: str | None, event: str, status: int, reason: str
) -> None:
    """Whatever is wrong with a delivery is answered with a status and a reason."""
    if signature == "sign":
        secret = world.platform.webhook_secret.encode()
        signature = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    headers = {"x-github-event": event, "content-type": "application/json"}
    if signature:
        headers["x-hub-signature-256"] = signature
    request = urllib.request.Request(world.platform.outputs["webhookUrl"], body, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            found = answer.status, json.loads(answer.read())["message"]
    except urllib.error.HTTPError as error:
        with error:
            found = error.code, json.loads(error.read())["message"]
    assert found[0] == status
    assert reason in found[1]
