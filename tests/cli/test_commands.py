"""The commands that show and change a stack."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import execution_arn
from functions.adapters.locks_table import LocksTable
from functions.domain.locks import Contender
from functions.domain.order import Order
from functions.domain.outside_alarms import OutsideAlarm
from functions.domain.releases import LONGEST_NAME
from functions.domain.requests import Request
from functions.domain.rollback import Compensation
from functions.handler import encode
from tests.cli.conftest import Kiro, machine
from tests.functions.samples import COMMIT, DEPLOYMENT, LEASE, NOW, OLDER, RELEASE, SERVICE, state, version

NEWER = version(COMMIT, "2", at="2026-02-01T08:00:00.000Z", deployment_id=DEPLOYMENT)
EVERY = (
    ("status",),
    ("history",),
    ("locks",),
    ("items",),
    ("approvals",),
    ("approve", DEPLOYMENT, "--reason", "fine"),
    ("reject", DEPLOYMENT, "--reason", "not today"),
    ("freeze", "production", "--reason", "fair"),
    ("unfreeze", "production", "--reason", "over"),
    ("deploy", "acme/hello-service", "main"),
    ("plan", "main"),
    ("rollback", "production"),
    ("pin", "production", "--reason", "errors"),
    ("unpin", "production", "--reason", "corrected"),
    ("watch", DEPLOYMENT),
    ("forget", "moon", "--reason", "sold"),
    ("stop-all", "--reason", "the end"),
)


@pytest.fixture
def released(kiro: Kiro) -> Kiro:
    """Production runs a good release; its ledger holds the version before."""
    deployments, running = DeploymentsTable.connect(kiro.clients), EnvironmentsTable.connect(kiro.clients)
    deployments.begin(DEPLOYMENT, RELEASE, execution_arn(machine("deployment"), DEPLOYMENT), "push")
    deployments.enter(DEPLOYMENT, "production", "running")
    deployments.write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    deployments.conclude(DEPLOYMENT, "deployed", "all passed")
    running.save(state(running=NEWER), LEASE)
    return kiro


def start(kiro: Kiro, workflow: str, name: str) -> str:
    """Start an execution and return its ARN."""
    client = kiro.clients.client("stepfunctions")
    return str(client.start_execution(stateMachineArn=machine(workflow), name=name, input="{}")["executionArn"])


def test_status_shows_versions_freeze_lock_and_reported_alarms(released: Kiro) -> None:
    """As JSON all of it, as a table the freeze and the alarm by name."""
    running = EnvironmentsTable.connect(released.clients)
    running.note_outside("production", OutsideAlarm("latency", "ALARM", "critical", "4 s", "", NOW))
    released.run("freeze", "production", "--reason", "the fair")
    lock(released, start(released, "stage", "s"))
    test, production = released.json("status")
    assert (test["environment"], test["parts"], test["lock"]) == ("test", [], None)
    assert production["parts"][0]["running"]["commit"] == COMMIT
    assert production["frozen"]["reason"] == "the fair"
    assert (production["deployment"], production["outsideAlarms"][0]["name"]) == (DEPLOYMENT, "latency")
    shown = released.run("status").output
    assert "frozen" in shown
    assert "latency" in shown


def test_status_says_who_has_approved_what_runs(released: Kiro) -> None:
    """R7: of the deployment that it came with, and of this environment; a rejection is none."""
    given = {"state": "approved", "consents": [{"by": "grace"}, {"by": "bob"}], "by": "bob"}
    records = DeploymentsTable.connect(released.clients)
    records.note(
        NEWER.deployment_id,
        approval_production_deploy=given,
        approval_production_review={**given, "state": "rejected", "consents": [], "by": "eve"},
        approval_staging_deploy={**given, "consents": [], "by": "ada"},
    )
    _, production = released.json("status")
    assert production["parts"][0]["approvedBy"] == ["grace", "bob"]
    (line,) = [one for one in released.run("status", "-o", "wide").stdout.splitlines() if "grace" in one]
    assert "grace, bob" in line


def test_status_shows_what_a_release_waits_for(released: Kiro) -> None:
    """P12: who froze the environment, since when and why; not of a deployment that has ended."""
    reason = "waits for the unfreeze of production: ada froze it yesterday: the fair"
    deployments = DeploymentsTable.connect(released.clients)
    deployments.begin("main-2", RELEASE, "arn:e", "push")
    for name in ("main-2", DEPLOYMENT):
        deployments.note_known(name, environment="production", status="waiting for unfreeze", reason=reason)
    test, production = released.json("status")
    assert test["waiting"] == []
    assert production["waiting"] == [{"deployment": "main-2", "status": "waiting for unfreeze", "reason": reason}]
    assert " ".join(released.run("status").output.split()).count("main-2") == 1


def test_history_is_newest_first(released: Kiro) -> None:
    """Each with its outcome and reason; `--limit` limits their number."""
    older = DeploymentsTable.connect(released.clients)
    older.begin("main-older", RELEASE, "arn:e", "push")
    assert [one["deployment"] for one in released.json("history")] == ["main-older", DEPLOYMENT]
    (one,) = released.json("history", "--limit", "1")
    assert one["status"] == "running"
    assert "deployed" in released.run("history").output


def test_history_says_what_started_a_deployment(released: Kiro) -> None:
    """N3: the way, the person, and as JSON the whole request; an older record has only the way."""
    request = Request("acme/hello-service", "refs/heads/main", until="test", trigger="dispatch", by="ada")
    DeploymentsTable.connect(released.clients).begin("asked", RELEASE, "arn:e", request.trigger, request)
    found = {one["deployment"]: one for one in released.json("history")}
    assert (found["asked"]["by"], found["asked"]["request"]) == ("ada", encode(request))
    assert (found[DEPLOYMENT]["trigger"], found[DEPLOYMENT]["by"], found[DEPLOYMENT]["request"]) == ("push", "", None)
    assert "dispatch ada" in released.run("history").output


def lock(kiro: Kiro, *executions: str) -> None:
    """Executions request the lock of production, one after the other."""
    for number, execution in enumerate(executions):
        wanted = Contender(execution, DEPLOYMENT, Order(1, number), "release 1a2b")
        LocksTable.connect(kiro.clients).request("environment/production", wanted)


def test_locks_show_owner_reason_time_and_queue(kiro: Kiro) -> None:
    """Also whether the execution that owns the lock still runs."""
    owner = start(kiro, "stage", "one")
    lock(kiro, owner, start(kiro, "stage", "two"))
    free, held = kiro.json("locks")
    assert not free["held"]
    assert (held["execution"], held["reason"], held["alive"]) == (owner, "release 1a2b", True)
    assert held["since"]
    assert len(held["queue"]) == 1
    kiro.clients.client("stepfunctions").stop_execution(executionArn=owner)
    assert kiro.json("locks")[1]["alive"] is False
    assert "has ended" in kiro.run("locks").output


def test_a_freeze_and_its_end_record_the_caller(kiro: Kiro) -> None:
    """R5: with reason and time; unfreezing what is not frozen is an error."""
    frozen = kiro.json("freeze", "production", "--reason", "the fair")["frozen"]
    assert (frozen["reason"], frozen["by"][:12]) == ("the fair", "arn:aws:sts:")
    assert kiro.json("unfreeze", "production", "--reason", "over")["was"] == frozen
    row = kiro.clients.table("ENVIRONMENTS_TABLE").get_item(Key={"environment": "production", "part": "*"})["Item"]
    assert (row["frozen"], row["unfrozen"]["reason"]) == (None, "over")
    again = kiro.run("unfreeze", "production", "--reason", "over")
    assert (again.exit_code, "is not frozen" in again.output) == (1, True)


def test_a_part_in_doubt_is_shown_by_status_and_unfreeze(released: Kiro) -> None:
    """R5: the operator learns that the record may not be what runs."""
    EnvironmentsTable.connect(released.clients).doubt("production", "hello", "main-that-died", LEASE)
    released.run("freeze", "production", "--reason", "nobody knows")
    assert released.json("status")[1]["parts"][0]["inDoubt"] == "main-that-died"
    assert "main-that-died began to change it" in " ".join(released.run("status").output.split())
    said = released.run("unfreeze", "production", "--reason", "looked at").output
    assert "hello is in doubt: main-that-died began to change it" in said


def test_rollback_undoes_a_change_that_was_begun_and_not_recorded(released: Kiro) -> None:
    """A part in doubt goes back, also if its record names the version to go back to."""
    deployments = DeploymentsTable.connect(released.clients)
    deployments.begin("main-that-died", RELEASE, "arn:e", "push")
    deployments.write_ledger("main-that-died", Compensation("production", 0, SERVICE, NEWER, SERVICE, NOW, NEWER))
    EnvironmentsTable.connect(released.clients).doubt("production", "hello", "main-that-died", LEASE)
    whole = released.json("rollback", "production")
    assert (whole["deployment"], whole["parts"][0]["to"]["commit"]) == ("main-that-died", COMMIT)
    part = released.json("rollback", "production", "--part", "hello")
    assert part["parts"][0]["to"]["commit"] == COMMIT


@pytest.mark.parametrize(("ref", "commit"), [("main", ""), (COMMIT, COMMIT), ("refs/tags/v1.2.0", "")])
def test_deploy_starts_a_deployment_each_time(kiro: Kiro, ref: str, commit: str) -> None:
    """The name is short enough for the names of its stages and rollbacks."""
    name = kiro.json("deploy", "acme/hello-service", ref)["deployment"]
    given = kiro.executions("deployment")[name]
    wanted = Request("acme/hello-service", ref, commit, by=given["by"])
    assert given == encode(wanted)
    assert given["by"].startswith("arn:aws:sts::")
    assert len(name) <= LONGEST_NAME


def test_deploy_says_what_and_how_far(kiro: Kiro) -> None:
    """P1, P4: every option is part of the request, and the answer names the last environment."""
    options = ("--until", "test", "--force", "--infrastructure", "--emergency", "--reason", "again")
    done = kiro.json("deploy", "acme/hello-service", "--tag", "v1.2.0", *options)
    given = kiro.executions("deployment")[done["deployment"]]
    wanted = Request("acme/hello-service", "refs/tags/v1.2.0", "", "test", {}, True, "infrastructure", True)
    assert given == encode(replace(wanted, by=given["by"], reason="again"))
    assert done["until"] == "test"
    assert "(until production)" in kiro.run("deploy", "acme/hello-service", "--ref", "main").output


def test_an_emergency_is_started_by_its_option(kiro: Kiro) -> None:
    """P8: the execution's input and the history show it."""
    name = kiro.json("deploy", "acme/hello-service", "main", "--emergency")["deployment"]
    assert kiro.executions("deployment")[name]["emergency"] is True
    DeploymentsTable.connect(kiro.clients).begin(name, replace(RELEASE, emergency=True), "arn:e", "operator")
    assert kiro.json("history")[0]["emergency"] is True
    assert "EMERGENCY" in kiro.run("history").output


def test_rollback_undoes_the_last_release(released: Kiro) -> None:
    """The workflow `rollback` uses the ledger of the last deployment; M6: a person agrees to all of it."""
    done = released.json("rollback", "production", "--reason", "slow")
    given = released.executions("rollback")[done["rollback"]]
    assert (given["deploymentId"], given["environment"]["name"]) == (DEPLOYMENT, "production")
    assert given["reason"].endswith("slow")
    assert given["agreed"] is True
    assert done["parts"][0]["to"]["commit"] == OLDER


@pytest.mark.parametrize("more", [("--to", OLDER[:7]), ("--part", "hello"), ("--part", "hello", "--to", OLDER)])
def test_rollback_to_a_version_or_of_a_part_has_a_ledger_of_its_own(released: Kiro, more: tuple[str, ...]) -> None:
    """R7: one service, or a named version; the record names the caller."""
    done = released.json("rollback", "production", *more)
    (entry,) = DeploymentsTable.connect(released.clients).ledger(done["rollback"])
    assert entry.before
    assert (entry.before.commit, entry.part.name) == (OLDER, "hello")
    assert released.executions("rollback")[done["rollback"]]["deploymentId"] == done["rollback"]
    record = DeploymentsTable.connect(released.clients).get(done["rollback"])
    assert record
    assert (record.outcome, "requested by arn:aws:sts" in record.reason) == ("rollback", True)


def test_rollback_prefers_what_was_good_to_what_was_before(released: Kiro) -> None:
    """If what runs is not good, a part goes back to its last known good."""
    good = version("9" * 40, "7", at=NOW)
    EnvironmentsTable.connect(released.clients).save(state(running=NEWER, good=good), LEASE)
    done = released.json("rollback", "production", "--part", "hello")
    assert done["parts"][0]["to"] == json.loads(json.dumps(done["parts"][0]["to"])) | {
        "commit": "9" * 40,
        "version": "7",
    }


def test_watch_follows_to_the_end(released: Kiro) -> None:
    """The exit code is 0 for a good outcome; with --output json the last line holds the outcome."""
    execution = start(released, "deployment", DEPLOYMENT)
    released.clients.client("stepfunctions").stop_execution(executionArn=execution)
    assert released.run("watch", DEPLOYMENT).exit_code == 0
    last = json.loads(released.run("watch", DEPLOYMENT, "--output", "json").stdout.splitlines()[-1])
    assert (last["outcome"], last["running"]) == ("deployed", False)


WRONG: tuple[tuple[tuple[str, ...], str], ...] = (
    (("freeze", "moon", "--reason", "r"), "no environment 'moon'; there are test, production"),
    (("deploy", "hello", "main"), "write owner/name"),
    (("deploy", "acme/hello", "main"), "this stack does not deliver 'acme/hello'; it delivers acme/hello-service"),
    (("deploy", "acme/hello-service"), "give a commit, branch or tag, such as `main` or --tag v1.2.0"),
    (("deploy", "acme/hello-service", "a", "--tag", "b"), "a and refs/tags/b were given: name one commit"),
    (("deploy", "acme/hello-service", "main", "--until", "moon"), "no environment of this stack; there are test, "),
    (("deploy", "acme/test-only", "main", "--until", "production"), "may not deliver there; its environments are"),
    (("deploy", "acme/hello-service", "main", "--image", "api"), "--image api: write service=tag"),
    (("deploy", "acme/hello-service", "main", "--image", "api=v1", "--image", "api=v2"), "api is given twice"),
    (
        ("deploy", "acme/hello-service", "main", "--image", "api=v1"),
        "the settings name no ECR repository for a service api",
    ),
    (("rollback", "test"), "nothing runs in test"),
    (("rollback", "production", "--image", "hello=v9", "--to", "v8"), "leave --part and --to out"),
    (("rollback", "production", "--image", "hello=v9"), "no version of v9 ran in production"),
    (("rollback", "production", "--part", "api"), "no part 'api'; there are hello"),
    (
        ("rollback", "production", "--to", "fff"),
        "no version of fff ran in production; known: 0a0a0a0a0a0a",
    ),
    (("rollback", "production", "--deployment", "main-x"), "`kiro-worker history` lists them"),
    (("watch", "main-x"), "no deployment is called main-x"),
    (("--stack", "moon", "status"), "no stack moon in this account and region"),
    (("--local", "status"), "start one with `python -m local start`"),
)


def test_what_is_wrong_is_named_with_the_next_step(
    released: Kiro, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """The error goes to standard error as text or JSON, and the exit code is 1."""
    monkeypatch.chdir(tmp_path)
    for command, said in WRONG:
        plain = released.run(*command)
        assert (plain.exit_code, said in plain.stderr) == (1, True), (command, plain.output)
        as_json = released.run(*command, "--output", "json")
        assert said in json.loads(as_json.stderr)["error"], command


@pytest.mark.parametrize("command", EVERY, ids=lambda command: command[0])
def test_every_command_prints_json(released: Kiro, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """With --output json, output or error is valid JSON."""
    monkeypatch.setattr("cli.stopping.time.sleep", lambda _: None)
    done = released.run(*command, "--output", "json")
    json.loads((done.stdout or done.stderr).splitlines()[-1] if command[0] == "watch" else done.stdout or done.stderr)


def test_without_credentials_it_says_how_to_log_in(kiro: Kiro, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Instead of a traceback."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    done = kiro.run("status")
    assert (done.exit_code, "log in" in done.output) == (1, True)
