"""The settings of a build, from its variables; reading them removes the credential from the environment."""

import os
import re
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import cast

from . import aws
from .agents.base import Agent, AgentName
from .agents.registry import agent_of
from .errors import WorkError

# The variables that the agent and the tests get, besides those in KIRO_AGENT_VARIABLES and the agent's own.
_HARMLESS = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "USER", "SHELL", "CI", "JAVA_HOME", "NODE_PATH")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
# The last quarter of the build's time is reserved for tests, pushes and artifacts.
_WORKING_SHARE = 0.75


@dataclass(frozen=True)
class Settings:
    """The settings of one build; after `deadline` (seconds of the monotonic clock) no task is started.

    `agent_secret` is the ARN of the secret that holds the agent's key; "" for an agent without one. `credential`
    returns the token for git: each time the same, or each time a new one that is good for an hour.
    """

    work_id: str
    repository: str
    branch: str
    spec: str
    git_url: str
    namespace: str
    agent: Agent
    agent_version: str
    agent_secret: str
    budget_usd: float
    task_seconds: float
    deadline: float
    coverage_percent: float
    credential: Callable[[], str] = field(repr=False)
    environment: dict[str, str] = field(repr=False)


def _credential(environment: Mapping[str, str], token: str) -> Callable[[], str]:
    function, build = environment.get("KIRO_TOKEN_FUNCTION", ""), environment.get("CODEBUILD_BUILD_ID", "")
    if not function:
        return lambda: token
    # Not bound to the environment of this moment: the credentials of the role are renewed while the build runs.
    return lambda: str(aws.invoke(function, {"buildId": build})["token"])


def read(environment: MutableMapping[str, str] = os.environ) -> Settings:
    """Read the settings; raises WorkError. Names are validated again, because they become arguments and paths."""
    token = environment.pop("KIRO_GIT_TOKEN", "")
    try:
        branch, namespace = environment["KIRO_BRANCH"], environment["KIRO_NAMESPACE"]
        repository, spec = environment["KIRO_REPOSITORY"], environment["KIRO_SPEC"]
        agent = agent_of(
            cast("AgentName", environment.get("KIRO_AGENT_PRESET", "command")),
            environment["KIRO_AGENT"],
            environment.get("KIRO_AGENT_KEY_VARIABLE", ""),
        )
        named = filter(None, environment.get("KIRO_AGENT_VARIABLES", "").split(","))
        settings = Settings(
            environment["KIRO_DEPLOYMENT"],
            repository,
            branch,
            spec,
            environment["KIRO_GIT_URL"].rstrip("/"),
            namespace,
            agent,
            environment.get("KIRO_AGENT_VERSION") or agent.version,
            environment.get("KIRO_AGENT_SECRET", ""),
            float(environment.get("KIRO_AGENT_BUDGET_USD") or 0),
            float(environment["KIRO_TASK_SECONDS"]),
            time.monotonic() + float(environment["KIRO_BUILD_SECONDS"]) * _WORKING_SHARE,
            float(environment["KIRO_COVERAGE_PERCENT"]),
            _credential(environment, token),
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
