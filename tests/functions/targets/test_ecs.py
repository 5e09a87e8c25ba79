"""Kind `ecs`: what a release does to a service, on ECS's laptop endpoint, which is as strict about roles as AWS."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from functions.adapters.ecs_services import EcsServices
from functions.adapters.version_figures import VersionFigures
from functions.domain.comparisons import Comparison, Figures
from functions.domain.ecs import TargetGroup
from functions.domain.environments import Environment
from functions.domain.errors import DeployTargetError, StaleLeaseError
from functions.domain.images import Image
from functions.domain.manifests import Part
from functions.domain.rollback import Step
from functions.domain.rollouts import Rollout
from functions.targets import ecs
from functions.targets.base import Change
from functions.targets.ecs import EcsTarget
from local.emulator import Emulator
from tests.functions.samples import COMMIT, ENVIRONMENT, RELEASE, version
from tests.functions.stack import ACCOUNT, REGION, StrictClients
from tests.functions.targets.test_ecs_permissions import ROLE, reading, settings, statements
from tests.local.ecs.support import CLUSTER, Workbench, requests, workbench
from tests.local.ecs.test_strategies import CRASHES
from tests.roles import new_role

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/api"
PART = Part("shop/api", "ecs", "call")
NO_ARTIFACTS: Any = None
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """An emulated AWS with ECS, for this module."""
    root: Path = tmp_path_factory.mktemp("ecs")
    with (
        Emulator(root / "emulator.log", region=REGION, account=ACCOUNT, role_seconds=0) as running,
        workbench(running, root) as made,
    ):
        yield made


@dataclass
class Delivered:
    """A service that a release is delivered to, under a deploy role with just the permissions of the kind."""

    bench: Workbench
    target: EcsTarget
    environment: Environment
    part: Part
    service: str

    def change(self, image: str, fence: Callable[[], None] = lambda: None, commit: str = COMMIT) -> Change:
        """A release whose build has pushed this image."""

        def read(path: str) -> bytes:
            assert path == "images.json"
            return json.dumps({"api": image}).encode()

        def keep(_: bytes) -> Any:
            raise AssertionError("images are not kept in the bucket")

        return Change(self.environment, self.part, replace(RELEASE, commit=commit), read, fence, keep)

    def apply(self, image: str) -> Rollout:
        """Begin a release of an image."""
        return self.target.apply(self.change(image))

    def until(self, rollout: Rollout, outcome: str, percent: float | None = None) -> Rollout:
        """Wait until a rollout has an outcome, which no other than `underway` precedes."""

        def reached() -> Rollout | None:
            found = self.target.progress(self.environment, self.part, rollout)
            assert found.outcome in ("underway", outcome), found
            there = found.outcome == outcome and percent in (None, found.percent)
            return found if there else None

        found: Rollout = self.bench.wait(reached, f"{outcome} of {rollout}")
        return found

    def answers(self) -> dict[str, int]:
        """The answers to twenty requests."""
        return dict(self.bench.answers(self.service))

    def restore(self, to: str) -> list[str]:
        """Go back to a version, as the rollback does; returns how each wait for ECS ended."""
        step, ends = Step(self.part, version(number=to)), []
        while (rollout := self.target.restore(self.environment, step)).outcome != "done":
            assert rollout.outcome == "underway"
            ends.append(self.bench.wait(partial(self._end, rollout), f"the end of {rollout}"))
            assert ends[-1] == "done", ends
        assert rollout == Rollout("done", to)
        return ends

    def _end(self, rollout: Rollout) -> str:
        now = self.target.progress(self.environment, self.part, rollout).outcome
        return "" if now == "underway" else now

    def read(self) -> str | None:
        """What runs."""
        return self.target.read_back(self.environment, self.part, None)


@pytest.fixture
def delivered(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Delivered]:
    """Creates a service and its target."""
    monkeypatch.setattr(ecs, "_LISTED_SECONDS", (0.02,) * 500)
    endpoints = {"AWS_ENDPOINT_URL": bench.aws.endpoint, "AWS_ENDPOINT_URL_ECS": bench.server.endpoint}
    for name, value in {**CREDENTIALS, **endpoints}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)

    def made(image: str = "", roles: Sequence[str] = (), **keys: Any) -> Delivered:
        service = bench.service(image or bench.image("old"), shifts=keys.get("strategy", "rolling") != "rolling")
        keys = {"cluster": CLUSTER, "service": service, "container": "app", "image": REPOSITORY, **keys}
        permissions = settings(ecsServices=[f"{CLUSTER}/{service}", f"nobody/{service}"], ecsTaskRoleArns=list(roles))
        root = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        deploy, read = (new_role(bench.aws, *of(permissions), trust=root) for of in (statements, reading))
        environment = replace(ENVIRONMENT, deploy_role_arn=deploy, read_role_arn=read)
        target = EcsTarget.connect(StrictClients({}))
        return Delivered(bench, target, environment, replace(PART, settings=keys), service)

    return made


def test_rolling(delivered: Callable[..., Delivered]) -> None:
    """The image is deployed by digest, all else stays; a repetition resumes, and later changes nothing."""
    made = delivered()
    image = made.bench.image("new")
    assert made.target.current(made.environment, made.part, None) == f"{made.service}:1"
    begun = made.apply(image)
    assert (begun.outcome, begun.version) == ("underway", f"{made.service}:2")
    # On a slow machine it may have ended before it is repeated.
    assert made.apply(image) in (begun, Rollout("done", begun.version))
    assert made.bench.deployment(made.service) == begun.handle
    assert made.target.progress(made.environment, made.part, Rollout("underway", begun.version)).handle == begun.handle
    done = made.until(begun, "done")
    assert (done.percent, made.answers()) == (100, {"new": 20})
    assert made.apply(image) == Rollout("done", f"{made.service}:2")
    assert made.read() == f"{made.service}:2"
    old, new = (
        made.bench.ecs.describe_task_definition(taskDefinition=f"{made.service}:{number}")["taskDefinition"]
        for number in (1, 2)
    )
    (before,), (after,) = old["containerDefinitions"], new["containerDefinitions"]
    assert after == {**before, "image": image}


def test_a_deployment_that_has_ended_when_it_is_listed_is_found(
    delivered: Callable[..., Delivered], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one of the same version, which ended before, is not taken for it."""
    made = delivered()
    made.until(made.apply(made.bench.image("new")), "done")
    update = EcsServices.update

    def updated(services: EcsServices, *asked: Any) -> None:
        before = made.bench.deployment(made.service)
        update(services, *asked)
        made.bench.ended(made.bench.deployment(made.service, after=before), "SUCCESSFUL")

    monkeypatch.setattr(EcsServices, "update", updated)
    begun = made.target.restore(made.environment, Step(made.part, version(number=f"{made.service}:1")))
    assert (begun.outcome, begun.handle) == ("underway", made.bench.deployment(made.service))


def test_canary(delivered: Callable[..., Delivered]) -> None:
    """M2, R12: ECS holds the canary before each shift; a repeated step is no second one, and no request fails."""
    made = delivered(strategy="canary", steps=[10])
    begun = made.apply(made.bench.image("new"))
    with requests(made.bench, made.service) as answers:
        first = made.until(begun, "paused", 0)
        assert made.target.proceed(made.change("unread"), first).outcome == "underway"
        second = made.until(begun, "paused", 10)
        assert made.target.proceed(made.change("unread"), first) == second
    assert made.answers() == {"old": 18, "new": 2}
    assert made.read() == f"{made.service}:1, but {made.service}:2 for 10% of requests (IN_PROGRESS)"
    assert made.target.current(made.environment, made.part, None) == f"{made.service}:1"
    with requests(made.bench, made.service) as more:
        made.target.proceed(made.change("unread"), second)
        made.until(begun, "done")
    assert set(answers + more) <= {"old", "new"}
    assert made.answers() == {"new": 20}


def test_the_versions_of_a_canary_are_measured_apart(delivered: Callable[..., Delivered]) -> None:
    """R13: by target group, which of the two is new, with the errors and times of each; none before and without steps.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    made = delivered(strategy="canary", steps=[10])
    begun = made.apply(made.bench.image("new"))
    made.target.proceed(made.change("unread"), made.until(begun, "paused", 0))
    paused = made.until(begun, "paused", 10)
    for _ in range(20):
        made.bench.get(made.service, "fails")
    found = made.target.versions(made.environment, made.part, paused)
    assert found
    assert (found.limits.error_percent, found.limits.requests) == (10, 50)
    figures, own = VersionFigures.connect(StrictClients({})), replace(made.environment, read_role_arn="")

    def counted() -> tuple[Figures, Figures] | None:
        now = datetime.now(UTC)
        read = figures.read(own, found, now - timedelta(minutes=2), now)
        assert not isinstance(read, Comparison)
        return read if sum(one.requests for one in read) == 20 else None

    new, old = made.bench.wait(counted, "the metrics of both target groups")
    assert [(one.requests, one.errors, one.answers) for one in (new, old)] == [(2, 2, 2), (18, 18, 18)]
    assert 0 < new.latency < 10_000
    unknown = replace(paused, handle=f"{paused.handle[:-1]}x")
    assert made.target.versions(made.environment, made.part, unknown) is None


@pytest.mark.parametrize("end", ["net/a/b/c", ""])
def test_requests_behind_another_load_balancer_are_not_compared(
    delivered: Callable[..., Delivered], end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R13: a Network Load Balancer counts no requests, and a service without any has no target groups."""
    made, rule = delivered(), f"arn:aws:elasticloadbalancing:eu-central-1:1:listener/{end}"
    groups = tuple(TargetGroup(f"arn:targetgroup/{name}/1", rule if end else "") for name in ("new", "old"))
    monkeypatch.setattr(EcsServices, "target_groups", lambda *_: groups)
    assert made.target.versions(made.environment, made.part, Rollout("paused", "v", 10, "arn")) is None


def test_all_requests_to_a_service_are_measured_without_steps(
    delivered: Callable[..., Delivered], monkeypatch: pytest.MonkeyPatch
) -> None:
    """R3: of each target group behind an Application Load Balancer, by its rule or by itself; none with steps."""
    made, ends = delivered(), ("listener-rule/app/shop/a/b/c", "loadbalancer/app/shop/a", "loadbalancer/net/shop/a", "")
    groups = tuple(TargetGroup(f"arn:aws:x:targetgroup/{number}/1", f"arn:{end}") for number, end in enumerate(ends))
    monkeypatch.setattr(EcsServices, "balanced", lambda *_: groups)
    whole = made.target.whole(made.environment, made.part)
    assert whole
    assert [one.dimensions for one in whole.metrics] == [
        {"TargetGroup": f"targetgroup/{number}/1", "LoadBalancer": "app/shop/a"} for number in (0, 1)
    ]
    monkeypatch.setattr(EcsServices, "balanced", lambda *_: groups[2:])
    assert made.target.whole(made.environment, made.part) is None
    steps = delivered(strategy="canary", steps=[10])
    assert steps.target.whole(steps.environment, steps.part) is None


def test_a_paused_canary_goes_back(delivered: Callable[..., Delivered]) -> None:
    """R4: at once, while requests are served; the rollout has failed, and the version before runs alone."""
    made = delivered(strategy="canary", steps=[10])
    begun = made.apply(made.bench.image("new"))
    made.target.proceed(made.change("unread"), made.until(begun, "paused", 0))
    made.until(begun, "paused", 10)
    with requests(made.bench, made.service) as answers:
        made.restore(f"{made.service}:1")
    assert set(answers) <= {"old", "new"}
    assert (made.read(), made.answers()) == (f"{made.service}:1", {"old": 20})
    assert made.until(begun, "failed").reason


def test_a_canary_that_never_runs_has_failed(delivered: Callable[..., Delivered]) -> None:
    """ECS would wait for a day, because only rolling deployments have a circuit breaker."""
    made = delivered(strategy="canary", steps=[10])
    failed = made.until(made.apply(made.bench.image("bad", code=CRASHES)), "failed")
    assert failed.reason.endswith("tasks failed in a row: Essential container in task exited")
    made.restore(f"{made.service}:1")
    assert (made.read(), made.answers()) == (f"{made.service}:1", {"old": 20})


def test_the_circuit_breaker_is_honoured(delivered: Callable[..., Delivered]) -> None:
    """A rolling deployment that ECS takes back has failed, with ECS's reason; there is nothing left to restore."""
    made = delivered()
    failed = made.until(made.apply(made.bench.image("bad", code=CRASHES)), "failed")
    assert "circuit breaker" in failed.reason
    made.restore(f"{made.service}:1")
    assert (made.read(), made.answers()) == (f"{made.service}:1", {"old": 20})


@pytest.mark.parametrize(
    ("strategy", "steps"),
    [pytest.param("rolling", [], id="rolling"), pytest.param("linear", [50], id="linear", marks=pytest.mark.long)],
)
def test_an_earlier_version_comes_back_at_once(
    delivered: Callable[..., Delivered], strategy: str, steps: list[int]
) -> None:
    """After a rollout has ended, too: without a pause, whatever the strategy."""
    made = delivered(strategy=strategy, steps=steps)
    rollout = made.apply(made.bench.image("new"))
    for percent in [0, *steps] if steps else []:
        made.target.proceed(made.change("unread"), made.until(rollout, "paused", percent))
    made.until(rollout, "done")
    made.restore(f"{made.service}:1")
    made.restore(f"{made.service}:1")
    assert (made.read(), made.answers()) == (f"{made.service}:1", {"old": 20})


@pytest.mark.long
def test_a_way_back_over_two_versions(delivered: Callable[..., Delivered]) -> None:
    """Neither what is deployed nor what ran before it is wanted; a repeated call begins no second deployment."""
    made = delivered(strategy="canary", steps=[10])
    middle = made.bench.definition(made.bench.image("middle"), made.service)
    shift = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
    first = made.bench.deployment(made.service)
    made.bench.ecs.update_service(
        cluster=CLUSTER, service=made.service, taskDefinition=middle, deploymentConfiguration=shift
    )
    made.bench.ended(made.bench.deployment(made.service, after=first), "SUCCESSFUL")
    made.until(made.apply(made.bench.image("new")), "paused", 0)
    step = Step(made.part, version(number=f"{made.service}:1"))
    begun = made.target.restore(made.environment, step)
    assert made.target.restore(made.environment, step) in (begun, Rollout("done", step.to.version))
    assert made.bench.deployment(made.service) == begun.handle
    assert len(made.restore(f"{made.service}:1")) <= 1
    assert (made.read(), made.answers()) == (f"{made.service}:1", {"old": 20})


@pytest.mark.long
def test_a_pause_on_the_way_to_the_wanted_version_is_ended(delivered: Callable[..., Delivered]) -> None:
    """Somebody else deploys the version that the rollback restores: all requests get it at once."""
    made = delivered(strategy="canary", steps=[10])
    paused = made.until(made.apply(made.bench.image("new")), "paused", 0)
    step = Step(made.part, version(number=paused.version))

    def restored() -> bool:
        return made.target.restore(made.environment, step).outcome == "done"

    made.bench.wait(restored, "the end of the deployment")
    assert (made.read(), made.answers()) == (paused.version, {"new": 20})


def test_blue_green(delivered: Callable[..., Delivered]) -> None:
    """All requests shift at once, and ECS holds the old tasks ready until the watch is over."""
    made = delivered(strategy="blue-green")
    paused = made.until(made.apply(made.bench.image("new")), "paused", 100)
    assert made.answers() == {"new": 20}
    assert made.target.proceed(made.change("unread"), paused).outcome == "underway"
    assert made.until(paused, "done").version == f"{made.service}:2"


def test_nothing_is_deployed_once_the_lease_is_lost(delivered: Callable[..., Delivered]) -> None:
    """Q1: the lease is checked right before the service changes."""
    made = delivered()

    def fence() -> None:
        raise StaleLeaseError("overtaken")

    with pytest.raises(StaleLeaseError):
        made.target.apply(made.change(made.bench.image("new"), fence))
    assert made.read() == f"{made.service}:1"


def test_a_newer_deployment_of_somebody_else(delivered: Callable[..., Delivered]) -> None:
    """The rollout has failed, because ECS has stopped it."""
    made = delivered(strategy="blue-green")
    begun = made.apply(made.bench.image("new"))
    made.until(begun, "paused", 100)
    other = made.bench.definition(made.bench.image("other"), made.service)
    made.bench.ecs.update_service(cluster=CLUSTER, service=made.service, taskDefinition=other)
    failed = made.bench.wait(
        lambda: (found := made.target.progress(made.environment, made.part, begun)).outcome == "failed" and found,
        "the end of the rollout",
    )
    assert "newer" in failed.reason


def test_roles_of_tasks_are_passed(bench: Workbench, delivered: Callable[..., Delivered]) -> None:
    """I7: only those that the settings list; the error names the setting.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    """
    made = delivered(roles=[ROLE])
    image = bench.image("new")
    for role, passes in ((ROLE, True), (f"{ROLE}-other", False)):
        bench.ecs.register_task_definition(
            family=made.service, taskRoleArn=role, containerDefinitions=[{"name": "app", "image": bench.image("old")}]
        )
        base = made.target._services.definition(made.environment, made.service)
        assert base
        if passes:
            assert made.target._services.register(made.environment, base, "app", image)
            continue
        with pytest.raises(DeployTargetError, match=rf"add {role} to `ecsTaskRoleArns`"):
            made.target._services.register(made.environment, base, "app", image)


def migrating(code: int) -> list[str]:
    """A command that ends with a code."""
    return ["python", "-S", "-c", f"raise SystemExit({code})"]


def test_the_migration_runs_first(delivered: Callable[..., Delivered]) -> None:
    """M6: once, with the new image; the service is changed when it has succeeded."""
    made = delivered(migrationCommand=migrating(0))
    image = made.bench.image("new")
    begun = made.apply(image)
    assert made.apply(image).handle == begun.handle
    paused = made.until(begun, "paused", 0)
    assert made.read() == f"{made.service}:1"
    proceeded = made.target.proceed(made.change(image), paused)
    assert made.target.proceed(made.change(image), paused).handle == proceeded.handle
    assert made.until(proceeded, "done").version == f"{made.service}:2"


def test_a_failed_migration_leaves_the_service(delivered: Callable[..., Delivered]) -> None:
    """The rollout has failed, and the reason has the exit code."""
    made = delivered(migrationCommand=migrating(3))
    failed = made.until(made.apply(made.bench.image("new")), "failed")
    assert failed.reason.startswith("the migration command ended with 3 in arn:aws:ecs:")
    assert made.read() == f"{made.service}:1"


def test_what_a_rollback_needs(delivered: Callable[..., Delivered], bench: Workbench) -> None:
    """An active task definition, and its image."""
    made = delivered(bench.image("unique"))
    lost = partial(made.target.lost, made.environment, made.part, artifacts=NO_ARTIFACTS)
    first = version(number=f"{made.service}:1")
    assert lost(to=first) == ""
    (container,) = made.bench.ecs.describe_task_definition(taskDefinition=first.version)["taskDefinition"][
        "containerDefinitions"
    ]
    digest = container["image"].partition("@")[2]
    made.bench.aws.client("ecr").batch_delete_image(repositoryName="api", imageIds=[{"imageDigest": digest}])
    assert lost(to=first) == f"image {container['image']} of {first.version} was deleted"
    made.bench.ecs.deregister_task_definition(taskDefinition=first.version)
    assert lost(to=first) == f"task definition {first.version} was deregistered"
    assert lost(to=version(number="nobody:1")) == "task definition nobody:1 was deregistered"


def test_mistakes_are_named(delivered: Callable[..., Delivered]) -> None:
    """A missing service or container, one that the roles may not deploy, and what ECS refuses."""
    made = delivered()
    image = made.bench.image("new")
    gone = dataclasses.replace(made, part=replace(made.part, settings={**made.part.settings, "cluster": "nobody"}))
    with pytest.raises(DeployTargetError, match=r"nobody/api-\w+ does not exist in eu-central-1; create it"):
        gone.apply(image)
    foreign = dataclasses.replace(made, part=replace(made.part, settings={**made.part.settings, "service": "foreign"}))
    with pytest.raises(DeployTargetError, match=r"may not deploy shop/foreign: add it to `ecsServices`"):
        foreign.apply(image)
    wrong = dataclasses.replace(made, part=replace(made.part, settings={**made.part.settings, "container": "web"}))
    with pytest.raises(DeployTargetError, match="has no container web, it has app: correct `container`"):
        wrong.apply(image)
    refused = dataclasses.replace(
        made, part=replace(made.part, settings={**made.part.settings, "strategy": "blue-green"})
    )
    with pytest.raises(DeployTargetError, match=r"ECS refuses to deploy .* advancedConfiguration"):
        refused.apply(image)
    assert gone.read() is None


def test_the_image_of_a_request(delivered: Callable[..., Delivered]) -> None:
    """M3: it is deployed by its digest and no artifact is read."""
    made = delivered()
    digest = made.bench.image("new").partition("@")[2]
    change = replace(made.change("unread"), image=Image(REPOSITORY, "v1", digest), read=unread)
    made.until(made.target.apply(change), "done")
    assert set(made.answers()) == {"new"}


def unread(path: str) -> bytes:
    """A file of an artifact that there is not."""
    raise AssertionError(path)
