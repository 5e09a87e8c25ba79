"""What the pages tell to type or to write is accepted: commands with their options, settings, and manifests."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore import xform_name
from botocore.session import get_session
from typer.main import get_command

from cli.__main__ import app
from components.stack.settings import Settings
from components.stack.settings_file import NAMESPACE, parse
from functions.adapters.manifest_file import read_manifest
from tests.tools.reference.test_guides import PAGES, ROOT
from tools.reference import configuration

# These are written by the commands that they would describe, or are about what was decided once.
HOWTOS = [page for page in PAGES if not {"reference", "decisions"} & set(page.parts)]
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(kiro-worker [^`]+)`")
# A redirection, or a comment after two spaces.
_END = re.compile(r"\s+[<>|]\s.*|\s{2,}#.*")
_CALL = re.compile(r"`aws ([a-z0-9]+) ([a-z-]+)[ `]")
# https://docs.aws.amazon.com/cli/latest/reference/: options of all operations, other names of services, and commands
# that the CLI has in addition to the SDK.
_PAGES = {"--max-items", "--page-size", "--starting-token"}
_CLI = {"--query", "--output", "--region", "--profile"}
_SERVICES = {"s3api": "s3"}
_COMMANDS = {("logs", "tail"): {"--since", "--follow", "--format", "--filter-pattern"}}
MIGRATE = ROOT / "docs" / "migrate.md"
# What a manifest needs besides the part of it that a guide shows.
_MANIFEST = {"version", "build", "gates", "infrastructure", "services"}
_WHOLE: dict[str, Any] = {
    "version": 1,
    "name": "shop",
    "build": {"buildspec": "b.yml", "junit": ["j.xml"], "cobertura": "c.xml"},
    "services": {"api": {"kind": "lambda", "function": "f", "artifact": "a.zip"}},
}


def blocks(page: Path, kind: str) -> Iterator[str]:
    """The texts of a page's blocks of a kind."""
    for _, found, body in _BLOCK.findall(page.read_text("utf-8")):
        if found == kind:
            yield body


def documents(page: Path) -> Iterator[dict[str, Any]]:
    """The YAML blocks of a page."""
    for body in blocks(page, "yaml"):
        yield yaml.safe_load(body) or {}


def typed(page: Path, program: str = "kiro-worker") -> Iterator[str]:
    """The commands of the console blocks that run a program."""
    for body in blocks(page, "console"):
        for line in re.sub(r"\\\n\s*", "", body).splitlines():
            if line.strip().startswith(f"$ {program} "):
                yield _END.sub("", line.strip().removeprefix("$ "))


def named(words: list[str]) -> tuple[Any, list[str]]:
    """The command that some words name, and the words after its name; options before it are those of all commands."""
    command, rest = get_command(app), list(words)
    while subcommands := getattr(command, "commands", None):
        while rest and rest[0].startswith("-"):
            option = next((one for one in command.params if rest[0] in one.opts), None)
            assert option or rest[0] == "--install-completion", f"{' '.join(words)}: there is no option {rest[0]}"
            rest = rest[1 if option is None or getattr(option, "is_flag", False) else 2 :]
        if not rest:
            break
        assert rest[0] in subcommands, f"{' '.join(words)}: there is no command {rest[0]}"
        command, rest = subcommands[rest[0]], rest[1:]
    return command, rest


@pytest.mark.parametrize("page", HOWTOS, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_typed_is_accepted(page: Path) -> None:
    """T2: each command of a console block has all arguments and only options that exist."""
    for line in typed(page):
        command, rest = named(shlex.split(line)[1:])
        command.make_context("kiro-worker", rest)


@pytest.mark.parametrize("page", HOWTOS, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_sentences_are_there(page: Path) -> None:
    """T2: they may lack arguments, and their options exist."""
    for line in _INLINE.findall(page.read_text("utf-8")):
        command, rest = named(_END.sub("", line).split()[1:])
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        assert {word for word in rest if word.startswith("--")} <= known, line


@pytest.mark.parametrize("page", HOWTOS, ids=lambda page: str(page.relative_to(ROOT)))
def test_calls_of_the_aws_cli_are_there(page: Path) -> None:
    """T2: the CLI has each operation and each option, by the models of the SDK that it shares."""
    for line in typed(page, "aws"):
        _, service, operation, *rest = shlex.split(line, comments=True)
        named_options = {word for word in rest if word.startswith("--")}
        assert named_options <= options(service, operation) | _CLI, line
    for service, operation in _CALL.findall(page.read_text("utf-8")):
        options(service, operation)


def options(service: str, operation: str) -> set[str]:
    """The options of an operation of AWS; an AssertionError for one that does not exist."""
    if (service, operation) in _COMMANDS:
        return _COMMANDS[service, operation]
    name, session = _SERVICES.get(service, service), get_session()
    model, loader = session.get_service_model(name), session.get_component("data_loader")
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names, f"the AWS CLI has no `{service} {operation}`"
    given = model.operation_model(names[operation]).input_shape
    members = given.members if given else {}
    dashed = {member: xform_name(member, "-") for member in members}
    switches = {f"--no-{dashed[member]}" for member, shape in members.items() if shape.type_name == "boolean"}
    paginated = names[operation] in loader.load_service_model(name, "paginators-1")["pagination"]
    return {f"--{one}" for one in dashed.values()} | switches | (_PAGES if paginated else set())


@pytest.mark.parametrize("page", HOWTOS, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_in_blocks_are_there(page: Path) -> None:
    """T2: every key of a stack file that a page shows, at any depth; some blocks begin within an environment."""
    known = {group.path: {key.path for key in group.keys} for group in configuration.groups()}
    for document in documents(page):
        given = {key.partition(":")[2]: value for key, value in document.items() if key.startswith(f"{NAMESPACE}:")}
        if not given and not (_MANIFEST | {"allowed"}) & set(document):
            given = document if "github" in document else {"environments": [document]}
        assert set(keys(given, "", known)) <= set().union(*known.values())


def keys(value: Any, path: str, known: Mapping[str, set[str]]) -> Iterator[str]:
    """The paths of all keys within a group; what is no group has keys of its own choice."""
    if isinstance(value, list):
        for one in value:
            yield from keys(one, f"{path}[]", known)
    elif isinstance(value, dict) and path in known:
        for name, inner in value.items():
            whole = f"{path}.{name}" if path else name
            yield whole
            yield from keys(inner, whole, known)


@pytest.mark.parametrize("page", HOWTOS, ids=lambda page: str(page.relative_to(ROOT)))
def test_manifests_in_blocks_are_accepted(page: Path) -> None:
    """M2: pieces as a page shows them make a whole manifest."""
    for document in documents(page):
        if _MANIFEST & set(document) and "commands" not in document.get("build", {}):  # which a buildspec has
            whole = {**_WHOLE, **document, "build": {**_WHOLE["build"], **document.get("build", {})}}
            assert read_manifest(yaml.safe_dump(whole).encode()).buildspec


def test_the_settings_of_a_migration_are_accepted_by_the_stack() -> None:
    """A1: the first environment alone, the same with names that Copilot chose, and GitHub's protection of the last."""
    text = MIGRATE.read_text("utf-8").replace("ACCOUNT", "123456789012").replace("OWNER/NAME", "acme/shop")
    found = [yaml.safe_load(body) for _, kind, body in _BLOCK.findall(text) if kind == "yaml"]
    first, copilot, last = (one for one in found if "services" not in one)
    (test,), (taken,), (production,) = (one[f"{NAMESPACE}:environments"] for one in (first, copilot, last))
    github = {"repositories": ["acme/shop"]}
    accepted(github, [test])
    accepted(copilot[f"{NAMESPACE}:github"], [{**test, **taken}])
    settings = accepted(github, [test, production])
    entered = settings.environments[-1]
    assert (settings.protected(), entered.approvals_needed, entered.approval_wait_seconds) == (["production"], 1, 1800)


def accepted(github: Mapping[str, Any], environments: list[Mapping[str, Any]]) -> Settings:
    """The settings of a stack; a SettingsError says what is wrong."""
    return parse({"github": json.dumps(github), "environments": json.dumps(environments)}, "test")


def test_a_migration_names_settings_and_keys_that_are_there() -> None:
    """T2: each word in the tables of correspondences that is spelled as a setting or as a key of a manifest is one."""
    schema = json.loads((ROOT / "docs" / "reference" / "delivery.schema.json").read_text("utf-8"))
    settings = {key.path.rpartition(".")[2] for group in configuration.groups() for key in group.keys}
    rows = "\n".join(line for line in MIGRATE.read_text("utf-8").splitlines() if line.startswith("| "))
    ours = "\n".join(line.split("|")[2] for line in rows.splitlines() if line.count("|") >= 3)
    words = {word for code in re.findall(r"`([a-z]+[A-Za-z.]*)(?:: \w+)?`", ours) for word in code.split(".")}
    assert words - settings - set(_names(schema)) - _OTHER == set()
    assert words >= {"lockMode", "approvers", "approvalWaitSeconds", "soakMinutes", "deployPolicyArns", "afterDeploy"}


# Kinds of parts, a file, a branch of a repository.
_OTHER = {"lambda", "ecs", "delivery", "yml", "images", "json"}


def _names(schema: Any) -> Iterator[str]:
    """The names of all keys in a JSON schema."""
    if isinstance(schema, dict):
        for name, inner in schema.items():
            if name == "properties":
                yield from inner
            yield from _names(inner)
    elif isinstance(schema, list):
        for one in schema:
            yield from _names(one)


@pytest.mark.parametrize("mode", ["superseded", "queued", "parallel"])
def test_the_modes_of_a_pipeline_are_those_of_the_lock(mode: str) -> None:
    """P5: as the guide says, by the same names."""
    row = next(line for line in MIGRATE.read_text("utf-8").splitlines() if "`lockMode`" in line)
    assert mode in row
    github = json.dumps({"repositories": ["acme/shop"]})
    environments = json.dumps([{"name": "test", "protected": False}])
    text = {"github": github, "environments": environments, "lockMode": mode}
    assert parse(text, "test").lock_mode == mode
