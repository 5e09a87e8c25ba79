"""Clusters, and task definitions in their revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.ecs import supported
from local.ecs.context import now, short
from local.ecs.errors import ClientError, ClusterNotFoundError, InvalidParameterError
from local.paging import page

if TYPE_CHECKING:
    from local.ecs.context import Context

Record = dict[str, Any]
# What a described container says where its registration said nothing.
_UNSAID: Record = {
    "essential": True,
    "cpu": 0,
    "environment": [],
    "portMappings": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}


class Clusters:
    """Names of clusters; a task of the laptop needs no instance."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clusters: dict[str, Record] = {}

    def arn(self, name: str | None) -> str:
        """The ARN of an active cluster by name or ARN; default: the cluster `default`."""
        found = self._clusters.get(short(name or "default"))
        if found is None:
            raise ClusterNotFoundError("Cluster not found.")
        return str(found["clusterArn"])

    def create_cluster(self, request: Record) -> Record:
        """Create a cluster; the same again returns it."""
        supported.only(request, {"clusterName", "tags"}, "CreateCluster")
        with self._context.lock:
            name = request.get("clusterName", "default")
            made = {
                "clusterArn": self._context.arn(f"cluster/{name}"),
                "clusterName": name,
                "status": "ACTIVE",
                "tags": request.get("tags", []),
            }
            return {"cluster": self._clusters.setdefault(name, made)}

    def describe_clusters(self, request: Record) -> Record:
        """Return clusters by name or ARN."""
        with self._context.lock:
            names = [short(name) for name in request.get("clusters", ["default"])]
            missing = [{"arn": self._context.arn(f"cluster/{one}"), "reason": "MISSING"} for one in names]
            return {
                "clusters": [self._clusters[name] for name in names if name in self._clusters],
                "failures": [one for one, name in zip(missing, names, strict=True) if name not in self._clusters],
            }

    def list_clusters(self, request: Record) -> Record:
        """Return the ARNs of all clusters."""
        with self._context.lock:
            return page(
                "clusterArns", [one["clusterArn"] for one in self._clusters.values()], request, InvalidParameterError
            )


class TaskDefinitions:
    """Families of task definitions; a revision never changes, but can be deregistered."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._families: dict[str, list[Record]] = {}

    def find(self, name: str) -> Record:
        """A revision by ARN, `family:revision` or family, which is its newest active one; raises ClientError."""
        family, _, number = short(name).partition(":")
        revisions = self._families.get(family, [])
        if number:
            found = next((one for one in revisions if str(one["revision"]) == number), None)
        else:
            found = next((one for one in reversed(revisions) if one["status"] == "ACTIVE"), None)
        if found is None:
            raise ClientError("Unable to describe task definition.")
        return found

    def usable(self, name: str) -> Record:
        """A revision that can be started; a deregistered one can't.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html
        """
        try:
            found = self.find(name)
        except ClientError:
            raise ClientError("TaskDefinition not found.") from None
        if found["status"] != "ACTIVE":
            raise ClientError("TaskDefinition is inactive")
        return found

    def register_task_definition(self, request: Record) -> Record:
        """Add a revision to a family."""
        supported.only(request, supported.TASK_DEFINITION, "RegisterTaskDefinition")
        for one in request["containerDefinitions"]:
            supported.only(one, supported.CONTAINER, f"container {one.get('name')}")
            if not one.get("name") or not one.get("image"):
                raise ClientError("Container.name and Container.image should not be null or empty.")
        with self._context.lock:
            revisions = self._families.setdefault(request["family"], [])
            number = len(revisions) + 1
            made = {
                **{name: value for name, value in request.items() if name != "tags"},
                "containerDefinitions": [{**_UNSAID, **one} for one in request["containerDefinitions"]],
                "taskDefinitionArn": self._context.arn(f"task-definition/{request['family']}:{number}"),
                "revision": number,
                "status": "ACTIVE",
                "registeredAt": now(),
                "volumes": [],
                "placementConstraints": [],
                "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}],
                "compatibilities": ["EC2", "FARGATE"],
                "_tags": request.get("tags", []),
            }
            revisions.append(made)
            return {"taskDefinition": _shown(made), "tags": made["_tags"]}

    def describe_task_definition(self, request: Record) -> Record:
        """Return a revision, and its tags where they are included."""
        with self._context.lock:
            found = self.find(request["taskDefinition"])
            tags = {"tags": found["_tags"]} if "TAGS" in request.get("include", ()) else {}
            return {"taskDefinition": _shown(found), **tags}

    def deregister_task_definition(self, request: Record) -> Record:
        """Make a revision INACTIVE: what runs goes on, and nothing new starts with it."""
        if ":" not in short(request["taskDefinition"]):
            raise ClientError("Revision is missing")
        with self._context.lock:
            found = self.find(request["taskDefinition"])
            found |= {"status": "INACTIVE", "deregisteredAt": now()}
            return {"taskDefinition": _shown(found)}

    def list_task_definitions(self, request: Record) -> Record:
        """Return ARNs by family prefix and status, oldest first unless `sort` is DESC."""
        with self._context.lock:
            prefix, status = request.get("familyPrefix", ""), request.get("status", "ACTIVE")
            found = [
                one["taskDefinitionArn"]
                for family, revisions in sorted(self._families.items())
                if not prefix or family == prefix
                for one in revisions
                if one["status"] == status
            ]
            return page(
                "taskDefinitionArns",
                found[::-1] if request.get("sort") == "DESC" else found,
                request,
                InvalidParameterError,
            )


def _shown(revision: Record) -> Record:
    return {name: value for name, value in revision.items() if not name.startswith("_")}


def container(definition: Record, name: str) -> Record:
    """A container of a task definition by its name."""
    for one in definition["containerDefinitions"]:
        if one["name"] == name:
            return dict(one)
    raise InvalidParameterError(f"The container {name} does not exist in the task definition.")
