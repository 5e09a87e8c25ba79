"""Code that a new interpreter runs and times, as a cold start of Lambda does.

The time is that of the processor in milliseconds: what else this machine does is not in it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from json import dumps
from pathlib import Path

PROJECT = Path(__file__).parents[1]
_TIMED = """import os
from time import process_time
began = process_time()
{code}
print("\\n", (process_time() - began) * 1000)"""
# Values that the adapters parse when they are connected; others are names, which are used with the first call.
_PARSED = {
    "ALLOWED_NETWORKS": "anywhere",
    "TRIGGERS": dumps({"mainBranch": "main", "environments": ["test"], "protected": ["test"]}),
    "REPOSITORIES": "acme/hello",
    "LOCK_MODE": "superseded",
    "PUSH_GRACE_SECONDS": "0",
    "PUSHED_IMAGES": "[]",
    "PROVENANCE_SINCE": "2026-01-01T00:00:00+00:00",
    "SECURITY_HUB": "off",
    "APPROVERS": "{}",
    "APPROVALS_URL": "https://approvals.example.com/",
    "BOARD": dumps(
        {
            "owner": "acme",
            "number": 1,
            "statusField": "Status",
            "branchField": "Branch",
            "reasonField": "Reason",
            "columns": {"todo": "Todo", "inProgress": "Doing", "inReview": "Review", "failed": "Failed"},
        }
    ),
    "WORKER": dumps(
        {
            "repositories": ["acme/hello"],
            "mainBranch": "main",
            "branchNamespace": "kiro/",
            "concurrency": 2,
            "attempts": 2,
            "coveragePercent": 80,
        }
    ),
}


def init(handler: str) -> str:
    """Code that creates a handler with its adapters, as in Lambda's INIT phase: `handle` and its `clients`."""
    return f"""from collections import defaultdict
from functions.runtime import Clients, build
clients = Clients(defaultdict(lambda: "none", {_PARSED!r}))
handle = build("functions.{handler}", clients)
"""


def cpu_ms(code: str, *options: str, **environment: str) -> float:
    """The milliseconds that a new interpreter needs for some code; its last line of output, after log lines."""
    return float(run(_TIMED.format(code=code), *options, **environment).splitlines()[-1])


def run(code: str, *options: str, **environment: str) -> str:
    """The output of a new interpreter; one that fails is a RuntimeError with what it printed."""
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=PROJECT,
        env={**_clean(os.environ), "AWS_DEFAULT_REGION": "eu-central-1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"a measured interpreter failed:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
    return done.stdout


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what makes an interpreter compile all that it imports, and without credentials."""
    keep = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    keep.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**keep, "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_EC2_METADATA_DISABLED": "true"}
