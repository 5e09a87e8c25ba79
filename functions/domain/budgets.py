"""Time budgets of steps, in minutes (P10).

- Build: CodeBuild stops a build that exceeds its budget. The stage then rolls back.
- Services of an environment, all together: a stage that exceeds their budget rolls back.
- Deployment: one that exceeds its budget enters no further environment. Waits for windows, people and locks are not
  counted. When it exceeds the budget in its last environment, that is reported and counted as a metric.
- Rollback: it is never stopped. Exceeding the budget is reported and counted as a metric.
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
    """The budget of one part in one environment, in minutes."""
    return INFRASTRUCTURE if name.rpartition("/")[2] == "infrastructure" else APPLICATION


def overrun(started: str, ended: str, budget: int) -> str:
    """`took 17 min, 15 allowed`; empty within the budget, or when a time is unknown.

    `started` and `ended` are ISO 8601, `budget` is in minutes.
    """
    seconds = seconds_between(started, ended)
    return "" if seconds is None else _took(seconds / 60, budget)


def rest(started: str, now: str, budget: int) -> float:
    """The seconds that are left of a budget in minutes; 0 when it is used up, all of it if a time is unknown."""
    return max(0.0, budget * 60 - (seconds_between(started, now) or 0))


def overwork(finished: DeploymentFinished) -> str:
    """The same text for a whole deployment; the waits of its stages are not counted.

    Empty for a deployment that was aborted or timed out: its waits are unknown.
    """
    if finished.outcome in ("aborted", "timed out"):
        return ""
    waited = sum(stage.waited_seconds for stage in finished.stages.values())
    return _took((finished.duration_seconds - waited) / 60, DEPLOYMENT)


def _took(minutes: float, budget: int) -> str:
    return f"took {minutes:.0f} min, {budget} allowed" if minutes > budget else ""
