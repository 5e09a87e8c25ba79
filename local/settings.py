"""The settings that a laptop run changes, with the reasons; all others come unchanged from the stack's file."""

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = "acme/hello-service"
ACCOUNT = "111122223333"
# What the delivered repository ships for the commands that deploy it.
DEPLOY_POLICY = "hello-service-deploy"
ORGANISATION, BOARD = "acme", 1
NAMESPACE = "kiro/"
# Short times for a laptop: watches long enough for an alarm to change, backstops short enough to be used in a run.
_TIMES = {
    "enhancedWatchSeconds": 0,
    "stabiliseSeconds": 3,
    "approvalWaitSeconds": 0,
    "approvalTimeoutSeconds": 6 * 3600,
}
WATCH_SECONDS = 12
# By how much periods of alarms are shorter where a run shortens them; the product knows nothing of it.
ALARM_CLOCK = 30
_BACKSTOPS = {"buildSeconds": 20, "approvalSeconds": 20, "lockSeconds": 10, "watchSeconds": 5, "pushSeconds": 5}


def overrides(
    project: Path,
    stack: str,
    endpoint: str,
    github_api: str,
    github: str,
    watch_seconds: int,
    changes: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """The settings that replace those of `Pulumi.<stack>.yaml`, as texts (JSON for values that are not text).

    `changes` replaces whole settings; its `environments` replace those of the file and the laptop's times.
    """
    changes = dict(changes or {})
    settings = stack_settings(project, stack)
    repositories = changes.pop("repositories", [REPOSITORY])
    given = changes.pop("environments", None)
    public = f"{endpoint}/_aws/lambda-url/{{id}}"
    environments = [
        {
            **environment,
            **_TIMES,
            "watchSeconds": watch_seconds,
            # the emulator's function URLs have host names that do not resolve; this base address works
            "variables": {**environment.get("variables", {}), "PUBLIC_URL": public},
            "functions": [f"hello-{environment['name']}"],
            "deployPolicyArns": [f"arn:aws:iam::{ACCOUNT}:policy/{DEPLOY_POLICY}"],
            **(environment if given else {}),
        }
        for environment in given or settings["environments"]
    ]
    changed = {
        "github": {
            **settings["github"],
            "apiUrl": github_api,
            "url": github,
            "repositories": repositories,
            "organisation": ORGANISATION,
            "projectNumber": BOARD,
        },
        "worker": worker(project),
        "pollMinutes": 1,
        "environments": environments,
        "backstops": _BACKSTOPS,
        **changes,
    }
    return {f"kiro-worker:{key}": json.dumps(value) for key, value in changed.items()}


def other_regions(project: Path, stack: str, changes: Mapping[str, Any], own: str) -> list[str]:
    """The regions of environments besides the stack's `own`."""
    environments = changes.get("environments") or stack_settings(project, stack)["environments"]
    return sorted({environment.get("region", own) for environment in environments} - {own})


def worker(project: Path, concurrency: int = 2) -> dict[str, Any]:
    """The worker's settings: `concurrency` items at a time and two attempts, which shows both in a short run."""
    agent = f"{shlex.quote(sys.executable)} {shlex.quote(str(project / 'local' / 'agent.py'))}"
    return {
        "concurrency": concurrency,
        "attempts": 2,
        "branchNamespace": NAMESPACE,
        "gitCredential": "app",
        "agentCommand": f"{agent} --spec {{spec}} --task {{task}}",
    }


def stack_settings(project: Path, stack: str) -> dict[str, Any]:
    """The `kiro-worker:` settings of a stack file."""
    file = project / f"Pulumi.{stack}.yaml"
    config = yaml.safe_load(file.read_text("utf-8"))["config"]
    prefix = "kiro-worker:"
    return {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
