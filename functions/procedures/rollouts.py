"""Rollouts that AWS performs by itself: an execution waits until they are done, paused or failed (R12)."""

from functions.adapters.environment_names import EnvironmentNames
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.environments import Environment
from functions.domain.manifests import Part
from functions.domain.rollouts import Rollout
from functions.domain.values import Value
from functions.domain.waits import RolloutKey, Wait
from functions.handler import Allow, decode
from functions.targets.registry import Targets

END: tuple[Allow, ...] = (*WaitsTable.FIND, *WaitsTable.END, *TaskTokens.COMPLETE, *Targets.READ)


class RolloutFacts(Value, frozen=True):
    """The facts of a wait: the rollout to ask about, of a part in an environment."""

    environment: Environment
    part: Part
    rollout: Rollout


def progress(facts: RolloutFacts, targets: Targets) -> Rollout:
    """How far the rollout is now."""
    return targets.called(facts.part).progress(facts.environment, facts.part, facts.rollout)


def end_changed(
    account: str, region: str, names: EnvironmentNames, waits: WaitsTable, targets: Targets, tokens: TaskTokens
) -> list[str]:
    """Ask about each rollout that is awaited in an account and region, and end the waits of those that changed.

    Returns the keys of the ended waits. A rollout that can't be asked about does not stop the others; its error is
    raised at the end.
    """
    ended: list[str] = []
    unread: list[str] = []
    failed: list[Exception] = []
    for wait in (one for name in names.names for one in waits.of_environment(name)):
        if not isinstance(wait.key, RolloutKey):
            continue
        facts = decode(RolloutFacts, wait.facts)
        if (facts.environment.account, facts.environment.region) != (account, region):
            continue
        try:
            if _end(wait, facts, waits, targets, tokens):
                ended.append(str(wait.key))
        except Exception as error:  # one rollout that can't be asked about does not stop the others
            failed.append(error)
            unread.append(str(wait.key))
    if failed:
        raise ExceptionGroup(f"rollouts in {account}, {region} could not be read for {', '.join(unread)}", failed)
    return ended


def _end(wait: Wait, facts: RolloutFacts, waits: WaitsTable, targets: Targets, tokens: TaskTokens) -> bool:
    """End a wait; one whose token has timed out stays, for the next token of its state."""
    found = progress(facts, targets)
    if found.outcome == "underway" or not tokens.succeed(wait.token, found):
        return False
    waits.forget(wait.key)
    return True
