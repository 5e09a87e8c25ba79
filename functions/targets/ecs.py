"""Kind `ecs`: a service of ECS; a deployment runs a new image, and ECS itself shifts the requests to it."""

import json
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from functions.adapters.ecs_services import EcsServices, Service, TargetGroup
from functions.adapters.manifest_types import AnyText, Meaning, Steps, StepSeconds
from functions.domain.comparisons import Metrics, Versions, Whole
from functions.domain.drift import Trace
from functions.domain.ecs import ServiceDeployment, Strategy, configuration, mistake_in_strategy, way_back
from functions.domain.environments import Environment, PartState, Version
from functions.domain.errors import DeployTargetError, ManifestError, SourceError
from functions.domain.manifests import MANIFEST, Part, fill, own_name
from functions.domain.rollback import Step
from functions.domain.rollouts import Rollout
from functions.handler import Allow, decode
from functions.targets.base import CallTarget, Change, ComparisonKeys, MistakenKeyError, Packages, Statement
from functions.targets.ecs_permissions import change_statements, read_statements

if TYPE_CHECKING:
    from components.stack.environment_settings import EnvironmentSettings
    from components.stack.naming import Naming
    from functions.adapters.artifacts import Artifacts
    from functions.runtime import Clients

# The file of the build's artifact with the image of each service, as `repository@sha256:…`.
IMAGES = "images.json"
# A pause outlives a review by a person; then ECS itself goes back.
_PAUSE_MINUTES = 60
# ECS lists a new deployment some moments after UpdateService: the pauses between looks. Later, `progress` finds it.
_LISTED_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 4.0)


@dataclass(frozen=True, slots=True)
class Keys(ComparisonKeys):
    """A service of ECS; a deployment runs a new image, and ECS itself shifts the requests to it."""

    cluster: Annotated[AnyText, Meaning("The cluster's name, with placeholders.", "shop-{environment}")]
    service: Annotated[AnyText, Meaning("The service's name, with placeholders.", "api")]
    container: Annotated[AnyText, Meaning("The container, of the task definition, that gets the new image.", "api")]
    image: Annotated[
        AnyText, Meaning("The repository of the image; `images.json` of the build has its digest.", "shop")
    ]
    strategy: Annotated[Strategy, Meaning("How ECS shifts the requests to the new image.")] = "rolling"
    steps: Annotated[Steps, Meaning("The percentages that are watched: one of canary, equal ones of linear.", [20])] = (
        field(default_factory=list)
    )
    step_seconds: Annotated[
        StepSeconds | None, Meaning("How long each step is watched, in seconds; without it 60.", 120)
    ] = None
    migration_command: Annotated[
        list[str], Meaning("Runs once with the new image, before the service is changed.", ["./migrate", "up"])
    ] = field(default_factory=list)


class EcsTarget(CallTarget):
    """A version is a task definition (`family:revision`), whose image is named by its digest."""

    kind = "ecs"
    keys = Keys
    READ: ClassVar[tuple[Allow, ...]] = EcsServices.READ
    CHANGE: ClassVar[tuple[Allow, ...]] = EcsServices.CHANGE

    def __init__(self, services: EcsServices) -> None:
        self._services = services

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The target with access to the services of all environments."""
        return cls(EcsServices.connect(aws))

    @classmethod
    def complete(cls, part: Part, keys: Any) -> Part:
        """The part with its keys; steps that do not fit the strategy are a MistakenKeyError."""
        if mistake := mistake_in_strategy(keys.strategy, keys.steps):
            raise MistakenKeyError("steps", mistake)
        if keys.step_seconds and keys.strategy == "rolling":
            reason = "strategy rolling has nothing to watch before its end: leave it out, or write another strategy"
            raise MistakenKeyError("stepSeconds", reason)
        return super().complete(part, keys)

    @classmethod
    def describe(cls, environment: Environment, part: Part) -> str:
        """Such as `ECS service shop-production/api, canary`; or the error if a name has unknown placeholders."""
        try:
            cluster, service = _names(environment, part)
        except ManifestError as error:
            return str(error)
        return f"ECS service {cluster}/{service}, {_keys(part).strategy}"

    @classmethod
    def names(cls, environment: Environment, part: Part) -> dict[str, str]:
        """The service, with its cluster."""
        return {"service": "/".join(_names(environment, part))}

    @classmethod
    def traces(cls, environment: Environment, part: Part) -> tuple[Trace, ...]:
        """Changes of the service; one that names no task definition, as those of autoscaling, changes no version.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/logging-using-cloudtrail.html
        """
        cluster, service = _names(environment, part)
        named = {"cluster": cluster, "service": service}
        return (Trace("UpdateService", {**named, "taskDefinition": ""}), Trace("DeleteService", named))

    @classmethod
    def files(cls, part: Part) -> tuple[str, ...]:
        """The file in which the build names its images."""
        return (IMAGES,)

    @classmethod
    def image_repository(cls, environment: Environment, part: Part) -> str:
        """`image` of the manifest, with its placeholders replaced."""
        return fill(_keys(part).image, _values(environment), f"services.{part.name}.image")

    @classmethod
    def deploy_permissions(
        cls, settings: "EnvironmentSettings", naming: "Naming", packages: Packages
    ) -> tuple[Statement, ...]:
        """To deploy the services in the environment's settings, and to pass the roles of their tasks to ECS."""
        return change_statements(settings, naming)

    @classmethod
    def read_permissions(cls, settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
        """To read the services in the environment's settings, their deployments, and whether an image is there."""
        return read_statements(settings, naming)

    def current(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The service's task definition; in the middle of a deployment that which ran before it."""
        service = self._service(environment, part)
        if service is None:
            return None
        found = self._services.newest(environment, service)
        return found.source if found and found.phase == "forward" and found.source else service.definition

    def read_back(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The service's task definition; in the middle of a deployment both, with their share of the requests."""
        service = self._service(environment, part)
        if service is None:
            return None
        found = self._services.newest(environment, service)
        if found is None or found.phase in ("succeeded", "failed"):
            return service.definition
        return f"{found.source}, but {found.target} for {found.percent:g}% of requests ({found.status})"

    def apply(self, change: Change) -> Rollout:
        """Register the task definition that runs with the release's image, and let ECS deploy it.

        A deployment of this image that is under way is resumed; an image that runs already stays.
        """
        environment, keys = change.environment, _keys(change.part)
        service, image = self._present(environment, change.part), _image(change)
        under_way = self._services.newest(environment, service)
        if under_way and under_way.phase == "forward" and self._runs(environment, under_way.target, change.part, image):
            return _rollout(under_way, keys)
        moving = under_way is not None and under_way.phase in ("forward", "back")
        if not moving and self._runs(environment, service.definition, change.part, image):
            return Rollout("done", service.definition)
        base = self._services.definition(environment, service.definition)
        if base is None:
            raise DeployTargetError(
                f"{environment.name}: the task definition {service.definition} of {service.cluster}/{service.name} "
                "does not exist any more: deploy the repository's infrastructure part again"
            )
        version = self._services.register(environment, base, _container(environment, change.part), image)
        if keys.migration_command:
            return self._migrate(change, service, version)
        return self._deploy(change, service, version)

    def progress(self, environment: Environment, part: Part, rollout: Rollout) -> Rollout:
        """What ECS says of the deployment by its own ARN, or of the task that runs first; changes nothing."""
        service, keys = self._present(environment, part), _keys(part)
        if _is_task(rollout.handle):
            return self._migrated(environment, part, service, rollout)
        if rollout.handle:
            found = self._services.deployment(environment, rollout.handle)
        else:
            found = self._services.newest(environment, service, rollout.version)
        if found is None:
            return Rollout("underway", rollout.version, 0, rollout.handle)
        if found.target != rollout.version:  # `restore` waits for the end of a deployment of another version
            ended = found.phase in ("succeeded", "failed")
            return Rollout("done" if ended else "underway", rollout.version, 0, rollout.handle)
        return _rollout(found, keys)

    def proceed(self, change: Change, rollout: Rollout) -> Rollout:
        """End ECS's pause; after the command that runs first, begin the deployment."""
        now = self.progress(change.environment, change.part, rollout)
        if now.outcome != "paused" or now.percent > rollout.percent:
            return now
        if _is_task(rollout.handle):
            service = self._present(change.environment, change.part)
            begun = self._services.newest(change.environment, service, rollout.version)
            return _rollout(begun, _keys(change.part)) if begun else self._deploy(change, service, rollout.version)
        found = self._services.deployment(change.environment, now.handle)
        if found and found.hook:
            change.fence()
            self._services.proceed(change.environment, found)
        return Rollout("underway", now.version, now.percent, now.handle)

    def versions(self, environment: Environment, part: Part, rollout: Rollout) -> Versions | None:
        """The requests to the target group of each version; None without an Application Load Balancer.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
        """
        groups = self._services.target_groups(environment, rollout.handle)
        if groups is None:
            return None
        new, old = map(_metrics, groups)
        return Versions(new, old, _keys(part).limits(environment)) if new and old else None

    def whole(self, environment: Environment, part: Part) -> Whole | None:
        """The requests to all target groups of the service; None at steps, or without an Application Load Balancer."""
        service = self._services.service(environment, *_names(environment, part))
        if service is None or _keys(part).steps:
            return None
        groups = self._services.balanced(environment, service)
        found = tuple(one for one in map(_metrics, groups) if one)
        return Whole(found, _keys(part).limits(environment)) if found else None

    def restore(self, environment: Environment, step: Step) -> Rollout:
        """Let ECS go back: at once where a deployment is under way, else by a deployment of the earlier version.

        A deployment that ends in another version than `step.to` is followed by one more.
        """
        part, to = step.part, step.to.version
        service = self._present(environment, part)
        found = self._services.newest(environment, service)
        if found is None or found.phase in ("succeeded", "failed"):
            if service.definition == to:
                return Rollout("done", to)
            return self._back_to(environment, service, part, to)
        if found.phase == "forward":
            if found.target == to:
                if found.hook:
                    self._services.proceed(environment, found)
            elif found.source == to:
                self._services.roll_back(environment, found)
            else:
                return self._back_to(environment, service, part, to)
        return Rollout("underway", to, 0, found.arn)

    def lost(self, environment: Environment, part: Part, to: Version, artifacts: "Artifacts") -> str:
        """Whether the task definition was deregistered, or its image deleted."""
        found = self._services.definition(environment, to.version)
        if found is None or found["status"] != "ACTIVE":
            return f"task definition {to.version} was deregistered"
        images = [str(one["image"]) for one in found["containerDefinitions"]]
        gone = [one for one in images if not self._services.has_image(environment, one)]
        return f"image {gone[0]} of {to.version} was deleted" if gone else ""

    def outputs(self, artifacts: "Artifacts", key: str, digest: str) -> dict[str, str]:
        """A service has no outputs."""
        return {}

    def _service(self, environment: Environment, part: Part) -> Service | None:
        return self._services.service(environment, *_names(environment, part))

    def _present(self, environment: Environment, part: Part) -> Service:
        found = self._service(environment, part)
        if found is None:
            raise DeployTargetError(
                f"{environment.name}: the ECS service {'/'.join(_names(environment, part))} does not exist in "
                f"{environment.region}; create it in the repository's infrastructure part"
            )
        return found

    def _runs(self, environment: Environment, version: str, part: Part, image: str) -> bool:
        """Whether a task definition has this image in the container."""
        found = self._services.definition(environment, version)
        wanted = (_container(environment, part), image)
        return found is not None and wanted in [(one["name"], one["image"]) for one in found["containerDefinitions"]]

    def _migrate(self, change: Change, service: Service, version: str) -> Rollout:
        """Run the command once; a repetition finds the task of the first."""
        environment, part, keys = change.environment, change.part, _keys(change.part)
        of = (environment.name, part.name, version, change.release.commit)
        token = sha256(json.dumps(of).encode()).hexdigest()
        change.fence()
        container = _container(environment, part)
        task = self._services.run(environment, service, version, container, keys.migration_command, token)
        return Rollout("underway", version, 0, task)

    def _migrated(self, environment: Environment, part: Part, service: Service, rollout: Rollout) -> Rollout:
        found = self._services.task(environment, service.cluster, rollout.handle, _container(environment, part))
        if not found.ended:
            return Rollout("underway", rollout.version, 0, rollout.handle)
        if found.exit_code == 0:
            return Rollout("paused", rollout.version, 0, rollout.handle)
        ended = f"ended with {found.exit_code}" if found.exit_code is not None else "did not run"
        reason = f"the migration command {ended} in {rollout.handle}: {found.reason}"
        return Rollout("failed", rollout.version, 0, rollout.handle, reason)

    def _deploy(self, change: Change, service: Service, version: str) -> Rollout:
        environment, keys = change.environment, _keys(change.part)
        pause = environment.approval_timeout_seconds // 60 + _PAUSE_MINUTES
        change.fence()
        wanted = configuration(keys.strategy, keys.steps, service.configuration, pause)
        return self._begin(environment, service, version, wanted)

    def _back_to(self, environment: Environment, service: Service, part: Part, version: str) -> Rollout:
        wanted = way_back(_keys(part).strategy, service.configuration)
        return self._begin(environment, service, version, wanted)

    def _begin(self, environment: Environment, service: Service, version: str, wanted: dict[str, Any]) -> Rollout:
        """Let ECS deploy, and look for the deployment, which may already have ended when ECS lists it."""
        before = self._services.newest(environment, service, version)
        self._services.update(environment, service, version, wanted)
        for seconds in _LISTED_SECONDS:
            found = self._services.newest(environment, service, version)
            if found and (before is None or found.arn != before.arn):
                return Rollout("underway", version, 0, found.arn)
            time.sleep(seconds)
        return Rollout("underway", version, 0)


def _metrics(group: TargetGroup) -> Metrics | None:
    """The metrics of a target group, by the ends of ARNs; None behind a Network Load Balancer, which counts none.

    A request that got no answer is no HTTPCode_Target_5XX_Count: the load balancer answers it by itself.
    """
    # …:listener-rule/app/{name}/{id}/{listener}/{rule}, …:loadbalancer/app/{name}/{id}
    balancer = "/".join(group.rule.rpartition(":")[2].split("/")[1:4])
    if not balancer.startswith("app/"):
        return None
    dimensions = {"TargetGroup": group.arn.rpartition(":")[2], "LoadBalancer": balancer}
    errors = ("HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount")
    return Metrics("AWS/ApplicationELB", "RequestCount", errors, "TargetResponseTime", 1000, dimensions)


def _rollout(found: ServiceDeployment, keys: Keys) -> Rollout:
    """A deployment as the platform sees it. A rollout that ECS takes back has failed, also before it is back."""
    if found.phase == "succeeded":
        return Rollout("done", found.target, 100, found.arn)
    if found.phase in ("back", "failed"):
        return Rollout("failed", found.target, found.percent, found.arn, found.reason or f"ECS says {found.status}")
    if keys.strategy != "rolling" and found.broken:
        return Rollout("failed", found.target, found.percent, found.arn, found.broken)
    outcome: Any = "paused" if found.hook else "underway"
    return Rollout(outcome, found.target, found.percent, found.arn)


def _image(change: Change) -> str:
    """The image of the request, or that which the build names; of the manifest's repository, and by its digest."""
    part, environment = change.part, change.environment
    source, found = ("the request", change.image.reference) if change.image else (IMAGES, _built(change))
    repository = EcsTarget.image_repository(environment, part)
    if not found.startswith(f"{repository}@sha256:"):
        raise SourceError(
            f"{part.name}: {source} names {found}, which is not of {repository} by its digest: correct it, or `image` "
            f"in {MANIFEST}"
        )
    allowed = environment.image_repositories
    if allowed and repository not in allowed:
        raise SourceError(
            f"{part.name}: {environment.name} takes no image of {repository}, only of {', '.join(allowed)}: name one "
            "of these, or have an operator add it to `imageRepositories` of the environment"
        )
    return found


def _built(change: Change) -> str:
    """The image that the build names for the service."""
    own = own_name(change.part.name)
    try:
        return str(json.loads(change.read(IMAGES))[own])
    except (ValueError, KeyError, TypeError):
        raise SourceError(
            f"{change.part.name}: {IMAGES} of the build's artifact names no image for {own}: write "
            '{"' + own + '": "repository@sha256:…"} in the build'
        ) from None


def _is_task(handle: str) -> bool:
    return ":task/" in handle


def _keys(part: Part) -> Keys:
    return decode(Keys, part.settings)


def _values(environment: Environment) -> dict[str, str]:
    return {
        **environment.variables,
        "environment": environment.name,
        "account": environment.account,
        "region": environment.region,
    }


def _names(environment: Environment, part: Part) -> tuple[str, str]:
    """The cluster and the service."""
    keys, values = _keys(part), _values(environment)
    cluster = fill(keys.cluster, values, f"services.{part.name}.cluster")
    return cluster, fill(keys.service, values, f"services.{part.name}.service")


def _container(environment: Environment, part: Part) -> str:
    return fill(_keys(part).container, _values(environment), f"services.{part.name}.container")
