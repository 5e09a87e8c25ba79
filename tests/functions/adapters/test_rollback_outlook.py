"""The outlook for people who decide: where each part would go back to, and what lies between."""

from dataclasses import replace

from functions.adapters.rollback_outlook import RollbackOutlook
from functions.domain.environments import PartState
from tests.functions.delivered import create_function, runs
from tests.functions.samples import COMMIT, ENVIRONMENT, OLDER, RELEASE, state, version
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy


def way(stack: Stack, known: PartState) -> tuple[str, bool, str]:
    """Where a part would go back to, whether it can, and why."""
    runs(stack, known)
    (found,) = RollbackOutlook.connect(stack.clients).rollback_targets(ENVIRONMENT, ["hello", "unknown"])
    return found.to, found.ready, found.reason


def test_the_way_back_is_the_one_that_a_rollback_takes(stack: Stack) -> None:
    """R4: the last known good one, not what runs unverified; without one, what runs."""
    create_function(stack, versions=2)
    unverified = version(COMMIT, "2")
    assert way(stack, state(running=unverified, good=version())) == (
        OLDER[:12],
        True,
        "last known good, still available",
    )
    never = (COMMIT[:12], True, "it runs now, but was never verified good, still available")
    assert way(stack, state(running=unverified, good=None)) == never


def test_where_nothing_ran_nothing_is_promised(stack: Stack) -> None:
    """A part on record that never ran has no way back."""
    known = replace(state(), running=None, good=None)
    assert way(stack, known) == ("nothing", False, "nothing ran here before")


def test_what_is_on_record_without_its_definition_is_not_ready(stack: Stack) -> None:
    """Nobody knows how to put it back."""
    assert way(stack, state(definition=None))[1:] == (False, "its definition at that time is not recorded")


def test_commits_need_something_to_count_from(stack: Stack, copy: WorkingCopy) -> None:
    """Before the first release there is nothing; beside the line of the release, that is said."""
    outlook = RollbackOutlook.connect(stack.clients)
    first = outlook.commits(RELEASE, "production", ["hello"])
    assert first == ((), "no version with a known commit runs here yet")
    shas = [copy.commit(message, {"a": message}) for message in ("one", "two")]
    copy.push()
    runs(stack, state(running=version(commit=shas[1])))
    release = replace(RELEASE, repository=REPOSITORY, commit=shas[0])
    assert outlook.commits(release, "production", ["hello"])[1].startswith("the running commit is no ancestor")
