"""Delivered ECS services: task definitions, service deployments, and tasks that run once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from functions.adapters.in_environments import InEnvironments
from functions.domain.ecs import Service, ServiceDeployment, TargetGroup, TaskEnd, copy_of
from functions.domain.environments import Environment
from functions.domain.errors import DeployTargetError

# What a task that runs once has of the service: where it runs.
_OF_SERVICE = ("launchType", "capacityProviderStrategy", "networkConfiguration", "platformVersion")
# Who started such a task; the rule of its end selects by it.
STARTED_BY = "kiro-worker"
# 50 deployments of a service are kept for 90 days; only the newest are asked about.
_NEWEST = 10


class EcsServices(InEnvironments):
    """Services of ECS."""

    SERVICE = "ecs"

    def service(self, environment: Environment, cluster: str, name: str) -> Service | None:
        """A service; None if it, or its cluster, does not exist. One that may not be read is a DeployTargetError."""
        client = self._reader(environment)
        try:
            found = client.describe_services(cluster=cluster, services=[name])["services"]
        except client.exceptions.ClusterNotFoundException:
            return None
        except client.exceptions.AccessDeniedException as error:
            raise DeployTargetError(
                f"{environment.name}: its roles may not deploy {cluster}/{name}: add it to `ecsServices` of the "
                "environment in the settings of the stack, or correct `cluster` and `service` in the manifest"
            ) from error
        active = [one for one in found if one["status"] == "ACTIVE"]
        if not active:
            return None
        (one,) = active
        return Service(cluster, name, _short(one["taskDefinition"]), one.get("deploymentConfiguration", {}), one)

    def definition(self, environment: Environment, name: str) -> dict[str, Any] | None:
        """A task definition by `family:revision`, or the newest active one of a family; None if there is none."""
        client = self._reader(environment)
        try:
            answer = client.describe_task_definition(taskDefinition=name, include=["TAGS"])
        except client.exceptions.ClientException:
            return None
        found: dict[str, Any] = answer["taskDefinition"]
        tags = [one for one in answer.get("tags", ()) if not one["key"].startswith("aws:")]
        return {**found, **({"tags": tags} if tags else {})}

    def register(self, environment: Environment, base: Mapping[str, Any], container: str, image: str) -> str:
        """Register a copy of a task definition with another image of one container; returns `family:revision`.

        The newest revision of the family is taken instead if it says the same: a repetition registers no second one.
        A container that does not exist is a DeployTargetError.
        """
        names = [one["name"] for one in base["containerDefinitions"]]
        if container not in names:
            raise DeployTargetError(
                f"{environment.name}: the task definition {base['family']} has no container {container}, it has "
                f"{', '.join(names)}: correct `container` in the manifest"
            )
        wanted = copy_of(base)
        wanted["containerDefinitions"] = [
            {**one, "image": image} if one["name"] == container else one for one in base["containerDefinitions"]
        ]
        newest = self.definition(environment, str(base["family"]))
        if newest and copy_of(newest) == wanted:
            return f"{newest['family']}:{newest['revision']}"
        tags = {"tags": base["tags"]} if "tags" in base else {}
        client = self._changer(environment)
        try:
            made = client.register_task_definition(**wanted, **tags)["taskDefinition"]
        except client.exceptions.AccessDeniedException as error:
            roles = " and ".join(str(wanted[one]) for one in ("taskRoleArn", "executionRoleArn") if one in wanted)
            raise DeployTargetError(
                f"{environment.name}: the deploy role may not register {base['family']}: add {roles or 'its roles'} to "
                f"`ecsTaskRoleArns` of the environment in the settings of the stack ({error})"
            ) from error
        return f"{made['family']}:{made['revision']}"

    def update(
        self, environment: Environment, service: Service, version: str, configuration: Mapping[str, Any]
    ) -> None:
        """Deploy a task definition; what ECS refuses is a DeployTargetError with its reason."""
        client = self._changer(environment)
        try:
            client.update_service(
                cluster=service.cluster,
                service=service.name,
                taskDefinition=version,
                deploymentConfiguration=dict(configuration),
            )
        except (client.exceptions.InvalidParameterException, client.exceptions.ClientException) as error:
            raise DeployTargetError(
                f"{environment.name}: ECS refuses to deploy {version} to {service.cluster}/{service.name}: {error}"
            ) from error

    def deployment(self, environment: Environment, arn: str) -> ServiceDeployment | None:
        """A service deployment by its ARN; None if ECS does not know it."""
        client = self._reader(environment)
        found = client.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
        return self._read(environment, found[0]) if found else None

    def newest(self, environment: Environment, service: Service, target: str = "") -> ServiceDeployment | None:
        """The newest deployment of a service, or the newest one of a task definition; None if there is none."""
        listed = sorted(self._listed(environment, service), key=lambda one: one["createdAt"], reverse=True)[:_NEWEST]
        targets = self._definitions(environment, [one["targetServiceRevisionArn"] for one in listed])
        for one in listed:
            if target in ("", targets.get(one["targetServiceRevisionArn"])):
                return self.deployment(environment, one["serviceDeploymentArn"])
        return None

    def target_groups(self, environment: Environment, arn: str) -> tuple[TargetGroup, TargetGroup] | None:
        """The target groups of the new and of the old revision of a service deployment; None if it has not both.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html: `resolvedConfiguration` has
        the one that serves a revision.
        """
        client = self._reader(environment)
        found = client.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
        if not found or not found[0].get("sourceServiceRevisions"):
            return None
        revisions = [found[0]["targetServiceRevision"]["arn"], _most(found[0]["sourceServiceRevisions"])["arn"]]
        described = client.describe_service_revisions(serviceRevisionArns=revisions)["serviceRevisions"]
        by_revision = {one["serviceRevisionArn"]: one.get("resolvedConfiguration", {}) for one in described}
        groups = [one for revision in revisions for one in by_revision.get(revision, {}).get("loadBalancers", ())[:1]]
        if len(groups) < len(revisions):
            return None
        new, old = (TargetGroup(one["targetGroupArn"], one.get("productionListenerRule", "")) for one in groups)
        return None if new == old else (new, old)

    def balanced(self, environment: Environment, service: Service) -> tuple[TargetGroup, ...]:
        """The target groups of a service, in turn or not, that a load balancer sends requests to.

        A rolling service names no listener rule, so the load balancer itself is asked for.
        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
        """
        found = list[TargetGroup]()
        for one in service.described.get("loadBalancers", ()):
            turns = one.get("advancedConfiguration") or {}
            groups = [arn for arn in (one.get("targetGroupArn"), turns.get("alternateTargetGroupArn")) if arn]
            rule = turns.get("productionListenerRule", "")
            if groups and not rule:
                client = self._aws.client("elbv2", region=environment.region, role_arn=environment.read_role_arn)
                pages = client.get_paginator("describe_target_groups").paginate(TargetGroupArns=groups)
                asked = (group for page in pages for group in page["TargetGroups"])
                rule = next((arn for group in asked for arn in group.get("LoadBalancerArns", ())), "")
            found += [TargetGroup(arn, rule) for arn in groups]
        return tuple(found)

    def _definitions(self, environment: Environment, revisions: Sequence[str]) -> dict[str, str]:
        """The task definitions (`family:revision`) of service revisions, by their ARNs."""
        if not revisions:
            return {}
        client = self._reader(environment)
        found = client.describe_service_revisions(serviceRevisionArns=list(revisions))["serviceRevisions"]
        return {one["serviceRevisionArn"]: _short(one["taskDefinition"]) for one in found}

    def _listed(self, environment: Environment, service: Service) -> Iterator[Any]:
        client = self._reader(environment)
        token: dict[str, str] = {}
        while True:  # botocore has no paginator of this operation
            page = client.list_service_deployments(cluster=service.cluster, service=service.name, **token)
            yield from page["serviceDeployments"]
            if not page.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}

    def _read(self, environment: Environment, one: Mapping[str, Any]) -> ServiceDeployment:
        target, sources = one["targetServiceRevision"], one.get("sourceServiceRevisions", ())
        known = self._definitions(environment, [target["arn"], *(source["arn"] for source in sources)])
        hooks = [each["hookId"] for each in one.get("lifecycleHookDetails", ()) if each["status"] == "AWAITING_ACTION"]
        failed, why = self._failures(environment, one) if one["status"] == "IN_PROGRESS" else (0, "")
        before = _most(sources) if sources else None
        return ServiceDeployment(
            one["serviceDeploymentArn"],
            one["status"],
            known.get(target["arn"], ""),
            known.get(before["arn"], "") if before else "",
            float(target.get("requestedProductionTrafficWeight", 0.0)),
            hooks[0] if hooks else "",
            one.get("statusReason", ""),
            failed,
            why,
        )

    def _failures(self, environment: Environment, one: Mapping[str, Any]) -> tuple[int, str]:
        """How many new tasks failed in a row, and why the last one stopped."""
        client, cluster = self._reader(environment), one["clusterArn"]
        found = client.describe_services(cluster=cluster, services=[one["serviceArn"]])["services"]
        primary = [each for each in (found[0]["deployments"] if found else ()) if each["status"] == "PRIMARY"]
        count = int(primary[0].get("failedTasks", 0)) if primary else 0
        if not count:
            return 0, ""
        name = _short(one["serviceArn"])
        pages = client.get_paginator("list_tasks").paginate(
            cluster=cluster, serviceName=name, desiredStatus="STOPPED", PaginationConfig={"MaxItems": _NEWEST}
        )
        arns = [arn for page in pages for arn in page["taskArns"]]
        tasks = client.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        of_new = [each for each in tasks if each.get("startedBy") == primary[0]["id"]]
        return count, of_new[-1].get("stoppedReason", "") if of_new else ""

    def proceed(self, environment: Environment, deployment: ServiceDeployment) -> None:
        """End a pause: the deployment goes on. One that has ended meanwhile changes nothing."""
        self._answer(environment, deployment, "CONTINUE")

    def roll_back(self, environment: Environment, deployment: ServiceDeployment) -> None:
        """Ask ECS to roll a deployment back, paused or not. One that has ended meanwhile changes nothing."""
        client = self._changer(environment)
        if deployment.hook:
            self._answer(environment, deployment, "ROLLBACK")
            return
        _unless(
            client.exceptions.ConflictException,
            lambda: client.stop_service_deployment(serviceDeploymentArn=deployment.arn, stopType="ROLLBACK"),
        )

    def _answer(self, environment: Environment, deployment: ServiceDeployment, action: str) -> None:
        client = self._changer(environment)
        _unless(
            client.exceptions.InvalidParameterException,
            lambda: client.continue_service_deployment(
                serviceDeploymentArn=deployment.arn, hookId=deployment.hook, action=action
            ),
        )

    def run(
        self,
        environment: Environment,
        service: Service,
        version: str,
        container: str,
        command: Sequence[str],
        token: str,
    ) -> str:
        """Run a command once, where the service's tasks run; returns the task's ARN. A repeated `token` runs none.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
        """
        where = {name: service.described[name] for name in _OF_SERVICE if service.described.get(name)}
        answer = self._changer(environment).run_task(
            cluster=service.cluster,
            taskDefinition=version,
            overrides={"containerOverrides": [{"name": container, "command": list(command)}]},
            startedBy=STARTED_BY,
            clientToken=token,
            **where,
        )
        if not answer["tasks"]:
            reasons = "; ".join(str(one.get("reason")) for one in answer["failures"])
            raise DeployTargetError(f"{environment.name}: ECS can't run a task of {version}: {reasons}")
        return str(answer["tasks"][0]["taskArn"])

    def task(self, environment: Environment, cluster: str, arn: str, container: str) -> TaskEnd:
        """A task that runs once; ECS forgets it an hour after its end, which counts as an end without an exit code."""
        found = self._reader(environment).describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
        if not found:
            return TaskEnd(ended=True, reason="ECS no longer knows the task")
        (task,) = found
        if task["lastStatus"] != "STOPPED":
            return TaskEnd(ended=False)
        ran = [one for one in task["containers"] if one["name"] == container]
        return TaskEnd(True, ran[0].get("exitCode") if ran else None, task.get("stoppedReason", ""))

    def has_image(self, environment: Environment, image: str) -> bool:
        """Whether an image (`repository@digest`) still exists; one of another account's registry counts as existing."""
        registry, _, rest = image.partition("/")
        repository, _, digest = rest.partition("@")
        if not digest or not registry.startswith(f"{environment.account}.dkr.ecr."):
            return True
        client = self._aws.client("ecr", region=registry.split(".")[3], role_arn=environment.read_role_arn)
        try:
            client.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])
        except (client.exceptions.ImageNotFoundException, client.exceptions.RepositoryNotFoundException):
            return False
        return True


def _most(revisions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The source revision with most of the requests: there are several if an earlier deployment was replaced."""
    return max(revisions, key=lambda one: one.get("requestedProductionTrafficWeight", 0.0))


def _short(arn: str) -> str:
    """`family:revision`, or a service's name, of an ARN."""
    return arn.rpartition("/")[2]


def _unless(expected: type[Exception], call: Callable[[], object]) -> None:
    """Make a call; the expected error says that there is nothing to do any more."""
    try:
        call()
    except expected:
        return
