"""The names of what a stack has, as the program registers it; a test compares them with the program.

The program itself is not part of the installed command.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import functions
from functions.domain.projects import project_of

_FOLDERS = ("deployment", "events", "rollback", "shared", "stage", "work_item")
# Names that begin so are those of the worker (components/stack/naming.py).
_WORKER = ("worker-", "work-item", "events-poll-board")
# Handlers of `events` that no rule invokes, but a request or a build.
_WITHOUT_RULE = frozenset(
    f"events-{name}" for name in ("approval-page", "git-token", "github-webhook", "outside-alarm", "slack-interaction")
)
# Those that events of the stack's own bus invoke; the others are on the default bus.
_OWN_BUS = frozenset(
    f"events-{name}"
    for name in (
        *("attest", "import-findings", "notify", "publish-checks", "publish-metrics", "publish-status"),
        *("publish-version", "track-incident", "unfrozen", "upload-sarif"),
    )
)
# Of handlers that a schedule invokes, too.
_SECOND_RULES = ("events-plan-pull-requests-built", "events-review-jobs-freed")
_TABLES = ("deployments", "environments", "locks", "waits", "work-items")
_ALARMS = ("deployments-failed", "push-not-started", "rollbacks-started", "secret-denied")
# A setting makes it.
_OPTIONAL = frozenset({"events-console"})
PROJECT_CONFIG = "/kiro-worker/{}/github-project-config"
PARAMETERS = ("/kiro-pipeline/{}/github-owner", "/kiro-pipeline/{}/github-repo", PROJECT_CONFIG)
ROUTES = (
    *("GET /approvals/{id}", "POST /alarms/{environment}", "POST /approvals/{id}", "POST /github", "POST /slack"),
)


def _things() -> list[str]:
    """The functions of every stack, without its prefix: one for each module that declares a handler."""
    root = Path(functions.__file__).parent
    files = (file for folder in _FOLDERS for file in (root / folder).glob("*.py"))
    found = {
        f"{file.parent.name}-{file.stem}".replace("_", "-")
        for file in files
        if "\nHANDLER = " in file.read_text("utf-8")
    }
    return sorted(found - _OPTIONAL)


def _named(stack: str, thing: str) -> str:
    family = "worker" if thing.startswith(_WORKER) else "pipeline"
    return f"kiro-{family}-{stack}-{thing.removeprefix('worker-')}"


def function_names(stack: str) -> list[str]:
    """All functions."""
    return [_named(stack, thing) for thing in _things()]


def rule_names(stack: str, *, own_bus: bool) -> list[str]:
    """The rules of the default bus, or those of the stack's own."""
    invoked = [thing for thing in _things() if thing.startswith("events-") and thing not in _WITHOUT_RULE]
    found = [thing for thing in invoked if (thing in _OWN_BUS) is own_bus]
    return [_named(stack, thing) for thing in (*found, *(_SECOND_RULES if own_bus else ()))]


def alarm_names(stack: str, environments: Iterable[str], repositories: Sequence[str]) -> list[str]:
    """All critical alarms of the platform; warnings are a setting."""
    of_functions = [f"{thing}-errors" for thing in _things()]
    invoked = [thing for thing in _things() if thing.startswith("events-") and thing not in _WITHOUT_RULE]
    names = (
        *_ALARMS,
        *of_functions,
        *(f"{thing}-dead-letters" for thing in invoked),
        *(f"rollback-failed-{name}" for name in environments),
        *(f"{table}-{what}-throttled" for table in _TABLES for what in ("read", "write")),
        *(project_of("build-failures", repository) for repository in repositories),
    )
    return [_named(stack, name) for name in names]
