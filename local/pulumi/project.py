"""A Pulumi project with one stack's configuration, read from its files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from local.pulumi.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Project:
    """A Pulumi project with one stack's configuration, as strings, as the SDK takes it."""

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
        """The tags of every resource."""
        tags: dict[str, str] = json.loads(self.config.get("aws:defaultTags", "{}")).get("tags") or {}
        return tags


def load_project(directory: Path, stack: str, config: dict[str, str], secrets: dict[str, str]) -> Project:
    """Read Pulumi.yaml and Pulumi.<stack>.yaml; `config` and `secrets` take precedence over both."""
    directory = directory.resolve()
    project = _declared(directory)
    name = project["name"]
    values: dict[str, Any] = {}
    secret_keys: set[str] = set()
    for key, declared in (project.get("config") or {}).items():
        _declare(_full(key, name), declared, values, secret_keys)
    stack_file = _yaml(directory / f"Pulumi.{stack}.yaml") or {}
    values |= {_full(key, name): value for key, value in (stack_file.get("config") or {}).items()}
    # an encrypted setting stays secret, wherever its value comes from
    encrypted = {key for key, value in values.items() if _holds_secure(value)}
    values |= {_full(key, name): value for key, value in (config | secrets).items()}
    for key, value in values.items():
        if _holds_secure(value):
            raise ConfigurationError(
                f"{key} is encrypted for AWS and can't be read here; pass its value with --secret {key}=…"
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


def project_name(directory: Path) -> str:
    """The name in Pulumi.yaml; settings that a stack lacks are no fault before they are needed."""
    return str(_declared(directory.resolve())["name"])


def _declared(directory: Path) -> dict[str, Any]:
    project = _yaml(directory / "Pulumi.yaml")
    if project is None:
        raise ConfigurationError(f"{directory} has no Pulumi.yaml; give the project's folder with --directory")
    return project


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
    """Apply a project's declaration of a setting: a default or a value, or neither, which makes it required."""
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
