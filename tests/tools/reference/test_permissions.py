"""The page of permissions: every role, from its declaration."""

import json

import pytest

from components.functions.handlers import discover
from functions.handler import Allow, Handler
from tests.components.recorder import PROJECT_KEY, Outcome, Recorder
from tools.reference import permissions


def actions_of(recorder: Recorder, thing: str) -> list[tuple[str, ...]]:
    """The actions of a role of the program, by statement."""
    policy = json.loads(recorder.one("iam/rolePolicy:RolePolicy", thing).inputs["policy"])
    return sorted(tuple(statement["Action"]) for statement in policy["Statement"])


def told(role: permissions.Role) -> list[tuple[str, ...]]:
    """The actions of a role on the page that it has in this stack: those of what is switched off are told all the same.

    Security Hub and images are off, and builds push with a token.
    """
    off = (
        ("security-hub",),
        ("images",),
        ("function/git_token",),
        *([("secret/git",)] if "git-token" in role.thing else []),
    )
    return [one.actions for one in role.statements if one.on not in off]


def test_every_handler_appears(outcome: Outcome) -> None:
    """With the actions of its role in the program, without those of every function."""
    roles = {role.thing: role for role in permissions.functions()}
    assert set(roles) == {handler.thing for handler in discover().values()}
    every = [one.actions for one in permissions.every_function()]
    for thing, role in roles.items():
        had = actions_of(outcome.recorder, thing)
        own = every if ("sqs:SendMessage",) in had else every[:-1]
        assert sorted([*told(role), *own]) == had, thing


def test_workflows_and_builds_are_those_of_the_program(outcome: Outcome) -> None:
    """By statement; `deploy-{environment}` stands for each environment, `{key}` for each repository."""
    for role in (*permissions.workflows(), *permissions.builds(), *permissions.environment_roles()):
        thing = role.thing.replace("{environment}", "staging").replace("{key}", PROJECT_KEY)
        assert sorted(told(role)) == actions_of(outcome.recorder, thing), thing


def test_every_role_of_the_program_appears(outcome: Outcome) -> None:
    """The page leaves out none."""
    page = permissions.page()
    for role in outcome.recorder.of("iam/role:Role"):
        thing = role.name.replace(PROJECT_KEY, "{key}")
        names = {thing, *(thing.replace(one, "{environment}") for one in outcome.outputs["environments"])}
        assert any(f"### {name}\n" in page for name in names), role.name


def test_an_added_permission_appears(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason for its wildcard, also among the actions on every resource."""
    handler = next(iter(discover().values()))
    added = Allow(("sqs:ListQueues",), on="*", why="queues are not known before")
    changed = type(handler)(handler.module, handler.thing, Handler(allow=(added,)), ())
    monkeypatch.setattr(permissions, "discover", lambda: {**discover(), handler.module: changed})
    page = permissions.page()
    assert "- `sqs:ListQueues` on `*`: queues are not known before" in page
    assert f"**queues are not known before**\n\n- `sqs:ListQueues`: {handler.thing}" in page


def test_actions_on_everything_have_reasons() -> None:
    """Tracing has no narrower resource, and the roles with it are listed."""
    every = permissions.Role("every function", "", permissions.every_function())
    found = permissions.everywhere([every, *permissions.functions(), *permissions.workflows()])
    assert all(len(why) > 20 for why in found)
    writers = found["X-Ray has no resource-level permission for writing traces"]
    assert writers["xray:PutTraceSegments"] == ["every function"]
