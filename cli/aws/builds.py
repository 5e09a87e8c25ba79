"""The builds that a deployment or attempt has started."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from functions.adapters.clock import iso
from functions.runtime import Clients

# What BatchGetBuilds takes in one call.
_BATCH = 100


class Builds:
    """The builds of the projects whose names begin with `prefix`."""

    def __init__(self, aws: Clients, prefix: str) -> None:
        self._builds = aws.client("codebuild")
        self._prefix = prefix

    def since(self, time: str) -> Iterator[Any]:
        """Those of all projects that began after a time (ISO 8601)."""
        pages = self._builds.get_paginator("list_projects").paginate()
        ours = (one for page in pages for one in page["projects"] if one.startswith(self._prefix))
        return (build for project in ours for build in self.of_project(project, time))

    def of_project(self, project: str, since: str) -> Iterator[Any]:
        """The builds of a project, from the newest back to the time."""
        pages = self._builds.get_paginator("list_builds_for_project").paginate(
            projectName=project, sortOrder="DESCENDING"
        )
        ids = (build_id for page in pages for build_id in page["ids"])
        while batch := list(islice(ids, _BATCH)):
            builds = self._builds.batch_get_builds(ids=batch)["builds"]
            newer = [one for one in builds if iso(one["startTime"]) >= since]
            yield from newer
            if len(newer) < len(builds):
                return


def started_by(build: Any) -> str:
    """The deployment or attempt that has started a build; "" for any other build."""
    variables = {one["name"]: one["value"] for one in build["environment"]["environmentVariables"]}
    return str(variables.get("KIRO_DEPLOYMENT", ""))
