"""Reads a buildspec, version 0.2, into values (AWS: "Build specification reference for CodeBuild")."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import yaml

from local.codebuild.buildspec_keys import unread
from local.codebuild.errors import PhaseFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

PHASES = ("install", "pre_build", "build", "post_build")
OnFailure = Literal["ABORT", "CONTINUE"]


@dataclass(frozen=True)
class Phase:
    """The commands of one phase; `on_failure` None means CodeBuild's usual transitions."""

    commands: tuple[str, ...] = ()
    finally_commands: tuple[str, ...] = ()
    on_failure: OnFailure | None = None


@dataclass(frozen=True)
class FileSet:
    """Patterns of files below a base directory, and patterns of files to leave out."""

    files: tuple[str, ...]
    base_directory: str = ""
    exclude_paths: tuple[str, ...] = ()
    discard_paths: bool = False
    name: str = ""


@dataclass(frozen=True)
class ReportFiles:
    """Report files of one format, for the report group with this name or ARN."""

    group: str
    files: FileSet
    file_format: str = "JUNITXML"


@dataclass(frozen=True)
class Buildspec:
    """The commands, variables and outputs of a buildspec; `warnings` name keys that are ignored."""

    shell: str = "sh"
    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    exported: tuple[str, ...] = ()
    phases: Mapping[str, Phase] = field(default_factory=dict)
    artifacts: FileSet | None = None
    secondary_artifacts: Mapping[str, FileSet] = field(default_factory=dict)
    reports: tuple[ReportFiles, ...] = ()
    cache_paths: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class _Texts(yaml.SafeLoader):
    """YAML in which every plain scalar stays the text that is written: `3.10`, `0755`, `12:30:00`, `yes`.

    CodeBuild reads values as texts; YAML 1.1 would convert them. Merges (`<<`) still work.
    """


_Texts.yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile(r"^<<$"))]}


def is_inline(buildspec: str) -> bool:
    """Whether a project's `buildspec` is a buildspec (it spans lines or is a mapping), and not the path of one."""
    text = buildspec.strip()
    return "\n" in text or text.startswith(("{", "version:"))


def parse(text: str) -> Buildspec:
    """Return the buildspec; raises PhaseFailedError YAML_FILE_ERROR with the mistake and its place."""
    try:
        document = yaml.load(text, Loader=_Texts)  # noqa: S506  # nosec B506 - a SafeLoader
    except (yaml.YAMLError, ValueError) as error:
        raise _wrong(str(error)) from error
    if not isinstance(document, dict):
        raise _wrong("a buildspec is a mapping")
    if document.get("version") != "0.2":
        raise _wrong(f"version {document.get('version')!r} is not supported here; use version: 0.2")
    environment = _mapping(document, "env")
    shell = str(environment.get("shell", "sh"))
    if shell not in {"bash", "sh", "/bin/sh"}:
        raise _wrong(f"env.shell {shell!r} is not supported here; use bash or sh")
    artifacts = _mapping(document, "artifacts")
    secondary = _mapping(artifacts, "secondary-artifacts")
    return Buildspec(
        shell="bash" if shell == "bash" else "sh",  # nosec B604 - a field of the buildspec, not a call of a shell
        variables=_strings(environment, "variables"),
        parameters=_strings(environment, "parameter-store"),
        secrets=_strings(environment, "secrets-manager"),
        exported=_list(environment, "exported-variables"),
        phases=_phases(document),
        artifacts=_file_set(artifacts, "artifacts") if artifacts.get("files") else None,
        secondary_artifacts={
            name: _file_set(_mapping(secondary, name), f"secondary-artifacts.{name}") for name in secondary
        },
        reports=_reports(document),
        cache_paths=_list(_mapping(document, "cache"), "paths"),
        warnings=tuple(unread(document)),
    )


def _phases(document: Mapping[str, Any]) -> dict[str, Phase]:
    written = _mapping(document, "phases")
    unknown = set(written) - set(PHASES)
    if unknown or not written:
        raise _wrong(f"phases must be some of {', '.join(PHASES)}; found {', '.join(unknown) or 'none'}")
    return {name: _phase(name, _mapping(written, name)) for name in written}


def _phase(name: str, written: Mapping[str, Any]) -> Phase:
    if "commands" not in written and not {"finally", "runtime-versions"} & set(written) and written:
        # the reference: "Required sequence if build is specified"
        raise _wrong(f"phases.{name} has no commands, only {', '.join(sorted(written))}; write commands:")
    on_failure = written.get("on-failure") or None
    if on_failure not in {None, "ABORT", "CONTINUE"}:
        raise _wrong(f"phases.{name}.on-failure {on_failure!r} is not supported here; use ABORT or CONTINUE")
    return Phase(_list(written, "commands"), _list(written, "finally"), on_failure)


def _reports(document: Mapping[str, Any]) -> tuple[ReportFiles, ...]:
    written = _mapping(document, "reports")
    return tuple(
        ReportFiles(
            group=name,
            files=_file_set(_mapping(written, name), f"reports.{name}"),
            file_format=str(_mapping(written, name).get("file-format", "JUNITXML")).upper(),
        )
        for name in written
    )


def _file_set(written: Mapping[str, Any], where: str) -> FileSet:
    files = _list(written, "files")
    if not files:
        raise _wrong(f"{where}.files names no file")
    return FileSet(
        files=files,
        base_directory=str(written.get("base-directory") or ""),
        exclude_paths=_list(written, "exclude-paths"),
        discard_paths=str(written.get("discard-paths")).lower() in {"yes", "true"},
        name=str(written.get("name") or ""),
    )


def _mapping(container: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = container.get(key) or {}
    if not isinstance(value, dict):
        raise _wrong(f"{key} must be a mapping, not {type(value).__name__}")
    return {str(name): inner for name, inner in value.items()}


def _strings(container: Mapping[str, Any], key: str) -> dict[str, str]:
    return {name: _text(value, f"{key}.{name}") for name, value in _mapping(container, key).items()}


def _list(container: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = container.get(key) or []
    if not isinstance(value, list):
        raise _wrong(f"{key} must be a list, not {type(value).__name__}")
    return tuple(_text(item, f"{key}[{number}]") for number, item in enumerate(value))


def _text(value: object, where: str) -> str:
    if isinstance(value, dict | list):
        raise _wrong(f"Expected {where} to be of string type: found subkeys instead; quote it")
    return str(value)


def _wrong(message: str) -> PhaseFailedError:
    return PhaseFailedError("YAML_FILE_ERROR", message)
