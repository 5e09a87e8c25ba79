"""Loads a project with its stack's configuration, and runs its program against an engine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime.settings import ROOT

from local.pulumi.errors import ConfigurationError, DeploymentError

if TYPE_CHECKING:
    from pathlib import Path

    from local.pulumi.engine import Engine

# The emulator is one process: more calls at once only queue there.
PARALLEL = 8


@dataclass(frozen=True)
class Project:
    """A Pulumi project with one stack's configuration, as strings, the way the SDK wants it."""

    name: str
    stack: str
    directory: Path
    program: Path
    config: dict[str, str]
    secret_keys: frozenset[str]

    @property
    def region(self) -> str:
        """The region of the stack; raises ConfigurationError when none is configured."""
        region = self.config.get("aws:region")
        if not region:
            raise ConfigurationError(
                f"stack {self.stack} has no region; set aws:region in Pulumi.{self.stack}.yaml or with --config"
            )
        return region

    @property
    def default_tags(self) -> dict[str, str]:
        """The tags every resource gets."""
        tags: dict[str, str] = json.loads(self.config.get("aws:defaultTags", "{}")).get("tags") or {}
        return tags


def load_project(directory: Path, stack: str, config: dict[str, str], secrets: dict[str, str]) -> Project:
    """Read Pulumi.yaml and Pulumi.<stack>.yaml; `config` and `secrets` win over both."""
    directory = directory.resolve()
    project = _yaml(directory / "Pulumi.yaml")
    if project is None:
        raise ConfigurationError(f"{directory} has no Pulumi.yaml; give the project's folder with --directory")
    name = project["name"]
    values: dict[str, Any] = {}
    secret_keys: set[str] = set()
    for key, declared in (project.get("config") or {}).items():
        _declare(_full(key, name), declared, values, secret_keys)
    stack_file = _yaml(directory / f"Pulumi.{stack}.yaml") or {}
    values |= {_full(key, name): value for key, value in (stack_file.get("config") or {}).items()}
    # an encrypted setting stays secret, whoever gives its value
    encrypted = {key for key, value in values.items() if _holds_secure(value)}
    values |= {_full(key, name): value for key, value in (config | secrets).items()}
    for key, value in values.items():
        if _holds_secure(value):
            raise ConfigurationError(
                f"{key} is encrypted for AWS and cannot be read here; give its value with --secret {key}=…"
            )
        if value is _MISSING:
            raise ConfigurationError(f"stack {stack} lacks {key}; set it in Pulumi.{stack}.yaml or with --config")
    secret_keys |= encrypted | {_full(key, name) for key in secrets}
    return Project(
        name=name,
        stack=stack,
        directory=directory,
        program=directory / (project.get("main") or "."),
        config={key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()},
        secret_keys=frozenset(secret_keys),
    )


_MISSING = object()


def _yaml(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        return yaml.safe_load(path.read_text()) or {}
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is not YAML: {error}") from error


def _full(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _declare(key: str, declared: Any, values: dict[str, Any], secret_keys: set[str]) -> None:
    """A project declares a setting with a default or a value, demands it, or just sets it."""
    if not isinstance(declared, dict):
        values[key] = declared
        return
    if declared.get("secret"):
        secret_keys.add(key)
    values[key] = declared.get("value", declared.get("default", _MISSING))


def _holds_secure(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_holds_secure(item) for item in value.values())
    return isinstance(value, list) and any(_holds_secure(item) for item in value)


def run_program(project: Project, engine: Engine) -> None:
    """Run the program to its end; raises DeploymentError for its faults and its resources'."""
    configure(
        Settings(
            project=project.name,
            stack=project.stack,
            monitor=engine,  # an object that answers like the stub is used as it is
            engine=engine,
            parallel=True,
            dry_run=engine.preview,
            organization="organization",
            root_directory=str(project.directory),
        )
    )
    ROOT.set(None)
    set_all_config(project.config, list(project.secret_keys))
    # the SDK leaves the failures of dependents behind; the first failure is the one to read
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    sys.path.insert(0, str(project.program))
    with contextlib.chdir(project.program):
        try:
            _run_to_end(project)
        except DeploymentError:
            raise
        except Exception as error:
            raise DeploymentError(_explain(project, error)) from error
        finally:
            sys.path.remove(str(project.program))


def _run_to_end(project: Project) -> None:
    def program() -> None:
        runpy.run_path(str(project.program / "__main__.py"), run_name="__main__")

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(PARALLEL)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(run_in_stack(program))
    finally:
        # what was started has to end before the state is saved
        executor.shutdown(wait=True, cancel_futures=True)
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()


def _explain(project: Project, error: Exception) -> str:
    """Say what the program raised and on which of its own lines."""
    inside = str(project.program)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(inside)]
    place = f" (at {frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"the program raised {type(error).__name__}: {error}{place}"
