"""The load that is simulated, and what each thing of it leaves and calls.

`tests/benchmarks/test_scale.py` compares these figures with what the adapters write and request.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from components.stack.storage import EXPIRY_DAYS

KB, MB = 1000, 1000_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """What happens in a day, and how many repositories and environments there are."""

    repositories: int = 50
    environments: int = 3
    releases: int = 200
    pull_updates: int = 250
    items: int = 20


Each = Callable[[Traffic], int]


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows or objects that a day adds: how many, their size in bytes, and the days after which they expire.

    `days` is None for what never does.
    """

    where: str
    what: str
    a_day: Each
    size: int
    days: int | None


@dataclass(frozen=True, slots=True)
class Bounded:
    """Rows without expiry: how many there are at most, whatever the time."""

    where: str
    what: str
    rows: Each


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one kind in an hour."""

    kind: Literal["GitHub REST", "GitHub GraphQL points", "DynamoDB reads", "Step Functions transitions"]
    what: str
    an_hour: Callable[[Traffic], float]


# TTL deletes a row within a few days of its expiry:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
TTL_DAYS = 2

ROWS = (
    Kept("deployments", "record of a deployment", lambda t: t.releases, 8 * KB, 90),
    Kept("deployments", "environments that a commit passed", lambda t: t.releases, 300, 90),
    Kept("waits", "webhook delivery that started something", lambda t: t.releases, 300, 400),
    Kept("waits", "decided request for approval", lambda t: t.releases, 5 * KB, 14),
    Kept("waits", "notified event", lambda t: t.releases * (t.environments + 3), 150, 14),
    Kept("work-items", "item of the board", lambda t: t.items, 1 * KB, 400),
    Kept("locks", "lock of a branch", lambda t: t.items, 300, 1),
)
BOUNDED = (
    Bounded("environments", "part, in each environment", lambda t: 3 * t.repositories * t.environments),
    Bounded(
        "environments",
        "newest release and load run, in each environment",
        lambda t: 2 * t.repositories * t.environments,
    ),
    Bounded("environments", "freeze and lease", lambda t: 2 * t.environments),
    Bounded("locks", "lock of an environment, and of the poll", lambda t: t.environments + 1),
    Bounded("waits", "head and newest hundred refs that were seen", lambda t: 2 * t.repositories),
    Bounded("deployments", "order of the releases of a repository", lambda t: t.repositories),
)
OBJECTS = (
    Kept("sources", "source of a commit", lambda t: t.releases, 5 * MB, EXPIRY_DAYS),
    Kept("builds", "artifact of a build", lambda t: t.releases, 20 * MB, EXPIRY_DAYS),
    Kept("provenance", "signed statement", lambda t: t.releases, 4 * KB, None),
)

_MINUTES, _TIMES = 60, 6  # of the reconciliation, and of what runs each ten minutes
# Of one release: FetchSource 2, Begin 3, PlanRelease 1 for each commit that runs, and the statuses of its events.
_OF_RELEASE = 40
# One read for each environment, and one for each of the ends and starts that the reconciliation compares.
_OF_RUN = 12
CALLS = (
    Calls(
        "GitHub GraphQL points", "heads of 50 repositories, each minute", lambda t: _MINUTES * -(-t.repositories // 50)
    ),
    Calls("GitHub GraphQL points", "newest tags, each ten minutes", lambda t: _TIMES * t.repositories),
    Calls("GitHub GraphQL points", "poll of the board, each five minutes", lambda _: 12 * 2),
    Calls("GitHub REST", "open pull requests, each ten minutes", lambda t: _TIMES * t.repositories),
    Calls("GitHub REST", "pull requests that changed in the last hour", lambda t: t.pull_updates / 24 * _TIMES * 2),
    Calls("GitHub REST", "releases", lambda t: t.releases / 24 * _OF_RELEASE),
    Calls("DynamoDB reads", "heads and refs that were seen, each minute", lambda t: _MINUTES * 2 * t.repositories),
    Calls("DynamoDB reads", "what is open, held or running, each minute", lambda _: _MINUTES * _OF_RUN),
    Calls(
        "DynamoDB reads", "releases: 55 calls of handlers with at most five reads each", lambda t: t.releases / 24 * 275
    ),
    Calls("Step Functions transitions", "releases: at most 225 each", lambda t: t.releases / 24 * 225),
    Calls("Step Functions transitions", "items of the board: 15 each, and their builds", lambda t: t.items / 24 * 75),
)
