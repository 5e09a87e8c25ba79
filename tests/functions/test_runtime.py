"""The runtime: builds a handler from its signature, its settings, its clients and its log."""

import json
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import functions.domain.approvals
from functions.adapters.clock import Clock
from functions.domain.environments import Environment
from functions.domain.errors import BadInputError, DeployTargetError
from functions.events import alarm_changed
from functions.handler import encode
from functions.procedures.locks import LockRequest
from functions.runtime import Clients, build, wire
from functions.shared import acquire_lock, await_build
from tests.functions.samples import ENVIRONMENT, EXECUTION, detail
from tests.functions.stack import DEPLOY_ROLE, REGION, Stack

ROOT = Path(functions.__file__).parents[1]


def handlers_log(
    module: ModuleType, capsys: pytest.CaptureFixture[str], event: Any, clients: Clients
) -> list[dict[str, Any]]:
    """Run a module's handler, also if it fails, and return the log lines that it wrote."""
    handler = build(module.__name__, clients)
    context = type("Context", (), {"aws_request_id": "request-1"})()
    try:
        handler(event, context)
    except Exception:
        assert True
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module with a handler that returns its event, or fails."""
    module = ModuleType("functions.look")

    def look(event: dict[str, Any], clock: Clock) -> dict[str, Any]:
        assert clock.now()
        if event.get("warn"):
            logging.getLogger("functions.adapters.clock").warning("it is late", extra={"seconds": 3})
        if event.get("fail"):
            raise DeployTargetError("hello is not well")
        return {"outcome": "seen", "environment": ENVIRONMENT if event.get("whole") else "test"}

    vars(module)["look"] = look
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_a_handler_is_furnished_from_its_signature(stack: Stack) -> None:
    """It gets the type of its event, and every adapter by name, with this stack's settings."""
    kind, adapters = wire(acquire_lock.acquire_lock, stack.clients)
    assert kind is LockRequest
    assert list(adapters) == ["locks", "environments", "executions", "deployments"]
    kind, adapters = wire(alarm_changed.alarm_changed, stack.clients)
    assert kind is None
    assert adapters["names"].names == ("test", "production")


def test_a_missing_setting_is_named_with_the_way_to_set_it(stack: Stack) -> None:
    """The error names the setting and the command that sets it."""
    del stack.settings["WAITS_TABLE"]
    with pytest.raises(BadInputError, match="no setting WAITS_TABLE: update the stack with `pulumi up`"):
        wire(await_build.await_build, stack.clients)


def test_a_handler_goes_from_json_to_json(handler: ModuleType, stack: Stack) -> None:
    """The event is decoded and the answer encoded."""
    answer = build(handler.__name__, stack.clients)({"whole": True}, None)
    assert answer == {"outcome": "seen", "environment": encode(ENVIRONMENT)}
    assert json.dumps(answer)


def test_a_bad_event_is_a_fault_that_names_the_field(stack: Stack) -> None:
    """The class of the exception is one that workflows catch."""
    with pytest.raises(BadInputError, match="taskToken"):
        build("functions.shared.await_build", stack.clients)({"deploymentId": "d"}, None)


def test_every_line_is_json_with_its_ids(handler: ModuleType, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """O1: each line has deployment, environment, execution and request."""
    ids = {"deploymentId": "main-1", "environment": "test", "execution": "arn:e"}
    (line,) = handlers_log(handler, capsys, {**ids, "taskToken": "secret-token"}, stack.clients)
    assert {**ids, "requestId": "request-1"}.items() <= line.items()
    assert (line["service"], line["level"], line["outcome"]) == ("look", "INFO", "seen")


def test_lines_of_adapters_have_the_ids_and_fields_too(
    handler: ModuleType, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    """O1: whichever module writes a line, it is JSON, and says of which deployment."""
    late, done = handlers_log(handler, capsys, {"warn": True, "deploymentId": "main-1"}, stack.clients)
    assert (late["level"], late["logger"], late["message"]) == ("WARNING", "functions.adapters.clock", "it is late")
    assert (late["seconds"], late["deploymentId"], late["requestId"]) == (3, "main-1", "request-1")
    assert (done["logger"], done["message"]) == ("functions.look", "done")


def test_ids_of_one_event_do_not_stay_for_the_next(
    handler: ModuleType, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    """A warm function does not log the ids of an earlier event."""
    built = build(handler.__name__, stack.clients)
    built({"deploymentId": "first"}, None)
    built({}, None)
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["deploymentId"] == "first"
    assert "deploymentId" not in second
    assert second["service"] == "look"


def test_a_whole_environment_is_logged_by_its_name(
    handler: ModuleType, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    """The settings and variables of an environment are not written with each line."""
    (line,) = handlers_log(handler, capsys, {"environment": encode(ENVIRONMENT)}, stack.clients)
    assert line["environment"] == "production"
    assert "example.com" not in json.dumps(line)


@pytest.mark.parametrize(
    ("event", "ids"),
    [
        ({"id": "e1", "detail": {"deploymentId": "main-1"}}, {"eventId": "e1", "deploymentId": "main-1"}),
        ({"id": "e2", "detail": {"executionArn": "arn:e"}}, {"eventId": "e2", "execution": "arn:e"}),
        ({"id": "e3", "detail": {"alarmName": "errors"}}, {"eventId": "e3"}),
    ],
)
def test_lines_about_an_event_have_its_ids(
    handler: ModuleType, stack: Stack, capsys: pytest.CaptureFixture[str], event: Any, ids: dict[str, str]
) -> None:
    """O1: they are in its detail; an alarm of AWS has none but that of its event."""
    (line,) = handlers_log(handler, capsys, event, stack.clients)
    assert ids.items() <= line.items()


def test_a_fault_is_logged_with_its_name_and_raised(
    handler: ModuleType, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log has class, text and ids of the error; the workflow gets the class."""
    (line,) = handlers_log(handler, capsys, {"fail": True, "deploymentId": "d"}, stack.clients)
    assert (line["level"], line["exception_name"], line["deploymentId"]) == ("ERROR", "DeployTargetError", "d")
    assert "hello is not well" in line["exception"]


def test_no_secret_reaches_the_log(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """The secret of a link, the webhook's secret and task tokens are never logged, with and without errors."""
    stack.client("secretsmanager").create_secret(Name="kiro-webhook", SecretString="hush-webhook")
    page = {
        "requestContext": {"http": {"method": "GET"}},
        "pathParameters": {"id": "a"},
        "queryStringParameters": {"secret": "hush-link"},
    }
    hook = {"headers": {"X-Hub-Signature-256": "sha256=hush"}, "body": "hush-body"}
    wait = {"taskToken": "hush-token", "execution": EXECUTION, "deploymentId": "d", "buildId": "hello:1"}
    for name, event in (
        ("functions.events.approval_page", page),
        ("functions.events.approval_page", {**page, "requestContext": {}}),
        ("functions.events.github_webhook", hook),
        ("functions.shared.await_build", wait),
        ("functions.shared.await_build", {**wait, "buildId": None}),
    ):
        handler = build(name, stack.clients)
        try:
            handler(event, None)
        except (KeyError, BadInputError):
            assert True
    logged = capsys.readouterr().out
    assert len(logged.splitlines()) == 5
    assert "hush" not in logged


def test_clients_are_made_once_per_service_region_and_role(stack: Stack) -> None:
    """A warm function creates no second client or table and calls STS once."""
    clients = stack.clients
    assert clients.client("s3") is clients.client("s3")
    assert clients.table("LOCKS_TABLE") is clients.table("LOCKS_TABLE") is not clients.table("WAITS_TABLE")
    assert clients.client("s3", region="us-east-1") is not clients.client("s3")
    stack.recording = True
    abroad = clients.client("lambda", region=REGION, role_arn=DEPLOY_ROLE + "-once")
    assert clients.client("lambda", region=REGION, role_arn=DEPLOY_ROLE + "-once") is abroad
    stack.recording = False
    assert [call.action for call in stack.calls] == ["sts:AssumeRole"]
    assert abroad.meta.region_name == REGION


def test_a_role_is_assumed_again_before_its_hour_ends(stack: Stack) -> None:
    """A session in its last five minutes is renewed, and its clients with it."""
    clients, role = stack.clients, DEPLOY_ROLE + "-renewed"
    first = clients.client("lambda", role_arn=role)
    session, _ = clients._roles[role]
    clients._roles[role] = (session, datetime.now(UTC) + timedelta(minutes=4))
    second = clients.client("lambda", role_arn=role)
    assert second is not first
    assert clients._roles[role][1] - datetime.now(UTC) > timedelta(minutes=30)


def test_inside_lambda_the_handler_is_built_at_init() -> None:
    """`functions.runtime.handler` is the handler that the variable HANDLER names."""
    started = {"detail-type": "DeploymentStarted", "detail": detail("DeploymentStarted")}
    code = f"from functions.runtime import handler; print(handler({started!r}, None))"
    environment = {
        "PATH": os.environ["PATH"],
        "HANDLER": "functions.events.publish_metrics",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    assert "{'metrics': 0}" in done.stdout


def test_an_environment_in_json_is_one_in_python(stack: Stack) -> None:
    """An environment is the same value, whether it comes from a definition or a table."""
    kind, _ = wire(acquire_lock.acquire_lock, stack.clients)
    assert kind
    assert encode(Environment(**{f: getattr(ENVIRONMENT, f) for f in Environment.__struct_fields__})) == encode(
        ENVIRONMENT
    )


def test_a_secret_in_an_exception_is_in_no_log(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """I4: a secret that a library quotes in an error is redacted in the message and in the stack trace."""
    secret = "ghp_" + "Zx9Kq3Lm8Rt5Wv2Yb7Nc4Pd6"

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"GET https://ada:{secret}@example.com failed")

    monkeypatch.setattr("functions.adapters.topics.Topics.publish", fail)
    handler = build("functions.events.notify", stack.clients)
    with pytest.raises(RuntimeError):
        handler({"detail-type": "DeploymentStarted", "detail": detail("DeploymentStarted")}, None)
    written = capsys.readouterr().out
    assert "failed" in written
    assert secret not in written


def test_a_secret_in_a_reason_is_in_no_mail(stack: Stack) -> None:
    """I4: the reason of a build is redacted before it is mailed."""
    reason = "deploy: exit 1: --token Zx9Kq3Lm8Rt5Wv2Yb7Nc4Pd6"
    failed = detail("DeploymentFinished", outcome="failed", reason=reason)
    stack.run("events.notify", {"detail-type": "DeploymentFinished", "detail": failed})
    (mail,) = stack.mails()
    assert "Zx9Kq" not in mail["Message"]
    assert "--token [redacted]" in mail["Message"]
