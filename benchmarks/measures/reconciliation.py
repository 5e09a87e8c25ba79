"""An idle minute of the reconciliation: requests to GitHub and reads of DynamoDB, for 50 repositories."""

from benchmarks.measure import Figure, Measure, Samples, counted
from benchmarks.stack import AUTHOR, Calls, counting
from tests.functions import builds

_REPOSITORIES = 50


def _idle() -> Calls:
    """The calls of a run after which nothing is to be done; the runs before have seen all heads."""
    with counting() as made:
        names = [f"acme/r{number:02}" for number in range(_REPOSITORIES)]
        for name in names:
            git = made.hub.create_repository(name).git
            git.commit_file("main", "a", b"1", "docs: words [skip ci]", AUTHOR)
        made.stack.settings |= {"REPOSITORIES": ",".join(names), "BUILD_PROJECTS": builds.BEGIN}
        builds.create_project(made.stack)
        for _ in range(2):
            made.run("events.reconcile", {})
        return made.run("events.reconcile", {})[0]


def _requests(_pairs: int) -> Samples:
    return counted(_idle().github, _REPOSITORIES)


def _reads(_pairs: int) -> Samples:
    return counted(_idle().reads, 2 * _REPOSITORIES)


REQUESTS = Measure(
    name="reconcile-requests",
    promise=f"an idle minute of {_REPOSITORIES} repositories asks GitHub for their heads",
    against="a request for each repository",
    unit="requests",
    goal=Figure(2),
    take=_requests,
)
READS = Measure(
    name="reconcile-reads",
    promise=f"an idle minute of {_REPOSITORIES} repositories reads what was seen of them, and what is open",
    against="a read for each head and a read for each list of tags and branches",
    unit="reads",
    goal=Figure(10),
    take=_reads,
)
