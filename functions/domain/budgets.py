"""How long a step may take (P10), in minutes; CodeBuild ends a build at its budget, and the stage then goes back.

A rollback is never stopped half-way: one that takes longer is told and counted instead.
"""

from datetime import datetime

BUILD = 30
TESTS = 30
INFRASTRUCTURE = 15
APPLICATION = 10
ROLLBACK = 15


def of_part(name: str) -> int:
    """The budget of one part in one environment."""
    return INFRASTRUCTURE if name.rpartition("/")[2] == "infrastructure" else APPLICATION


def overrun(started: str, ended: str, budget: int) -> str:
    """`took 17 min, 15 allowed`; empty within the budget, or where the times are not known."""
    if not started or not ended:
        return ""
    minutes = (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds() / 60
    return f"took {minutes:.0f} min, {budget} allowed" if minutes > budget else ""
