"""Releases on a platform of this machine: how soon an alarm takes one back, and what orchestration adds to builds.

The measures share one run, in which a service that fails is released again and again.
"""

import random
import tempfile
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from time import monotonic

from benchmarks.measure import Figure, Measure, Samples, Worst, counted
from local.executions import Progress
from local.platform import Platform
from local.service import Traffic
from tests.scenarios.driver import PlatformDriver

_FIRST, *_OTHERS = "test", "staging", "production"
_WATCH_SECONDS = 12
_POLL_SECONDS = 30
_MOST_GOOD = 3
# The circuit breaker of ECS begins a rollback after three tasks at least have failed, of a service with one task one
# after the other: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentCircuitBreaker.html
# That is its default: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ThresholdConfiguration.html
# A task has failed after two health checks, 30 s apart, by default:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
_CIRCUIT_BREAKER_SECONDS = 3 * 2 * 30
# The shortest canary among CodeDeploy's own configurations: an alarm counts until it ends, and the way back is a
# deployment of its own, for which no time is documented.
# https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
# https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
_CANARY_SECONDS = 5 * 60
_ALIKE = {"stabiliseSeconds": 1, "approval": False, "demandedGates": ["tests", "coverage", "security"]}
_ENVIRONMENTS = [
    {"name": _FIRST, "watchSeconds": _WATCH_SECONDS, **_ALIKE},
    *({"name": name, "watchSeconds": 0, "protected": False, **_ALIKE} for name in _OTHERS),
]


@dataclass(frozen=True, slots=True)
class _Good:
    """A release through three environments, in seconds: what is neither build nor watch, and its builds."""

    overhead: float
    builds: float


@dataclass(frozen=True, slots=True)
class _Bad:
    """A release that was rolled back: seconds from the alarm's event to the rollback's first state and to its end."""

    begun: float
    restored: float


@dataclass(frozen=True, slots=True)
class _Run:
    """What one platform took to start and to deploy again, in seconds, and the releases on it after the first."""

    start: float
    again: float
    good: list[_Good]
    bad: list[_Bad]


@cache
def _observed(pairs: int) -> _Run:
    began = monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        Platform(Path(folder, "platform"), "test", lambda _: None, changes={"environments": _ENVIRONMENTS}) as platform,
    ):
        start = monotonic() - began
        platform.deploy("up")
        again = monotonic() - began - start
        driver = PlatformDriver(platform)
        driver.leave_out_suites()
        driver.deployed(driver.push("feat: greet people"))
        good = [_good(driver) for _ in range(min(pairs, _MOST_GOOD))]
        driver.author.break_in_service()
        with Traffic(driver.address(_FIRST)):
            return _Run(start, again, good, [_bad(driver) for _ in range(pairs)])


def _good(driver: PlatformDriver) -> _Good:
    commit = driver.push("feat: more")
    run = _of(driver.deployed(commit), "deployment")
    codebuild = driver.platform.clients.client("codebuild")
    ids = codebuild.list_builds(sortOrder="DESCENDING")["ids"]
    builds = codebuild.batch_get_builds(ids=ids[:20])["builds"]
    mine = [one for one in builds if one["startTime"].timestamp() >= run.started]
    built = sum((one["endTime"] - one["startTime"]).total_seconds() for one in mine)
    return _Good((run.ended or run.started) - run.started - built - _WATCH_SECONDS, built)


def _bad(driver: PlatformDriver) -> _Bad:
    commit = driver.push("feat: let operations choose the salutation")
    run = _of(driver.deployed(commit), "rollback")
    rung = datetime.fromisoformat(driver.record(commit)[f"rollback_{_FIRST}"]["breachedAt"]).timestamp()
    history = driver.platform.clients.client("stepfunctions").get_execution_history(executionArn=run.arn)["events"]
    first = next(one for one in history if "stateEnteredEventDetails" in one)
    return _Bad(first["timestamp"].timestamp() - rung, (run.ended or run.started) - rung)


def _of(found: list[Progress], workflow: str) -> Progress:
    """The execution of a workflow; without one the release did not do what is measured."""
    for one in found:
        if one.workflow == workflow:
            return one
    raise RuntimeError(f"no execution of the workflow {workflow}: {[(one.name, one.status) for one in found]}")


def _polled(seconds: tuple[float, ...]) -> tuple[float, ...]:
    """The same with a poll, which sees an alarm at any moment of its period."""
    chance = random.Random(0)  # noqa: S311 - no secret
    return tuple(one + chance.uniform(0, _POLL_SECONDS) for one in seconds)


def _to_rollback(pairs: int) -> Samples:
    begun = tuple(one.begun for one in _observed(pairs).bad)
    return Samples(tuple(1000 * one for one in begun), tuple(1000 * one for one in _polled(begun)))


def _to_restored(pairs: int) -> Samples:
    restored = tuple(one.restored for one in _observed(pairs).bad)
    return Samples(restored, _polled(restored))


def _instead(pairs: int, seconds: int) -> Samples:
    restored = tuple(one.restored for one in _observed(pairs).bad)
    return Samples(restored, (seconds,) * len(restored))


def _overhead(pairs: int) -> Samples:
    good = _observed(pairs).good
    return Samples(tuple(one.overhead for one in good), tuple(one.builds for one in good))


def _start(pairs: int) -> Samples:
    run = _observed(pairs)
    return counted(run.start, run.again)


START = Measure(
    name="local-start",
    promise="a platform starts on this machine: AWS, CodeBuild, GitHub, and the program is deployed",
    against="`up` again, which changes nothing",
    unit="s",
    goal=Figure(5),
    take=_start,
    floor="Pulumi deploys some hundred resources to an emulated AWS; even `up` again, without a change, exceeds it",
    on_a_platform=True,
)
ALARM = Measure(
    name="alarm-to-rollback",
    promise="an alarm's event begins the rollback: its first state is entered",
    against=f"a poll each {_POLL_SECONDS} s, simulated on the same run",
    unit="ms",
    goal=Worst(1000),
    take=_to_rollback,
    on_a_platform=True,
)
RESTORED = Measure(
    name="alarm-to-restored",
    promise="after an alarm's event the version before it runs again and is verified, and the alarm is over",
    against=f"the same rollback, begun by a poll each {_POLL_SECONDS} s",
    unit="s",
    goal=Worst(60),
    take=_to_restored,
    on_a_platform=True,
)
CIRCUIT_BREAKER = Measure(
    name="restored-circuit-breaker",
    promise="after an alarm's event the version before it runs again and is verified, and the alarm is over",
    against=(
        "the circuit breaker of ECS alone with its defaults, until it begins a rollback of a service with one task: "
        "three tasks fail two health checks each, 30 s apart (stated, not measured); errors in answers it does not see"
    ),
    unit="s",
    goal=Worst(60),
    take=lambda pairs: _instead(pairs, _CIRCUIT_BREAKER_SECONDS),
    on_a_platform=True,
)
CODEDEPLOY = Measure(
    name="restored-codedeploy",
    promise="after an alarm's event the version before it runs again and is verified, and the alarm is over",
    against=(
        "the shortest canary of CodeDeploy's own configurations, in which it minds alarms (stated, not measured); for "
        "the way back it documents no time"
    ),
    unit="s",
    goal=Worst(60),
    take=lambda pairs: _instead(pairs, _CANARY_SECONDS),
    on_a_platform=True,
)
OVERHEAD = Measure(
    name="orchestration",
    promise="a release through three environments takes little longer than its builds and watches",
    against="its builds",
    unit="s",
    goal=Figure(10),
    take=_overhead,
    on_a_platform=True,
)
