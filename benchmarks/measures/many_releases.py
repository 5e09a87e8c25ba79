"""Many releases at once on a platform of this machine: none loses its outcome, and how long they take.

Each repository is delivered to an environment of its own; its releases queue there, and newer ones supersede older
ones. All measures share one run.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import quantiles
from time import monotonic, sleep

from benchmarks.measure import Figure, Measure, Ratio, Samples, counted
from functions.domain.releases import execution_name
from local.platform import Platform
from tests.faults.harness.subjects import CALM, Subject

_RELEASES, _REPOSITORIES = 100, 20
_REF = "refs/heads/main"
# Ends of a release that passes its gates: it runs, it changed nothing, or a newer one runs in its place.
_GOOD = ("deployed", "skipped", "superseded")
_PATIENCE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Run:
    """Seconds of one release alone, of each of many at once, and of all of them; and how many had no good outcome."""

    alone: float
    each: tuple[float, ...]
    whole: float
    lost: int


@cache
def observed(releases: int = _RELEASES, repositories: int = _REPOSITORIES) -> _Run:
    """Start so many releases at once, after each repository was released once and one of them once more, alone."""
    subjects = [Subject(f"shop{number}", CALM) for number in range(repositories)]
    changes = {
        "repositories": [one.claim() for one in subjects],
        "environments": [{**one.settings(), "protected": False} for one in subjects],
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        Platform(Path(folder, "platform"), "test", lambda _: None, changes=changes) as platform,
    ):
        for subject in subjects:
            subject.set_up(platform)
        _ended(platform, [(one, one.commits.pop(0)) for one in subjects])
        (alone,), _ = _ended(platform, [(subjects[0], subjects[0].commits.pop(0))])
        many = [subjects[number % repositories] for number in range(releases)]
        began = monotonic()
        each, lost = _ended(platform, [(one, one.commits.pop(0)) for one in many])
        return _Run(alone, each, monotonic() - began, lost)


def _ended(platform: Platform, wanted: Sequence[tuple[Subject, str]]) -> tuple[tuple[float, ...], int]:
    """Release these commits at once, and wait; the seconds of each, and how many end otherwise than they should."""
    client, machine = platform.clients.client("stepfunctions"), platform.outputs["deploymentWorkflow"]
    names = [execution_name(subject.repository, _REF, commit) for subject, commit in wanted]
    arns = [
        client.start_execution(
            stateMachineArn=machine,
            name=name,
            input=json.dumps({"repository": subject.repository, "ref": _REF, "commit": commit}),
        )["executionArn"]
        for name, (subject, commit) in zip(names, wanted, strict=True)
    ]
    deadline = monotonic() + _PATIENCE_SECONDS
    while client.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
        if monotonic() > deadline:
            break
        sleep(1)
    ends = [client.describe_execution(executionArn=arn) for arn in arns]
    seconds = [(one["stopDate"] - one["startDate"]).total_seconds() for one in ends if "stopDate" in one]
    endpoint = platform.emulator.endpoint
    table = platform.clients.session.resource("dynamodb", endpoint_url=endpoint).Table(
        platform.outputs["deploymentsTable"]
    )
    records = [table.get_item(Key={"deploymentId": name}).get("Item", {}) for name in names]
    newest = {subject.name: (subject, commit) for subject, commit in wanted}
    lost = sum(record.get("outcome") not in _GOOD for record in records)
    return tuple(seconds), lost + sum(subject.answers() != commit for subject, commit in newest.values())


def _lost(_pairs: int) -> Samples:
    return counted(observed().lost, _RELEASES)


def _whole(_pairs: int) -> Samples:
    run = observed()
    return counted(run.whole, _RELEASES * run.alone)


def _slowest(_pairs: int) -> Samples:
    run = observed()
    return counted(quantiles(run.each, n=20)[-1], 0.95 * _RELEASES * run.alone)


_MANY = f"{_RELEASES} releases at once over {_REPOSITORIES} repositories"
_IN_A_ROW = "the same one after another: one that ran alone, as often"
LOST = Measure(
    name="many-outcomes",
    promise=f"of {_MANY} none loses its outcome, and the newest of each repository runs",
    against="all of them",
    unit="releases",
    goal=Figure(0),
    take=_lost,
    on_a_platform=True,
)
WHOLE = Measure(
    name="many-throughput",
    promise=f"{_MANY} end",
    against=_IN_A_ROW,
    unit="s",
    goal=Ratio(1),
    take=_whole,
    on_a_platform=True,
)
SLOWEST = Measure(
    name="many-p95",
    promise=f"95 % of {_MANY} have ended by then",
    against=_IN_A_ROW,
    unit="s",
    goal=Ratio(1),
    take=_slowest,
    on_a_platform=True,
)
