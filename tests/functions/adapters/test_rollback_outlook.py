"""Facts for approvers: the versions that a rollback would restore, and the commits since the running version."""

from msgspec.structs import replace

from functions.adapters.rollback_outlook import RollbackOutlook
from functions.domain.environments import PartState
from tests.functions.delivered import create_function, runs
from tests.functions.samples import COMMAND, COMMIT, ENVIRONMENT, OLDER, RELEASE, state, version
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy


def way(stack: Stack, known: PartState) -> tuple[str, bool, str]:
    """The version that a rollback would restore, whether it can, and the reason."""
    runs(stack, known)
    (found,) = RollbackOutlook.connect(stack.clients).rollback_targets(ENVIRONMENT, ["hello", "unknown"])
    return found.to, found.ready, found.reason


def test_the_way_back_is_the_one_that_a_rollback_takes(stack: Stack) -> None:
    """R4: the target is the last known good version, or the running one if none was verified."""
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
    """A part with a record that never ran has no version to restore."""
    known = replace(state(), running=None, good=None)
    assert way(stack, known) == ("nothing", False, "nothing ran here before")


def test_what_is_on_record_without_its_definition_is_not_ready(stack: Stack) -> None:
    """A version can't be restored if the definition of its part is not recorded."""
    assert way(stack, state(definition=None))[1:] == (False, "its definition at that time is not recorded")


def test_commits_need_something_to_count_from(stack: Stack, copy: WorkingCopy) -> None:
    """A note says that nothing runs yet, or that the running commit is no ancestor."""
    outlook = RollbackOutlook.connect(stack.clients)
    first = outlook.commits(RELEASE, "production", ["hello"])
    assert first == ((), "no version with a known commit runs here yet")
    shas = [copy.commit(message, {"a": message}) for message in ("one", "two")]
    copy.push()
    runs(stack, state(running=version(commit=shas[1])))
    release = replace(RELEASE, repository=REPOSITORY, commit=shas[0])
    assert outlook.commits(release, "production", ["hello"])[1].startswith("the running commit is no ancestor")


def test_a_comparison_needs_one_commit_that_runs(stack: Stack) -> None:
    """A1: parts of several commits, and none, have no common base."""
    outlook = RollbackOutlook.connect(stack.clients)
    assert outlook.base("production", ["hello"]) == ""
    runs(stack, state(running=version(OLDER)), state(COMMAND, running=version(COMMIT)))
    assert outlook.base("production", ["hello"]) == OLDER
    assert outlook.base("production", ["hello", "infrastructure"]) == ""
