"""A release that is bad, and can't be taken back: frozen, told, and closed until a person opens it again (R5)."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.faults.ground import Ground, wait_for
from local.faults.lanes import CALM, Lane
from local.faults.matrix import Matrix, lanes
from local.faults.plays import settle
from local.faults.releases import Release
from local.platform import PROJECT

RUNBOOK = "frozen-environment.md"


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """A platform with one environment, on which a first release runs."""
    with Ground(tmp_path_factory.mktemp("no-way-back"), lanes({CALM: 1}), print) as ground:
        made = Matrix(ground, print)
        made.prepare()
        yield made


@pytest.mark.slow
def test_what_cannot_go_back_is_frozen_until_a_person_opens_it(matrix: Matrix) -> None:
    """The stage's rollback fails, the full rollback fails: frozen, told once, refused by name; unfrozen, it works."""
    ground, lane = matrix.ground, matrix.ground.lanes[0]
    bad = release(matrix, lane)
    ground.plans.break_room("stage", "Verify", bad.name)
    ground.plans.break_room("rollback", "RestoreService", bad.name)
    bad.see_out(bad.deploy())

    rollbacks = [
        one.rpartition(":")[2].removeprefix(f"{bad.name}-") for one in ground.of_workflow(bad.name, "rollback")
    ]
    assert sorted(rollbacks) == [f"{lane.name}-full-rollback", f"{lane.name}-rollback"]
    assert settle(bad, bad.wrong) == []
    assert bad.outcome == "unknown"
    frozen = ground.environments.frozen(lane.name)
    assert frozen
    assert frozen.by == f"rollback of {bad.name}"
    assert_told_once(ground, bad)

    refused = release(matrix, lane)
    refused.see_out(refused.deploy())
    reason = ground.record(refused.name)["reason"]
    assert refused.outcome == "failed"
    assert f"{lane.name} is frozen since {frozen.since} by {frozen.by}" in reason, reason

    bad.disarm()
    unfreeze(ground, lane)
    good = release(matrix, lane)
    good.see_out(good.deploy())
    assert (good.outcome, ground.answers(lane)) == ("deployed", good.commit)
    assert settle(good, good.wrong) == []


def release(matrix: Matrix, lane: Lane) -> Release:
    """The next release."""
    made = matrix.next(lane, None)
    assert isinstance(made, Release)
    return made


def assert_told_once(ground: Ground, bad: Release) -> None:
    """One mail says how the deployment ended, one how each rollback did; all of them link to the runbook."""

    def mails(subject: str) -> list[str]:
        ours = (mail for mail in ground.platform.mailbox.mails if bad.commit[:12] in mail.subject)
        return [mail.text for mail in ours if subject in mail.subject]

    wait_for(lambda: mails("ended: unknown") and len(mails("FROZEN")) == 2, 20)
    told = [*mails("ended: unknown"), *mails("FROZEN")]
    assert len(told) == 3, ground.platform.mailbox.mails
    assert all(RUNBOOK in text for text in told)
    assert len([one for one, _ in ground.told[bad.name] if one == "DeploymentFinished"]) == 1


def unfreeze(ground: Ground, lane: Lane) -> None:
    """The operator's command."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cli", "--stack", "test", "--endpoint-url", ground.platform.emulator.endpoint),
            *("unfreeze", lane.name, "--reason", "looked at it"),
        ],
        cwd=PROJECT,
        env={
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": ground.platform.emulator.region,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr or done.stdout
