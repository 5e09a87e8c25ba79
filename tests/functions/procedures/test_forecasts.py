"""Forecasts: what a deployment of a commit would do; nothing is started or written."""

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.adapters.manifest_file import read_manifest
from functions.domain.environments import Environment, Freeze
from functions.domain.forecasts import Forecast
from functions.domain.locks import Contender
from functions.domain.owners import Claim
from functions.domain.releases import Release
from functions.domain.windows import Closed
from functions.procedures.forecasts import Forecasts
from tests.functions.delivered import runs
from tests.functions.deployment.test_plan_release import MANIFEST, TEST
from tests.functions.samples import NOW, environment, state, version
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

GATES = """gates:
  sarif: [reports/bandit.sarif]
  afterDeploy:
    production: {buildspec: smoke.yml, junit: [smoke.xml], performance: load_stats.csv}
"""
CLOSED = Closed("2020-01-01T00:00:00+00:00", "2100-01-01T00:00:00+00:00", "the fair")
PRODUCTION = environment(approvers=["grace@example.com"], approvals_needed=1)


def forecast(stack: Stack, ref: str = "main", production: Environment = PRODUCTION) -> Forecast:
    """The forecast of a commit; fails if it made a call that writes."""
    stack.recording = True
    first = len(stack.calls)
    try:
        return Forecasts.connect(stack.clients).of(Claim(REPOSITORY), ref, (TEST, production))
    finally:
        stack.recording = False
        asked = {call.action for call in stack.calls[first:]}
        assert asked <= {"dynamodb:Query", "dynamodb:GetItem", "secretsmanager:GetSecretValue"}, asked


def push(copy: WorkingCopy, message: str = "feat: greet", manifest: str = MANIFEST + GATES) -> str:
    """Push a commit with a manifest; returns it."""
    sha = copy.commit(message, {"delivery.yml": manifest, "src/a.py": message})
    copy.push()
    return sha


def test_a_first_release(stack: Stack, copy: WorkingCopy) -> None:
    """P11: parts with reasons, gates, approvals; without history the duration is unknown."""
    sha = push(copy)
    found = forecast(stack)
    assert (found.outcome, found.release.commit, found.expected_seconds) == ("deploy", sha, None)
    assert found.gates == ("tests: reports/junit.xml", "coverage: 80 %", "security: reports/bandit.sarif")
    test, production = found.stages
    assert test.parts == {"hello/infrastructure": "nothing runs here yet", "hello/hello": "nothing runs here yet"}
    function = "Lambda function hello-test, alias live"
    assert test.touches == {"hello/infrastructure": "buildspec infra/build.yml", "hello/hello": function}
    assert (test.approvals, test.gates, test.lock, test.frozen) == (0, (), "", "")
    assert (production.approvals, production.approvers) == (1, ("grace@example.com",))
    assert production.gates == ("tests: smoke.xml (smoke.yml)", "performance: load_stats.csv")


def test_an_unchanged_part_is_skipped(stack: Stack, copy: WorkingCopy) -> None:
    """By the paths that changed since the commit that runs; any commit can be given."""
    first = push(copy)
    for name in ("hello/hello", "hello/infrastructure"):
        (part,) = [one for one in read_manifest((MANIFEST + GATES).encode()).parts if one.name == name]
        runs(stack, state(part, running=version(commit=first)))
    sha = copy.commit("fix", {"src/a.py": "more"})
    copy.push()
    production = next(stage for stage in forecast(stack, sha).stages if stage.environment == "production")
    assert list(production.parts) == ["hello/hello"]
    assert "hello/infrastructure" in production.skipped


def test_locks_and_freezes_are_part_of_the_forecast(stack: Stack, copy: WorkingCopy) -> None:
    """With the owner or the person, the time and the reason."""
    push(copy)
    owner = Contender(stack.execution("stage", "other"), "main-other", None, "release other")
    LocksTable.connect(stack.clients).request("environment/production", owner)
    EnvironmentsTable.connect(stack.clients).freeze("test", Freeze("disk is full", "grace", NOW))
    found = forecast(stack)
    assert found.outcome == "deploy"
    test, production = found.stages
    assert test.frozen == f"since {NOW} by grace: disk is full"
    assert production.lock.startswith("held by main-other since ")
    assert production.lock.endswith(": release other")


def test_closed_windows_are_part_of_the_forecast(stack: Stack, copy: WorkingCopy) -> None:
    """With the reason, and whether an opening follows."""
    push(copy)
    test, production = forecast(stack, production=replace(PRODUCTION, freezes=[CLOSED])).stages
    assert (test.closed, test.opens_at) == ("", "")
    assert production.closed.startswith("frozen until 2100-01-01T00:00:00+00:00: the fair; no opening follows within")
    assert production.opens_at == ""


def test_durations_come_from_history(stack: Stack, copy: WorkingCopy) -> None:
    """The median of deployed releases, as a whole and by environment; failed ones are left out."""
    push(copy)
    table = DeploymentsTable.connect(stack.clients)
    for number, (status, seconds) in enumerate([("deployed", 10), ("deployed", 20), ("deployed", 50), ("failed", 1)]):
        name, ended = f"d{number}", f"2026-01-01T00:00:{seconds:02}.000Z"
        table.begin(name, Release(REPOSITORY, "r", "c"), "arn:e", "push")
        span = {"startedAt": "2026-01-01T00:00:00.000Z", "finishedAt": ended}
        table.note(name, environment="production", status=status, stages={"test": {"result": "passed", **span}}, **span)
    found = forecast(stack)
    assert found.expected_seconds == 20
    assert [stage.expected_seconds for stage in found.stages] == [20, None]


@pytest.mark.parametrize(("manifest", "said"), [(None, "not in acme/"), ("version: 2\n", "delivery.yml:1:1: version")])
def test_an_invalid_manifest_is_an_invalid_forecast(
    stack: Stack, copy: WorkingCopy, manifest: str | None, said: str
) -> None:
    """With the reason that the deployment itself would give."""
    sha = copy.commit("first", {"delivery.yml": manifest} if manifest else {"README.md": ""})
    copy.push()
    found = forecast(stack, sha)
    assert (found.outcome, found.stages) == ("invalid", ())
    assert said in found.reason


def test_a_demanded_gate_without_a_report_is_named(stack: Stack, copy: WorkingCopy) -> None:
    """G6: before anything is built, with the key of the manifest."""
    push(copy)
    found = forecast(stack, production=replace(PRODUCTION, demanded_gates=["coverage", "smoke"]))
    assert found.gates[-1].startswith("smoke: the gate `smoke` is demanded for production, and delivery.yml names no")
    assert "gates.afterDeploy.production.smoke" in found.gates[-1]
