"""`permissions.md`: the permissions of every role, from the declarations that the program uses for its roles."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import pulumi

from components.functions.deploy_access import deploy_grants, may_assume, read_grants
from components.functions.handlers import FoundHandler, discover
from components.functions.permissions import merged
from components.functions.python_function import own_grants
from components.functions.workflow import workflow_grants
from components.platform.build_grants import build_grants, stack_grants
from components.platform.event_rules import rule_of
from components.platform.projects import BUILD, TESTS, deploy_project
from components.platform.worker import worker_grants
from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Grant, Naming
from components.stack.network import network_grants
from components.stack.settings import Vpc
from functions.targets.base import Packages
from statemachines import definitions
from tools.reference.markdown import code, codes, item, paragraph

# Placeholders stand for the values of a stack; short names such as `key` stand for its resources.
PLACEHOLDERS = Naming("{stack}", "{account}", "{region}", "aws")
_ENVIRONMENT = EnvironmentSettings.model_construct(name="{environment}", functions=("{function}",))
_WITH_STATES = _ENVIRONMENT.model_copy(update={"pulumi_bucket": "{pulumiBucket}", "pulumi_key_arn": "{pulumiKeyArn}"})
_NETWORK = Vpc.model_construct(id="{vpc}", subnets=("{subnet}",), security_groups=())
_REPOSITORY = "{owner}/{name}"
_BUCKET, _KEY, _BUS = "bucket/artifacts", "key", "bus"
_GIT, _AGENT = "secret/git", "secret/agent"
_LOGS, _LETTERS = "its log group", "its dead-letter queue"

_INTRODUCTION = """
The permissions of each role of a stack. `make reference` generates this page from the declarations beside the code
(`HANDLER` in each module of `functions/`) and from those in `components/`. A short name such as `table/locks` or `key`
is a resource of the stack (`components/functions/permissions.py` defines its ARNs). Any other name is an ARN with the
placeholders `{stack}`, `{account}` and `{region}`. No action is a wildcard. A resource with a wildcard has a reason;
without one, the program stops.
"""
_EVERY = """
Each function has its own role, which only Lambda may assume. In addition to the permissions in its section, it has
these. Only functions that an event rule invokes have the queue.
"""
_TRUST = """
Each workflow has its own role, which only Step Functions may assume, for this account only. It may invoke the functions
of its own Task states only.
"""
_BUILDS = """
Each repository has its own projects, whose names end in a key: eight digits of the SHA-256 of `owner/name`. Each
project has its own role, which only CodeBuild may assume, for this account only. The role of an environment's
project also has the managed policies of `environments[].deployPolicyArns`, and may assume
`environments[].deployRoleArn` if that is set.
"""
_ENVIRONMENTS = """
Each environment in the stack's own account has a deploy role and a read role, for the functions in
`environments[].functions`. For an environment with `deployRoleArn` and `readRoleArn`, those roles are used; its account
creates them.
"""
_EVERYWHERE = """
The actions that are allowed on `*`, because AWS supports no narrower resource; each with its reason and the roles that
have it.
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """One IAM statement as text; `why` is the reason for the wildcard in its resources, "" without one."""

    actions: tuple[str, ...]
    on: tuple[str, ...]
    why: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """A role by its name without the stack's prefix, with its user and its statements."""

    thing: str
    used_by: str
    statements: tuple[Statement, ...]


def functions() -> list[Role]:
    """The role of every handler."""
    return [
        Role(
            handler.thing,
            f"{module}, {_invocation(handler)}",
            tuple(Statement(allow.actions, (allow.on,), allow.why) for allow in merged(handler.declared.allow)),
        )
        for module, handler in discover().items()
    ]


def _invocation(handler: FoundHandler) -> str:
    synchronous = rule_of(handler) is None
    return "invoked synchronously" if synchronous else "invoked by an event rule, with a dead-letter queue"


def every_function() -> tuple[Statement, ...]:
    """The permissions of every function; the last one only with a dead-letter queue."""
    return _read(lambda: own_grants(_LOGS, _LETTERS))


def workflows() -> list[Role]:
    """The role of every workflow, with the functions that it invokes."""
    handlers, found = discover(), []
    for name in definitions.WORKFLOWS:
        called = dict.fromkeys(handlers[module].thing for module in definitions.tasks(name).values())
        statements = _read(partial(workflow_grants, name, called, _BUS, PLACEHOLDERS))
        found.append(Role(name.replace("_", "-"), f"statemachines/{name}.asl.json", statements))
    return found


def builds() -> list[Role]:
    """The role of every build project, including the worker's; `deploy-{environment}` exists per environment."""
    found = []
    for thing in (BUILD, *TESTS, deploy_project(_ENVIRONMENT.name)):
        make = partial(
            build_grants,
            thing,
            _REPOSITORY,
            name=PLACEHOLDERS.name(f"{thing}-{{key}}"),
            naming=PLACEHOLDERS,
            bucket_arn=_BUCKET,
            key_arn=_KEY,
            logs_arn=_LOGS,
            vpc=None,
        )
        found.append(Role(f"codebuild-{thing}-{{key}}", f"the project {thing}-{{key}}", _read(make)))
    make = partial(
        worker_grants,
        _REPOSITORY,
        naming=PLACEHOLDERS,
        bucket_arn=_BUCKET,
        secret_arns=(_GIT, _AGENT),
        lender_arn="function/git_token",
        key_arn=_KEY,
        logs_arn=_LOGS,
        vpc=None,
    )
    return [*found, Role("worker-codebuild-{key}", "the project worker-build-{key}", _read(make))]


def network() -> tuple[Statement, ...]:
    """The further permissions of every build's role if `codebuild.vpc` is set."""
    return _read(lambda: network_grants(PLACEHOLDERS, _NETWORK))


def stacks() -> list[Role]:
    """The further permissions of an environment's projects and of its read role if it has a `pulumiBucket`."""
    project = PLACEHOLDERS.name(f"{deploy_project(_ENVIRONMENT.name)}-{{key}}")
    applied = _read(lambda: stack_grants(_WITH_STATES, _REPOSITORY, project, PLACEHOLDERS, _BUCKET))
    read, without = (_read(partial(read_grants, one, PLACEHOLDERS)) for one in (_WITH_STATES, _ENVIRONMENT))
    more = tuple(one for one in read if one not in without)
    return [
        Role("codebuild-deploy-{environment}-{key}, with pulumiBucket", "", applied),
        Role("read-{environment}, with pulumiBucket", "", more),
    ]


def environment_roles() -> list[Role]:
    """The deploy role and the read role of an environment in the stack's own account."""
    packages = Packages(f"{_BUCKET}/packages/*", _KEY)
    made: dict[str, Callable[[], Iterable[Grant]]] = {
        "deploy": lambda: deploy_grants(_ENVIRONMENT, PLACEHOLDERS, packages),
        "read": lambda: read_grants(_ENVIRONMENT, PLACEHOLDERS),
    }
    return [
        Role(f"{which}-{{environment}}", f"the functions {', '.join(_holders(f'{which}-roles'))}", _read(make))
        for which, make in made.items()
    ]


def _holders(roles: str) -> list[str]:
    """The functions that may assume the `deploy-roles` or the `read-roles`."""
    return sorted(handler.thing for handler in discover().values() if may_assume(roles, handler.declared))


def everywhere(roles: Iterable[Role]) -> dict[str, dict[str, list[str]]]:
    """The actions that are allowed on `*`: reason → action → the roles that have it."""
    found: dict[str, dict[str, list[str]]] = {}
    for role in roles:
        for statement in role.statements:
            if "*" in statement.on:
                for action in statement.actions:
                    found.setdefault(statement.why, {}).setdefault(action, []).append(role.thing)
    return found


def _read(make: Callable[[], Iterable[Grant]]) -> tuple[Statement, ...]:
    """Grants as text; their resources are Pulumi outputs, which an event loop has to resolve."""

    async def read() -> tuple[Statement, ...]:
        found = []
        for grant in make():
            on = [str(await pulumi.Output.from_input(resource).future()) for resource in grant.resources]
            condition = json.dumps(grant.condition) if grant.condition else ""
            found.append(Statement(grant.actions, tuple(on), grant.why, condition))
        return tuple(found)

    return asyncio.run(read())


def page() -> str:
    """The text of the page."""
    handlers, machines, projects, entering = functions(), workflows(), builds(), environment_roles()
    every = Role("every function", "", every_function())
    networked, (applying, reading) = Role("every build, with codebuild.vpc", "", network()), stacks()
    parts = ["# Permissions", paragraph(_INTRODUCTION), "## Functions", paragraph(_EVERY), _listed(every.statements)]
    for role in handlers:
        parts += _entry(role)
    parts += ["## Workflows", paragraph(_TRUST)]
    for role in machines:
        parts += _entry(role)
    parts += ["## Builds", paragraph(_BUILDS)]
    for role in projects:
        parts += _entry(role)
    for role in (networked, applying):
        parts += [f"### {role.thing}", _listed(role.statements)]
    parts += ["## Roles of environments", paragraph(_ENVIRONMENTS)]
    for role in entering:
        parts += _entry(role)
    parts += [f"### {reading.thing}", _listed(reading.statements)]
    parts += ["## Actions on every resource", paragraph(_EVERYWHERE)]
    parts += _reasons(everywhere([every, *handlers, *machines, *projects, networked, *entering]))
    return "\n\n".join(parts) + "\n"


def _entry(role: Role) -> list[str]:
    heading = [f"### {role.thing}", paragraph(f"Used by {role.used_by}.")]
    nothing = "Only the permissions of every function."
    return [*heading, _listed(role.statements) if role.statements else nothing]


def _listed(statements: Iterable[Statement]) -> str:
    return "\n".join(item(_sentence(one)) for one in statements)


def _sentence(one: Statement) -> str:
    why = f": {one.why}" if one.why else ""
    condition = f"; condition {code(one.condition)}" if one.condition else ""
    return f"{codes(one.actions)} on {codes(one.on)}{why}{condition}"


def _reasons(found: Mapping[str, Mapping[str, list[str]]]) -> list[str]:
    blocks = []
    for why, actions in sorted(found.items()):
        lines = [item(f"{code(action)}: {', '.join(roles)}") for action, roles in sorted(actions.items())]
        blocks += [f"**{why}**", "\n".join(lines)]
    return blocks
