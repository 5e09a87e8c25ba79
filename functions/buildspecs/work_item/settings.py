"""The settings of a build, from its variables; reading them removes the credential from the environment."""

import os
import re
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field

# The variables that the agent and the tests get, besides those in KIRO_AGENT_VARIABLES.
_HARMLESS = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "USER", "SHELL", "CI", "JAVA_HOME", "NODE_PATH")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
# The last quarter of the build's time is reserved for tests, pushes and artifacts.
_WORKING_SHARE = 0.75


class WorkError(Exception):
    """The work can't continue; the text names the thing and the reason."""


@dataclass(frozen=True)
class Settings:
    """The settings of one build; after `deadline` (seconds of the monotonic clock) no task is started."""

    work_id: str
    repository: str
    branch: str
    spec: str
    git_url: str
    namespace: str
    agent: str
    task_seconds: float
    deadline: float
    coverage_percent: float
    token: str = field(repr=False)
    environment: dict[str, str] = field(repr=False)


def read(environment: MutableMapping[str, str] = os.environ) -> Settings:
    """Read the settings; raises WorkError. Names are validated again, because they become arguments and paths."""
    token = environment.pop("KIRO_GIT_TOKEN", "")
    try:
        branch, namespace = environment["KIRO_BRANCH"], environment["KIRO_NAMESPACE"]
        repository, spec = environment["KIRO_REPOSITORY"], environment["KIRO_SPEC"]
        named = filter(None, environment.get("KIRO_AGENT_VARIABLES", "").split(","))
        settings = Settings(
            environment["KIRO_DEPLOYMENT"],
            repository,
            branch,
            spec,
            environment["KIRO_GIT_URL"].rstrip("/"),
            namespace,
            environment["KIRO_AGENT"],
            float(environment["KIRO_TASK_SECONDS"]),
            time.monotonic() + float(environment["KIRO_BUILD_SECONDS"]) * _WORKING_SHARE,
            float(environment["KIRO_COVERAGE_PERCENT"]),
            token,
            {name: environment[name] for name in (*_HARMLESS, *named) if name in environment},
        )
    except KeyError as error:
        raise WorkError(f"the variable {error} is missing: the workflow or the project sets it") from None
    if not _REPOSITORY.fullmatch(repository) or ".." in repository:
        raise WorkError(f"the repository {repository!r} is refused")
    if not _BRANCH.fullmatch(branch) or ".." in branch or not branch.startswith(namespace):
        raise WorkError(f"the branch {branch!r} is refused: it must lie below {namespace}")
    if spec != f".kiro/specs/{branch}":
        raise WorkError(f"the spec {spec!r} does not belong to the branch {branch}")
    return settings
