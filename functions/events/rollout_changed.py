"""AWS's event about a service deployment ends the wait for a rollout that is no longer under way (R12)."""

from typing import Any

from functions.adapters.environment_names import EnvironmentNames
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.errors import BadInputError
from functions.handler import Handler
from functions.procedures.rollouts import END, end_changed
from functions.targets.registry import Targets

HANDLER = Handler(allow=END, timeout_seconds=50)


def rollout_changed(
    event: dict[str, Any], names: EnvironmentNames, waits: WaitsTable, targets: Targets, tokens: TaskTokens
) -> dict[str, list[str]]:
    """Ask about the rollouts that are awaited where the event comes from; returns the keys of the ended waits.

    The event says that something changed, and never what: its target is asked, as at each backstop.
    """
    account, region = event.get("account"), event.get("region")
    if not isinstance(account, str) or not isinstance(region, str):
        raise BadInputError(
            f"event of a rollout: account is {account!r} and region {region!r}, expected two texts; "
            "correct the event rule"
        )
    return {"ended": end_changed(account, region, names, waits, targets, tokens)}
