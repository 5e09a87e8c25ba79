"""Kind `ecs`: a service of ECS; a deployment runs a new image, and ECS itself shifts the requests to it."""

import json
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.ecs_services import EcsServices
from functions.domain.comparisons import Versions, Whole
from functions.domain.drift import Trace
from functions.domain.ecs import Service, configuration, metrics_of, mistake_in_strategy, rollout_of, way_back
from functions.domain.environments import Environment, PartState, Version
from functions.domain.errors import DeployTargetError, ManifestError
from functions.domain.manifests import Part
from functions.domain.rollback import Step
from functions.domain.rollouts import Rollout
from functions.handler import Allow
from functions.targets.base import CallTarget, Change, MistakenKeyError, Packages, Statement
from functions.targets.ecs_keys import IMAGES, Keys, container_of, image_of, image_repository, keys_of, names_of

if TYPE_CHECKING:
    from components.stack.environment_settings import EnvironmentSettings
    from components.stack.naming import Naming
    from functions.adapters.artifacts import Artifacts
    from functions.runtime import Clients

# A pause outlives a review by a person; then ECS itself goes back.
_PAUSE_MINUTES = 60
# ECS lists a new deployment some moments after UpdateService: the pauses between looks. Later, `progress` finds it.
_LISTED_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 4.0)


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
            cluster, service = names_of(environment, part)
        except ManifestError as error:
            return str(error)
        return f"ECS service {cluster}/{service}, {keys_of(part).strategy}"

    @classmethod
    def names(cls, environment: Environment, part: Part) -> dict[str, str]:
        """The service, with its cluster."""
        return {"service": "/".join(names_of(environment, part))}

    @classmethod
    def traces(cls, environment: Environment, part: Part) -> tuple[Trace, ...]:
        """Changes of the service; one that names no task definition, as those of autoscaling, changes no version.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/logging-using-cloudtrail.html
        """
        cluster, service = names_of(environment, part)
        named = {"cluster": cluster, "service": service}
        return (Trace("UpdateService", {**named, "taskDefinition": ""}), Trace("DeleteService", named))

    @classmethod
    def files(cls, part: Part) -> tuple[str, ...]:
        """The file in which the build names its images."""
        return (IMAGES,)

    @classmethod
    def image_repository(cls, environment: Environment, part: Part) -> str:
        """`image` of the manifest, with its placeholders replaced."""
        return image_repository(environment, part)

    @classmethod
    def deploy_permissions(
        cls, settings: "EnvironmentSettings", naming: "Naming", packages: Packages
    ) -> tuple[Statement, ...]:
        """To deploy the services in the environment's settings, and to pass the roles of their tasks to ECS."""
        from functions.targets.ecs_permissions import change_statements  # the Pulumi program asks, and no handler

        return change_statements(settings, naming)

    @classmethod
    def read_permissions(cls, settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
        """To read the services in the environment's settings, their deployments, and whether an image is there."""
        from functions.targets.ecs_permissions import read_statements  # as above

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
        environment, keys = change.environment, keys_of(change.part)
        service, image = self._present(environment, change.part), image_of(change)
        under_way = self._services.newest(environment, service)
        if under_way and under_way.phase == "forward" and self._runs(environment, under_way.target, change.part, image):
            return rollout_of(under_way, keys.strategy)
        moving = under_way is not None and under_way.phase in ("forward", "back")
        if not moving and self._runs(environment, service.definition, change.part, image):
            return Rollout("done", service.definition)
        base = self._services.definition(environment, service.definition)
        if base is None:
            raise DeployTargetError(
                f"{environment.name}: the task definition {service.definition} of {service.cluster}/{service.name} "
                "does not exist any more: deploy the repository's infrastructure part again"
            )
        version = self._services.register(environment, base, container_of(environment, change.part), image)
        if keys.migration_command:
            return self._migrate(change, service, version)
        return self._deploy(change, service, version)

    def progress(self, environment: Environment, part: Part, rollout: Rollout) -> Rollout:
        """What ECS says of the deployment by its own ARN, or of the task that runs first; changes nothing."""
        service, keys = self._present(environment, part), keys_of(part)
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
        return rollout_of(found, keys.strategy)

    def proceed(self, change: Change, rollout: Rollout) -> Rollout:
        """End ECS's pause; after the command that runs first, begin the deployment."""
        now = self.progress(change.environment, change.part, rollout)
        if now.outcome != "paused" or now.percent > rollout.percent:
            return now
        if _is_task(rollout.handle):
            service = self._present(change.environment, change.part)
            begun = self._services.newest(change.environment, service, rollout.version)
            return (
                rollout_of(begun, keys_of(change.part).strategy)
                if begun
                else self._deploy(change, service, rollout.version)
            )
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
        new, old = map(metrics_of, groups)
        return Versions(new, old, keys_of(part).limits(environment)) if new and old else None

    def whole(self, environment: Environment, part: Part) -> Whole | None:
        """The requests to all target groups of the service; None at steps, or without an Application Load Balancer."""
        service = self._services.service(environment, *names_of(environment, part))
        if service is None or keys_of(part).steps:
            return None
        groups = self._services.balanced(environment, service)
        found = tuple(one for one in map(metrics_of, groups) if one)
        return Whole(found, keys_of(part).limits(environment)) if found else None

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
        return self._services.service(environment, *names_of(environment, part))

    def _present(self, environment: Environment, part: Part) -> Service:
        found = self._service(environment, part)
        if found is None:
            raise DeployTargetError(
                f"{environment.name}: the ECS service {'/'.join(names_of(environment, part))} does not exist in "
                f"{environment.region}; create it in the repository's infrastructure part"
            )
        return found

    def _runs(self, environment: Environment, version: str, part: Part, image: str) -> bool:
        """Whether a task definition has this image in the container."""
        found = self._services.definition(environment, version)
        wanted = (container_of(environment, part), image)
        return found is not None and wanted in [(one["name"], one["image"]) for one in found["containerDefinitions"]]

    def _migrate(self, change: Change, service: Service, version: str) -> Rollout:
        """Run the command once; a repetition finds the task of the first."""
        environment, part, keys = change.environment, change.part, keys_of(change.part)
        of = (environment.name, part.name, version, change.release.commit)
        token = sha256(json.dumps(of).encode()).hexdigest()
        change.fence()
        container = container_of(environment, part)
        task = self._services.run(environment, service, version, container, keys.migration_command, token)
        return Rollout("underway", version, 0, task)

    def _migrated(self, environment: Environment, part: Part, service: Service, rollout: Rollout) -> Rollout:
        found = self._services.task(environment, service.cluster, rollout.handle, container_of(environment, part))
        if not found.ended:
            return Rollout("underway", rollout.version, 0, rollout.handle)
        if found.exit_code == 0:
            return Rollout("paused", rollout.version, 0, rollout.handle)
        ended = f"ended with {found.exit_code}" if found.exit_code is not None else "did not run"
        reason = f"the migration command {ended} in {rollout.handle}: {found.reason}"
        return Rollout("failed", rollout.version, 0, rollout.handle, reason)

    def _deploy(self, change: Change, service: Service, version: str) -> Rollout:
        environment, keys = change.environment, keys_of(change.part)
        pause = environment.approval_timeout_seconds // 60 + _PAUSE_MINUTES
        change.fence()
        wanted = configuration(keys.strategy, keys.steps, service.configuration, pause)
        return self._begin(environment, service, version, wanted)

    def _back_to(self, environment: Environment, service: Service, part: Part, version: str) -> Rollout:
        wanted = way_back(keys_of(part).strategy, service.configuration)
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


def _is_task(handle: str) -> bool:
    return ":task/" in handle
