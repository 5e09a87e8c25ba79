"""The projects of the account and their API calls."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from local.codebuild.buildspec import is_inline
from local.codebuild.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from local.paging import page

Record = dict[str, Any]
DEFAULT_TIMEOUT_MINUTES = 60
DEFAULT_QUEUED_TIMEOUT_MINUTES = 480
SORT_KEYS = {"NAME": "name", "CREATED_TIME": "created", "LAST_MODIFIED_TIME": "lastModified"}


class Projects:
    """Keeps projects; safe to use from any thread."""

    def __init__(self, region: str, account: str) -> None:
        self._arn_prefix = f"arn:aws:codebuild:{region}:{account}:project/"
        self._key = f"arn:aws:kms:{region}:{account}:alias/aws/s3"
        self._projects: dict[str, Record] = {}
        self._build_numbers: dict[str, int] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Record:
        """Return a project by its name; raises NotFoundError for an unknown one."""
        with self._lock:
            return self._existing(name)

    def next_build_number(self, name: str) -> int:
        """Return the number of a project's next build; numbers start at 1."""
        with self._lock:
            self._build_numbers[name] = self._build_numbers.get(name, 0) + 1
            return self._build_numbers[name]

    def create_project(self, request: Record) -> Record:
        """Answer CreateProject."""
        arn, now = self._arn_prefix + request["name"], datetime.now(UTC)
        check_source(request["source"])
        for name, option in (("sourceIdentifier", "secondarySources"), ("artifactIdentifier", "secondaryArtifacts")):
            for entry in request.get(option, []):
                if not entry.get(name):
                    raise InvalidInputError(f"Invalid {option}: {name} is required")
        project = {
            "secondarySources": [],
            "secondaryArtifacts": [],
            "secondarySourceVersions": [],
            "cache": {"type": "NO_CACHE"},
            "timeoutInMinutes": DEFAULT_TIMEOUT_MINUTES,
            "queuedTimeoutInMinutes": DEFAULT_QUEUED_TIMEOUT_MINUTES,
            "encryptionKey": self._key,
            "tags": [],
            "projectVisibility": "PRIVATE",
            **{name: value for name, value in request.items() if name != "badgeEnabled"},
            "badge": {"badgeEnabled": bool(request.get("badgeEnabled"))},
            "arn": arn,
            "created": now,
            "lastModified": now,
        }
        with self._lock:
            if request["name"] in self._projects:
                raise AlreadyExistsError(f"Project already exists: {arn}")
            self._projects[request["name"]] = project
        return {"project": project}

    def update_project(self, request: Record) -> Record:
        """Answer UpdateProject; members that the request leaves out stay unchanged."""
        if "source" in request:
            check_source(request["source"])
        with self._lock:
            project = self._existing(request["name"]) | request | {"lastModified": datetime.now(UTC)}
            if "badgeEnabled" in project:
                project["badge"] = {"badgeEnabled": bool(project.pop("badgeEnabled"))}
            self._projects[project["name"]] = project
        return {"project": project}

    def delete_project(self, request: Record) -> Record:
        """Answer DeleteProject, which also succeeds when the project does not exist."""
        with self._lock:
            self._projects.pop(self._plain(request["name"]), None)
        return {}

    def batch_get_projects(self, request: Record) -> Record:
        """Answer BatchGetProjects; a project may be named by its ARN."""
        with self._lock:
            found = {name: self._projects.get(self._plain(name)) for name in request["names"]}
        return {
            "projects": [project for project in found.values() if project],
            "projectsNotFound": [name for name, project in found.items() if not project],
        }

    def list_projects(self, request: Record) -> Record:
        """Answer ListProjects."""
        by = SORT_KEYS[request.get("sortBy", "NAME")]
        with self._lock:
            ordered = sorted(self._projects.values(), key=lambda project: project[by])
        names = [project["name"] for project in ordered]
        return page(
            "projects", names[::-1] if request.get("sortOrder") == "DESCENDING" else names, request, InvalidInputError
        )

    def _existing(self, name: str) -> Record:
        project = self._projects.get(self._plain(name))
        if project is None:
            raise NotFoundError(f"Project cannot be found: {self._arn_prefix}{self._plain(name)}")
        return project

    def _plain(self, name: str) -> str:
        return name.removeprefix(self._arn_prefix)


def check_source(source: Record) -> None:
    """Raise InvalidInputError for a source that no build could use."""
    if source["type"] == "NO_SOURCE":
        if not is_inline(source.get("buildspec", "")):
            raise InvalidInputError("Invalid project source: a NO_SOURCE project needs an inline buildspec")
    elif not source.get("location"):
        raise InvalidInputError(f"Invalid project source: location is required for source type {source['type']}")
