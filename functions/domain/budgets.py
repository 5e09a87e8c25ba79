"""How long a step may take (P10), in minutes.

CodeBuild ends a build at its budget, and the stage then goes back; so it does when the services of an environment
together took longer than theirs. A deployment that was at work for longer than its own enters no further environment;
what it waited for windows, people and locks does not count. A rollback is never stopped half-way: one that takes longer
is announced and counted instead, as is a deployment that took longer within its last environment.
"""

from functions.domain.events import DeploymentFinished
from functions.domain.times import seconds_between

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
    seconds = seconds_between(started, ended)
    return "" if seconds is None else _took(seconds / 60, budget)


def overwork(finished: DeploymentFinished) -> str:
    """The same of a whole deployment, without what its stages waited.

    One that was stopped can't say what it waited.
    """
    if finished.outcome in ("aborted", "timed out"):
        return ""
    waited = sum(stage.waited_seconds for stage in finished.stages.values())
    return _took((finished.duration_seconds - waited) / 60, DEPLOYMENT)


def _took(minutes: float, budget: int) -> str:
    return f"took {minutes:.0f} min, {budget} allowed" if minutes > budget else ""
