"""`permissions.md`: what every role may do, from the declarations that the program makes its roles of."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import pulumi

from components.functions.deploy_access import deploy_grants, may_deploy
from components.functions.handlers import FoundHandler, discover
from components.functions.permissions import merged
from components.functions.python_function import own_grants
from components.functions.workflow import workflow_grants
from components.platform.builds import BUILD, TESTS, build_grants, deploy_project
from components.platform.event_rules import rule_arn
from components.platform.worker import worker_grants
from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Grant, Naming
from components.stack.network import network_grants
from components.stack.settings import Vpc
from statemachines import definitions
from tools.reference.markdown import code, codes, item, paragraph

# Names stand where each stack has its own: `{stack}` and the like, and a resource of the stack by its short name.
SITE = Naming("{stack}", "{account}", "{region}", "aws")
_ENVIRONMENT = EnvironmentSettings.model_construct(name="{environment}", functions=("{function}",))
_NETWORK = Vpc.model_construct(id="{vpc}", subnets=("{subnet}",), security_groups=())
_BUCKET, _GIT, _KEY, _BUS = "bucket/artifacts", "secret/git", "key", "bus"
_LOGS, _LETTERS = "its log group", "its dead-letter queue"

_INTRODUCTION = """
What each role of a stack may do, written by `make reference` from the declarations beside the code (`HANDLER` in each
module of `functions/`) and from those in `components/`. A short name such as `table/locks` or `key` is a resource of
the stack (`components/functions/permissions.py` holds its ARNs); all else is the ARN itself, with `{stack}`,
`{account}` and `{region}` in it. No action is ever a wildcard; a resource that holds one has its reason beside it, or
the program refuses to run.
"""
_EVERY = """
Each function has a role of its own, which only Lambda may take. Beside what is listed for it, it may do the following;
the queue is there for functions that an event rule wakes.
"""
_TRUST = """
Each workflow has a role of its own, which only Step Functions may take, for this account only. It may call the
functions of its own tasks and no others.
"""
_BUILDS = """
Each project has a role of its own, which only CodeBuild may take, for this account only. The managed policies of
`environments[].deployPolicyArns` are attached to the role of that environment's project beside.
"""
_DEPLOYING = """
One for each environment of the stack's own account, for the functions that `environments[].functions` names. An
environment with `deployRoleArn` is entered through that role instead, which its own account makes.
"""
_EVERYWHERE = """
What is allowed on `*`, because AWS knows no narrower resource for it, or needs it so; each with its reason and the
roles that have it.
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """One IAM statement in words; `why` is the reason for the wildcard in its resources, empty without one."""

    actions: tuple[str, ...]
    on: tuple[str, ...]
    why: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """A role by its name in AWS without the stack's, what uses it, and its statements."""

    thing: str
    used_by: str
    statements: tuple[Statement, ...]


def functions() -> list[Role]:
    """Every handler with what it declares."""
    return [
        Role(
            handler.thing,
            f"{module}, {_waited_for(handler)}",
            tuple(Statement(allow.actions, (allow.on,), allow.why) for allow in merged(handler.declared.allow)),
        )
        for module, handler in discover().items()
    ]


def _waited_for(handler: FoundHandler) -> str:
    return "called and waited for" if rule_arn(handler, SITE) is None else "woken by a rule, with a dead-letter queue"


def every_function() -> tuple[Statement, ...]:
    """What every function gets, whatever its handler does; the last one only with a dead-letter queue."""
    return _read(lambda: own_grants(_LOGS, _LETTERS))


def workflows() -> list[Role]:
    """Every workflow with the functions that it calls."""
    handlers, found = discover(), []
    for name in definitions.WORKFLOWS:
        called = dict.fromkeys(handlers[module].thing for module in definitions.tasks(name).values())
        statements = _read(partial(workflow_grants, name, called, _BUS, SITE))
        found.append(Role(name.replace("_", "-"), f"statemachines/{name}.asl.json", statements))
    return found


def builds() -> list[Role]:
    """Every build project, the worker's too; `deploy-{environment}` is there once for each environment."""
    found = []
    for thing in (BUILD, *TESTS, deploy_project(_ENVIRONMENT.name)):
        make = partial(build_grants, thing, naming=SITE, bucket_arn=_BUCKET, key_arn=_KEY, logs_arn=_LOGS, vpc=None)
        found.append(Role(f"codebuild-{thing}", f"the project {thing}", _read(make)))
    make = partial(
        worker_grants, naming=SITE, bucket_arn=_BUCKET, secret_arn=_GIT, key_arn=_KEY, logs_arn=_LOGS, vpc=None
    )
    return [*found, Role("worker-codebuild", "the project worker-build", _read(make))]


def network() -> tuple[Statement, ...]:
    """What every build's role gets beside, where `codebuild.vpc` names a network."""
    return _read(lambda: network_grants(SITE, _NETWORK))


def deployer() -> Role:
    """The role that changes an environment of the stack's own account."""
    takers = sorted(handler.thing for handler in discover().values() if may_deploy(handler.declared))
    statements = _read(lambda: deploy_grants(_ENVIRONMENT, SITE))
    return Role("deploy-{environment}", f"the functions {', '.join(takers)}", statements)


def everywhere(roles: Iterable[Role]) -> dict[str, dict[str, list[str]]]:
    """Actions that are allowed on every resource: reason → action → the roles that have it."""
    found: dict[str, dict[str, list[str]]] = {}
    for role in roles:
        for statement in role.statements:
            if "*" in statement.on:
                for action in statement.actions:
                    found.setdefault(statement.why, {}).setdefault(action, []).append(role.thing)
    return found


def _read(make: Callable[[], Iterable[Grant]]) -> tuple[Statement, ...]:
    """Grants in words; their resources are outputs, which need a loop to be made and read in."""

    async def read() -> tuple[Statement, ...]:
        found = []
        for grant in make():
            on = [str(await pulumi.Output.from_input(resource).future()) for resource in grant.resources]
            condition = json.dumps(grant.condition) if grant.condition else ""
            found.append(Statement(grant.actions, tuple(on), grant.why, condition))
        return tuple(found)

    return asyncio.run(read())


def page() -> str:
    """The whole page."""
    handlers, machines, projects, deploying = functions(), workflows(), builds(), deployer()
    every = Role("every function", "", every_function())
    networked = Role("every build, with codebuild.vpc", "", network())
    parts = ["# Permissions", paragraph(_INTRODUCTION), "## Functions", paragraph(_EVERY), _listed(every.statements)]
    for role in handlers:
        parts += _told(role)
    parts += ["## Workflows", paragraph(_TRUST)]
    for role in machines:
        parts += _told(role)
    parts += ["## Builds", paragraph(_BUILDS)]
    for role in projects:
        parts += _told(role)
    parts += [f"### {networked.thing}", _listed(networked.statements)]
    parts += ["## Deploy roles", paragraph(_DEPLOYING), *_told(deploying)]
    parts += ["## Actions on every resource", paragraph(_EVERYWHERE)]
    parts += _reasons(everywhere([every, *handlers, *machines, *projects, networked, deploying]))
    return "\n\n".join(parts) + "\n"


def _told(role: Role) -> list[str]:
    heading = [f"### {role.thing}", paragraph(f"Used by {role.used_by}.")]
    nothing = "Nothing but what every function gets."
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
