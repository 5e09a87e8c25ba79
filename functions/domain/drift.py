"""Drift: a part runs something else than the platform recorded, because somebody else changed it (R15)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import field
from msgspec.structs import replace

from functions.domain.environments import PartState
from functions.domain.values import Value

# CloudTrail shows a change within minutes, on average five:
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
_SHOWN_BY_THEN = timedelta(hours=1)
_NOTHING = "nothing that can be read"


class Trace(Value, frozen=True):
    """How CloudTrail shows a change of a part: the event's name, and the request parameters that name the part.

    A parameter without a value must be there, whatever its value is.
    """

    event: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class Author(Value, frozen=True):
    """Who changed a part, according to CloudTrail: an ARN, the time (ISO 8601) and the event's name."""

    who: str
    at: str
    event: str


class Drift(Value, frozen=True):
    """What is recorded of a part and what runs, in words; `since` (ISO 8601) is when it was found.

    `author` is None while nobody knows it.
    """

    environment: str
    part: str
    recorded: str
    found: str
    since: str
    author: Author | None = None

    def describe(self) -> str:
        """What is recorded and what runs, and who changed it."""
        one = self.author
        who = f"changed by {one.who} at {one.at} ({one.event})" if one else "who changed it is not known"
        return f"{self.part} runs {self.found} in {self.environment}, and {self.recorded} is recorded: {who}"


def is_comparable(state: PartState) -> bool:
    """Whether it is known what a part should run: a version is recorded, and no deployment left it in doubt."""
    return state.running is not None and state.definition is not None and not state.in_doubt


def drift_of(state: PartState, found: str | None, now: str) -> Drift | None:
    """The drift of a comparable part whose target found this version; None if it runs what is recorded."""
    running = state.running
    if running is None or running.version == found:
        return None
    recorded = f"{running.label} (version {running.version})" if running.label else f"version {running.version}"
    return Drift(state.environment, state.part, recorded, f"version {found}" if found else _NOTHING, now)


def is_same(one: Drift | None, other: Drift | None) -> bool:
    """Whether people know the one once they were notified of the other."""
    if one is None or other is None:
        return one is other
    return (one.recorded, one.found) == (other.recorded, other.found)


def awaits_author(drift: Drift, now: datetime) -> bool:
    """Whether CloudTrail may still come to show who changed the part."""
    return drift.author is None and now < datetime.fromisoformat(drift.since) + _SHOWN_BY_THEN


def with_author(drift: Drift, author: Author | None) -> Drift:
    """The drift with who changed the part, if that is known."""
    return replace(drift, author=author) if author else drift


def next_step(drift: Drift, state: PartState) -> str:
    """The command that mends a drift."""
    label = state.running.label if state.running else ""
    if label:
        command = f"kiro-worker rollback {drift.environment} --part {drift.part} --to {label} --reason …"
        return f"`{command}` restores what is recorded; a release that changes the part replaces what runs."
    return "What is recorded was deployed by hand, too: `kiro-worker deploy` a commit, which replaces what runs."


def fits(trace: Trace, event: Mapping[str, Any]) -> bool:
    """Whether an event of CloudTrail is about the part: parameters hold a name, or an ARN that ends in the name.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    """
    given = event.get("requestParameters") or {}

    def names(key: str, value: str) -> bool:
        text = str(given.get(key) or "")
        return bool(text) if not value else text == value or text.endswith((f":{value}", f"/{value}"))

    return all(names(key, value) for key, value in trace.parameters.items())


def author_of(event: Mapping[str, Any], own_role: str) -> Author | None:
    """Who caused an event of CloudTrail; None for the platform itself, which works under `own_role` (an ARN).

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
    """
    identity = event.get("userIdentity") or {}
    issuer = ((identity.get("sessionContext") or {}).get("sessionIssuer") or {}).get("arn", "")
    if own_role and issuer == own_role:
        return None
    who = identity.get("arn") or identity.get("invokedBy") or identity.get("principalId") or "an unknown caller"
    return Author(str(who), str(event.get("eventTime", "")), str(event.get("eventName", "")))
