"""How long a step may take (P10), in minutes.

CodeBuild ends a build at its budget, and the stage then goes back; so it does when the services of an environment
together took longer than theirs. A deployment that was at work for longer than its own enters no further environment;
what it waited for windows, people and locks does not count. A rollback is never stopped half-way: one that takes longer
is told and counted instead, as is a deployment that took longer within its last environment.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

DEPLOYMENT = 60
BUILD = 30
TESTS = 30
INFRASTRUCTURE = 15
APPLICATION = 10
ROLLBACK = 15
# How long a build may wait until the account has a place for it; before that nothing has begun.
QUEUE = 60


def of_part(name: str) -> int:
    """The budget of one part in one environment."""
    return INFRASTRUCTURE if name.rpartition("/")[2] == "infrastructure" else APPLICATION


def overrun(started: str, ended: str, budget: int) -> str:
    """`took 17 min, 15 allowed`; empty within the budget, or where the times are not known."""
    if not started or not ended:
        return ""
    return _took((datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds() / 60, budget)


def overwork(finished: Mapping[str, Any]) -> str:
    """The same of a whole deployment, as `DeploymentFinished` tells it, without what its stages waited.

    One that was stopped can't say what it waited.
    """
    if finished["outcome"] in ("aborted", "timed out"):
        return ""
    stages = (finished.get("stages") or {}).values()
    waited = sum(float(stage.get("waitedSeconds", 0)) for stage in stages)
    return _took((float(finished.get("durationSeconds", 0)) - waited) / 60, DEPLOYMENT)


def _took(minutes: float, budget: int) -> str:
    return f"took {minutes:.0f} min, {budget} allowed" if minutes > budget else ""
