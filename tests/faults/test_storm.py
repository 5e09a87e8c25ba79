"""A storm of webhooks: twenty commits, a hundred deliveries, some of them twice, some never."""

import hashlib
import hmac
import json
import random
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest

from functions.domain.releases import execution_name
from tests.faults.harness.environment import FaultEnvironment, wait_for
from tests.faults.harness.matrix import Matrix, subjects
from tests.faults.harness.releases import Release
from tests.faults.harness.subjects import CALM, Subject

COMMITS = 20
DELIVERIES = 100
STORM_SECONDS = 5.0
# Commits whose webhook is lost; that of the newest is sent again after the storm.
LOST = (3, 11, COMMITS - 1)


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultEnvironment]:
    """A platform with one environment, on which a first release runs; its functions have their own timeouts."""
    with FaultEnvironment(tmp_path_factory.mktemp("storm"), subjects({CALM: 1}), print, function_seconds=0) as made:
        Matrix(made, print).prepare()
        yield made


@pytest.mark.slow
def test_a_storm_ends_with_the_newest_release(env: FaultEnvironment) -> None:
    """The newest release ends deployed, every other one with one announced outcome, and there are no orphans."""
    subject = env.subjects[0]
    commits = [subject.commits.pop(0) for _ in range(COMMITS)]
    delivered = [commit for number, commit in enumerate(commits) if number not in LOST]
    chance = random.Random(11)
    deliveries = delivered + chance.choices(delivered, k=DELIVERIES - len(delivered))
    chance.shuffle(deliveries)
    threads = []
    for commit in deliveries:
        threads.append(threading.Thread(target=deliver, args=(env, subject, commit)))
        threads[-1].start()
        time.sleep(STORM_SECONDS / DELIVERIES)
    for thread in threads:
        thread.join()
    deliver(env, subject, commits[-1])

    known = {commits[-1]}
    runs = [
        Release(env, subject, execution_name(subject.repository, "refs/heads/main", commit), commit=commit, known=known)
        for commit in (*delivered, commits[-1])
    ]
    left = wait_for(lambda: all("outcome" in env.record(run.name) for run in runs), 240, 0.5)
    outcomes = {run.name: env.record(run.name).get("outcome") for run in runs}
    assert left, outcomes
    wait_for(lambda: not [problem for run in runs for problem in run.wrong()], 20, 0.5)
    assert [(run.name, problem) for run in runs for problem in run.wrong()] == []
    assert outcomes[runs[-1].name] == "deployed", outcomes
    assert set(outcomes.values()) <= {"deployed", "superseded"}, outcomes


def deliver(env: FaultEnvironment, subject: Subject, commit: str) -> None:
    """Send one delivery, signed as GitHub signs it."""
    repository = {"full_name": subject.repository, "default_branch": "main"}
    head = {"id": commit, "message": "feat: a change", "timestamp": "2026-01-01T00:00:00Z"}
    payload = {
        "ref": "refs/heads/main",
        "after": commit,
        "before": "0" * 40,
        "created": False,
        "deleted": False,
        "forced": False,
        "repository": repository,
        "head_commit": {**head, "author": {"name": "Ada", "email": "ada@example.com"}},
        "commits": [],
        "pusher": {"name": "ada"},
    }
    body = json.dumps(payload).encode()
    digest = hmac.new(env.platform.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "x-github-event": "push",
        "x-hub-signature-256": f"sha256={digest}",
        "content-type": "application/json",
    }
    request = urllib.request.Request(env.platform.outputs["webhookUrl"], body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 202
