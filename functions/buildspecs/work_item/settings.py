"""What the build is told, read once; the credential is taken out of the environment as it is read."""

import os
import re
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field

# What a program needs to run at all; everything else stays with us.
_HARMLESS = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "USER", "SHELL", "CI", "JAVA_HOME", "NODE_PATH")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
# A quarter of the build is kept for tests, pushes and artifacts.
_WORKING_SHARE = 0.75


class WorkError(Exception):
    """The work can't go on; the text says what is wrong and with what."""


@dataclass(frozen=True)
class Settings:
    """One build; `deadline` (monotonic seconds) is when no further task is begun."""

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
    """The settings; names from outside are checked again here, for here they become arguments and paths."""
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
