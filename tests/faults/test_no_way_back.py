"""A bad release that can't be rolled back: the environment is frozen until a person unfreezes it (R5)."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from functions.domain.times import minute
from local.platform import PROJECT
from tests.faults.harness.environment import FaultEnvironment, wait_for
from tests.faults.harness.matrix import Matrix, subjects
from tests.faults.harness.releases import Release
from tests.faults.harness.runs import settle
from tests.faults.harness.subjects import CALM, Subject

RUNBOOK = "frozen-environment.md"


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """A platform with one environment, on which a first release runs."""
    with FaultEnvironment(tmp_path_factory.mktemp("no-way-back"), subjects({CALM: 1}), print) as env:
        made = Matrix(env, print)
        made.prepare()
        yield made


@pytest.mark.slow
def test_a_failed_rollback_freezes_until_a_person_unfreezes(matrix: Matrix) -> None:
    """When both rollbacks fail, people are notified once, and the next release waits for the unfreeze and goes on."""
    env, subject = matrix.env, matrix.env.subjects[0]
    bad = release(matrix, subject)
    env.plans.break_handler("stage", "Verify", bad.name)
    env.plans.break_handler("rollback", "RestoreService", bad.name)
    bad.finish(bad.deploy())

    rollbacks = [one.rpartition(":")[2].removeprefix(f"{bad.name}-") for one in env.of_workflow(bad.name, "rollback")]
    assert sorted(rollbacks) == [f"{subject.name}-full-rollback", f"{subject.name}-rollback"]
    assert settle(bad, bad.wrong) == []
    assert bad.outcome == "unknown"
    frozen = env.environments.frozen(subject.name)
    assert frozen
    assert frozen.by == f"rollback of {bad.name}"
    assert_notified_once(env, bad)

    good = release(matrix, subject)
    execution = good.deploy()
    key = f"unfreeze/{subject.name}/{good.name}-{subject.name}"
    assert wait_for(lambda: key in env.waiting(), 60)
    record = env.record(good.name)
    assert record["status"] == "waiting for unfreeze"
    assert (
        f"waits for the unfreeze of {subject.name}: {frozen.by} froze it at {minute(frozen.since)}" in record["reason"]
    )

    bad.disarm()
    unfreeze(env, subject)
    good.finish(execution)
    assert (good.outcome, subject.answers()) == ("deployed", good.commit)
    assert settle(good, good.wrong) == []


def release(matrix: Matrix, subject: Subject) -> Release:
    """The next release."""
    made = matrix.next(subject, None)
    assert isinstance(made, Release)
    return made


def assert_notified_once(env: FaultEnvironment, bad: Release) -> None:
    """Assert one mail for the end of the deployment and of each rollback, all with a link to the runbook."""

    def mails(subject: str) -> list[str]:
        ours = (mail for mail in env.platform.mailbox.mails if bad.commit[:12] in mail.subject)
        return [mail.text for mail in ours if subject in mail.subject]

    wait_for(lambda: mails("ended: unknown") and len(mails("FROZEN")) == 2, 20)
    sent = [*mails("ended: unknown"), *mails("FROZEN")]
    assert len(sent) == 3, env.platform.mailbox.mails
    assert all(RUNBOOK in text for text in sent)
    assert len([one for one, _ in env.announced[bad.name] if one == "DeploymentFinished"]) == 1


def unfreeze(env: FaultEnvironment, subject: Subject) -> None:
    """Run the operator's command."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cli", "--stack", "test", "--endpoint-url", env.platform.emulator.endpoint),
            *("unfreeze", subject.name, "--reason", "looked at it", "--yes"),
        ],
        cwd=PROJECT,
        env={
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": env.platform.emulator.region,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr or done.stdout
