"""`docs/scale.md`: what a stack of 50 repositories needs in an hour and keeps over the days."""

from itertools import islice

from benchmarks.scale.simulation import Day, days
from benchmarks.scale.traffic import BOUNDED, CALLS, OBJECTS, ROWS, Kept, Traffic
from tools.reference.markdown import paragraph, table

_DAYS = (1, 30, 100, 400, 800)
_INTRODUCTION = """
For people who plan a stack for many repositories: what it requests in an hour, and what it keeps after a day and after
two years. `make reference` writes this page from the figures in `benchmarks/scale`;
`tests/benchmarks/test_scale.py` compares these with what the adapters write and request.
"""
_LOAD = """
**{repositories} repositories, {environments} environments, {releases} releases a day**, with {pull_updates} changes of
pull requests and {items} items of the board a day; one service and one command for each release, approval in one
environment.
"""
_HOURS = """
GitHub allows a token 5,000 REST requests and 5,000 points of GraphQL an hour; an installation of an App has at least as
many of each. What looks for lost webhooks takes less than a tenth of either, and it does not grow with the number of
tags, branches or commits.
"""
_ROWS = """
A row expires by its time to live, which DynamoDB applies within two days. The lists that are read each minute hold what
is open, held or running; neither they nor `kiro-worker history` and `kiro-worker status` grow with the past.
"""
_REST = """
{bounded:,} further rows never expire, and are not more after years: {kinds}. They are one for each repository, part or
environment, and are written over.
"""
_OBJECTS = """
Sizes are assumptions: 5 MB of source and 20 MB of artifact. `events/keep_artifacts` writes what runs, what is the last
known good and the worker's program anew before they expire, however long nothing was released. Evidence is kept for
ever on purpose: {evidence:.1f} MB a day.
"""
_LIMITS = """
- **An environment takes one release at a time.** In the lock modes `superseded` and `queued` a watch of 300 s lets 288
  releases a day into an environment, of all repositories together, and one of 600 s lets in 144. `lockMode: parallel`
  gives each repository a lock of its own; alarms in `criticalAlarms` then concern releases that run at the same time.
- **CodeBuild** runs as many builds at once as the account's quota says; a full queue is waited for.
- **Versions of delivered Lambda functions** count towards the 75 GB of code in a region. The newest ten of each stay,
  and those that run or are the last known good.
"""


def page() -> str:
    """The text of the page."""
    traffic = Traffic()
    shown = [day for day in islice(days(traffic), max(_DAYS)) if day.number in _DAYS]
    head = tuple(f"day {day.number}" for day in shown)
    parts = [
        "# Scale",
        paragraph(_INTRODUCTION),
        paragraph(_LOAD.format(**{name: getattr(traffic, name) for name in Traffic.__slots__})),
        "## In an hour",
        table([("calls", "of what", "an hour", "a day"), *_calls(traffic)]),
        paragraph(_HOURS),
        "## Rows",
        table([("table", "row", "expires after", *head), *(_row(kind, shown) for kind in ROWS)]),
        paragraph(_ROWS),
        paragraph(_REST.format(bounded=shown[0].bounded, kinds="; ".join(one.what for one in BOUNDED))),
        "## Objects, in GB",
        table([("prefix", "object", "expires after", *head), *(_object(kind, shown) for kind in OBJECTS)]),
        paragraph(_OBJECTS.format(evidence=OBJECTS[-1].a_day(traffic) * OBJECTS[-1].size / 1e6)),
        "## What bounds the number of releases",
        _LIMITS.strip(),
    ]
    return "\n\n".join(parts) + "\n"


def _calls(traffic: Traffic) -> list[tuple[str, ...]]:
    rows = list[tuple[str, ...]]()
    for kind in dict.fromkeys(one.kind for one in CALLS):
        found = [(one.what, one.an_hour(traffic)) for one in CALLS if one.kind == kind]
        rows += [(kind, what, f"{calls:,.0f}", f"{calls * 24:,.0f}") for what, calls in found]
        whole = sum(calls for _, calls in found)
        rows.append((f"**{kind}**", "**together**", f"**{whole:,.0f}**", f"**{whole * 24:,.0f}**"))
    return rows


def _expiry(kind: Kept) -> str:
    return "never" if kind.days is None else f"{kind.days} days"


def _row(kind: Kept, shown: list[Day]) -> tuple[str, ...]:
    return (f"`{kind.where}`", kind.what, _expiry(kind), *(f"{day.rows[kind]:,}" for day in shown))


def _object(kind: Kept, shown: list[Day]) -> tuple[str, ...]:
    return (f"`{kind.where}/`", kind.what, _expiry(kind), *(f"{day.bytes_of(kind) / 1e9:,.2f}" for day in shown))
