"""Calls of tags, of services and task definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.ecs.errors import InvalidParameterError

if TYPE_CHECKING:
    from local.ecs.context import Context
    from local.ecs.definitions import TaskDefinitions
    from local.ecs.services import Services

Record = dict[str, Any]


class Tags:
    """Reads and changes the tags that were given to a resource."""

    def __init__(self, context: Context, services: Services, definitions: TaskDefinitions) -> None:
        self._context = context
        self._services = services
        self._definitions = definitions

    def list_tags_for_resource(self, request: Record) -> Record:
        """Return the tags of a resource."""
        with self._context.lock:
            return {"tags": self._tags(request["resourceArn"])}

    def tag_resource(self, request: Record) -> Record:
        """Add or replace tags."""
        with self._context.lock:
            tags = self._tags(request["resourceArn"])
            given = {one["key"] for one in request["tags"]}
            tags[:] = [one for one in tags if one["key"] not in given] + request["tags"]
            return {}

    def untag_resource(self, request: Record) -> Record:
        """Remove tags by their keys."""
        with self._context.lock:
            tags = self._tags(request["resourceArn"])
            tags[:] = [one for one in tags if one["key"] not in request["tagKeys"]]
            return {}

    def _tags(self, arn: str) -> list[Record]:
        kind = arn.split(":", 5)[-1].partition("/")[0]
        if kind == "service":
            found: list[Record] = self._services.find(None, arn).given.setdefault("tags", [])
        elif kind == "task-definition":
            found = self._definitions.find(arn)["_tags"]
        else:
            raise InvalidParameterError(f"tags of a {kind} are not supported by the embedded ECS")
        return found
