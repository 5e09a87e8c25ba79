"""The settings in `Pulumi.<stack>.yaml`: read and validated; an error lists all faults by their keys."""

import json
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from components.stack.settings import Settings

NAMESPACE = "kiro-worker"
TAGS = ("Project", "Environment", "ManagedBy")


class SettingsError(pulumi.RunError):
    """The settings are invalid; each line names a key, its value and what is allowed."""


def read(stack: str) -> Settings:
    """The settings of the running stack; raises one SettingsError that lists all faults."""
    settings = parse(_given(), stack)
    tags: dict[str, str] = (pulumi.Config("aws").get_object("defaultTags") or {}).get("tags", {})
    missing = [tag for tag in TAGS if tag not in tags]
    if missing or tags["Environment"] != stack:
        raise SettingsError(
            f"aws:defaultTags = {json.dumps(tags)}: must have the tags {', '.join(TAGS)}; Environment must be {stack}"
        )
    return settings


def parse(given: dict[str, str], stack: str) -> Settings:
    """Settings from Pulumi's texts by key: a text that is JSON is parsed, any other is a string."""
    values = {key: _value(text) for key, text in given.items()}
    try:
        settings = Settings.model_validate_json(json.dumps(values))
    except ValidationError as error:
        lines = [_explain(fault) for fault in error.errors()]
        raise SettingsError(f"the settings of stack {stack} are invalid:\n  " + "\n  ".join(lines)) from None
    if stack == "production" and not settings.retain_stateful:
        raise SettingsError(
            f"the settings of stack {stack} are invalid:\n  {NAMESPACE}:retainStateful = false: "
            "must be true in production, so that tables, bucket, key and secrets are kept when it is destroyed"
        )
    return settings


def _given() -> dict[str, str]:
    """All keys of the namespace, so that unknown ones are found; the SDK's `Config` reads single known keys only."""
    everything = {**get_config_env(), **CONFIG.get()}
    prefix = f"{NAMESPACE}:"
    found = {key.removeprefix(prefix): str(value) for key, value in everything.items() if key.startswith(prefix)}
    secret = [key for key in found if is_config_secret(prefix + key)]
    if secret:
        raise SettingsError(
            f"{prefix}{secret[0]} = [secret]: no setting is a secret; put secret values into Secrets Manager"
        )
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _explain(fault: ErrorDetails) -> str:
    """One fault as a line, such as `kiro-worker:environments[2].approval = false: approval must be true …`."""
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in fault["loc"]).lstrip(".")
    key = f"{NAMESPACE}:{place}" if place else NAMESPACE
    if fault["type"] == "extra_forbidden":
        return f"{key} = {_short(fault['input'])}: unknown; known here: {', '.join(_known_beside(fault['loc']))}"
    if fault["type"] == "missing":
        return f"{key}: missing; {fault['msg'].lower()}"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{key} = {_short(fault['input'])}: {message}"


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _known_beside(place: tuple[int | str, ...]) -> list[str]:
    """The keys that are allowed where an unknown one was found."""
    schema = Settings.model_json_schema()
    group: dict[str, Any] = schema
    for step in place[:-1]:
        group = group["items"] if isinstance(step, int) else group["properties"][step]
        # An optional group is `anyOf` a reference and null; a nested group is a reference into `$defs`.
        group = next((one for one in group.get("anyOf", ()) if "$ref" in one), group)
        group = schema["$defs"][group["$ref"].rpartition("/")[2]] if "$ref" in group else group
    return sorted(group["properties"])
