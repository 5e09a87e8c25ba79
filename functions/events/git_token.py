"""Gives a build of the worker a token with which it can push to its repository (W10); the build itself invokes it.

A token is good for an hour, and the build asks for one each time it needs one. Which repository it is for is read from
CodeBuild and not believed: the build names only itself.
"""

from functions.adapters.github.app import GitApp
from functions.adapters.worker_builds import WorkerBuilds
from functions.adapters.worker_rules import WorkerRules
from functions.domain.errors import BadInputError
from functions.domain.values import Value
from functions.handler import Handler


class Input(Value, frozen=True):
    """The id of the build that asks."""

    build_id: str


class Output(Value, frozen=True):
    """The token. Nothing logs or keeps the answers of this function."""

    token: str


HANDLER = Handler(allow=(*GitApp.READ, *WorkerBuilds.READ), timeout_seconds=30)


def git_token(event: Input, app: GitApp, builds: WorkerBuilds, rules: WorkerRules) -> Output:
    """A token for the repository of a running build of the worker; for any other build a BadInputError."""
    repository = builds.repository(event.build_id)
    if repository not in rules.repositories:
        raise BadInputError(f"{event.build_id[:100]} is no running build of the worker")
    return Output(app.token(repository))
