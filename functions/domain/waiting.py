"""What a deployment or a work item waits for: one closed set, and the one text that people read about it everywhere.

The text of a `Waiting` is in the record, on the commit, in mails and in Slack; `kiro-worker why` and the console show
it with since when, until when, whom it concerns and the next step. A new kind of wait is one more `Kind` and one more
function here.
"""

from collections.abc import Sequence
from typing import Literal

from functions.domain.approvals import Approval
from functions.domain.environments import Freeze
from functions.domain.locks import Contender, Lock
from functions.domain.records import DeploymentRecord
from functions.domain.texts import one_line
from functions.domain.times import minute
from functions.domain.values import Value
from functions.domain.work_items import Record

Kind = Literal[
    "approval", "window", "soak", "freeze", "lock", "build", "rollout", "alarm", "agent", "GitHub", "nothing"
]
GOOD = frozenset({"deployed", "skipped", "superseded", "rollback"})
"""The outcomes after which nobody has to do anything."""
AGAIN = "correct the cause and push, or `kiro-worker deploy` it again"
_BY_ITSELF = "nobody: it goes on by itself"


class Waiting(Value, frozen=True):
    """One wait. `text` says what is waited for; `whom` is who can end it, `next` a command or another step.

    `since` and `until` are ISO 8601, "" if unknown. `dead` is true for what waits for nothing and did not end well.
    """

    kind: Kind
    text: str
    since: str = ""
    until: str = ""
    whom: str = _BY_ITSELF
    next: str = ""
    dead: bool = False


def for_approval(approval: Approval) -> Waiting:
    """The decision of people on a release, or on a warning during its watch."""
    where, until = approval.environment, minute(approval.expires_at)
    review = "a review of the warning in" if approval.purpose == "review" else "an approval for"
    people = ", ".join(approval.approvers) or "anybody with the link of the mail"
    given = ", ".join(one.by for one in approval.consents) or "nobody yet"
    whom = people if approval.needed == 1 else f"{approval.needed} of {people}; so far {given}"
    if approval.counts_from and len(approval.consents) >= approval.needed:
        begin = minute(approval.counts_from)
        return Waiting(
            "approval",
            f"waits for {begin}: from then on the approval for {where} by {given} counts",
            approval.requested_at,
            approval.counts_from,
            next="`kiro-worker reject … --reason …` still ends it",
        )
    return Waiting(
        "approval",
        f"waits for {review} {where} until {until}",
        approval.requested_at,
        approval.expires_at,
        whom,
        "open the link of the mail (topic `approvals`); it shows the release and takes the decision",
    )


def for_window(environment: str, why: str, until: str) -> Waiting:
    """The opening of a deployment window at `until`, or the end of a planned freeze."""
    text = f"waits for a window of {environment} until {minute(until)}: {why}"
    return Waiting(
        "window", text, until=until, next="`kiro-worker deploy … --emergency --reason …` does not wait for windows"
    )


def for_soak(environment: str, why: str, until: str) -> Waiting:
    """The end of the time that a release must have run in the environment before."""
    return Waiting("soak", f"waits for a soak before {environment} until {minute(until)}: {why}", until=until)


def for_unfreeze(environment: str, freeze: Freeze, since: str = "") -> Waiting:
    """The unfreeze of an environment by a person; `since` is when the release began to wait."""
    return Waiting(
        "freeze",
        f"waits for the unfreeze of {environment}: {freeze.by} froze it at {minute(freeze.since)}: {freeze.reason}",
        since or freeze.since,
        whom=freeze.by,
        next=f"`kiro-worker unfreeze {environment} --reason …`",
    )


def for_lock(lock: Lock, owner: Contender, execution: str) -> Waiting:
    """The lock of an environment or a branch, which `owner` has; `execution` is that of the waiter."""
    place = next((n for n, one in enumerate(lock.waiters, 1) if one.contender.execution == execution), 0)
    since = lock.waiters[place - 1].since if place else ""
    what = lock.key.partition("/")[2]
    queue = f"; position {place} in the queue" if place > 1 else ""
    held = f"{owner.deployment_id} ({owner.reason}) has it since {minute(lock.since)}"
    return Waiting(
        "lock",
        f"waits for the lock of {what}: {held}{queue}",
        since,
        whom=owner.deployment_id,
        next=f"`kiro-worker why {owner.deployment_id}`",
    )


def for_build(build_id: str, since: str = "") -> Waiting:
    """The end of a build, by its id in CodeBuild (`project:uuid`)."""
    project = build_id.partition(":")[0]
    return Waiting("build", f"waits for the build {project}", since)


def for_queue(since: str = "") -> Waiting:
    """A place in the build queue of the account, which is full."""
    words = "waits for a place in the account's build queue"
    return Waiting("build", words, since, next="a higher quota of CodeBuild for concurrent builds")


def for_rollout(environment: str, part: str, percent: float) -> Waiting:
    """The end of what AWS shifts by itself; `percent` of the requests meet the new version."""
    return Waiting("rollout", f"waits for AWS to roll out {part} in {environment}, {percent:g} % so far")


def for_watch(environment: str, until: str, part: str = "") -> Waiting:
    """The end of a watch: alarms and probes decide whether the release stays. `part` is one whose rollout is paused."""
    what = f"the step of {part} in {environment}" if part else environment
    return Waiting("alarm", f"waits for the alarms of {what} to stay quiet until {minute(until)}", until=until)


def for_quiet(environment: str, until: str) -> Waiting:
    """The critical alarms of an environment, which leave ALARM after a rollback."""
    text = f"waits for the critical alarms of {environment} to leave ALARM until {minute(until)}"
    return Waiting("alarm", text, until=until)


def in_step(step: str, since: str = "") -> Waiting:
    """Nothing: a step of its workflow runs; `step` is the name of the state."""
    return Waiting("nothing", f"runs {step}" if step else "runs", since)


def of_end(record: DeploymentRecord) -> Waiting:
    """Nothing: the deployment has ended."""
    reason = f": {one_line(record.reason, 400)}" if record.reason else ""
    bad = record.outcome not in GOOD
    again = AGAIN if bad else ""
    text = f"has ended: {record.outcome}{reason}"
    return Waiting("nothing", text, record.finished_at, whom="nobody: it has ended", next=again, dead=bad)


def of_death() -> Waiting:
    """Nothing: its execution has ended and wrote no outcome, so a reconciliation writes it."""
    text = "has ended without an outcome: its execution is over"
    return Waiting("nothing", text, next="the reconciliation settles it within minutes", dead=True)


def of_item(record: Record, step: Waiting | None = None) -> Waiting:
    """A work item; `step` is what its running attempt waits for, None where only the agent can be meant."""
    name = f"{record.item.repository}#{record.item.number}" if record.item else record.item_id
    reason = f": {one_line(record.reason, 400)}" if record.reason else ""
    moves = "correct the cause, then move its card back or comment `/kiro retry`"
    match record.state:
        case "running" if step and step.kind != "build":
            return step
        case "running":
            text = f"waits for the agent: attempt {record.started} at {name}"
            stop = "comment `/kiro stop` to end the attempt"
            return Waiting("agent", text, step.since if step else "", whom="the agent of the build", next=stop)
        case "new" | "waiting":
            return Waiting("GitHub", f"waits for the next poll of the board{reason}")
        case "ineligible":
            text = f"waits for a change on GitHub{reason}"
            return Waiting("GitHub", text, whom="the author of the item", next="push what is missing")
        case "quarantined" | "stopped":
            text = f"waits for a person to move its card: {record.state}{reason}"
            return Waiting("GitHub", text, whom="whoever may move the card", next=moves, dead=True)
        case "done":
            text = "is done: its pull request is ready for review"
            return Waiting("nothing", text, whom="nobody: it has ended")


def first(found: Sequence[Waiting]) -> Waiting | None:
    """The wait to show where several are open: what people can end comes first, then what takes longest."""
    order: tuple[Kind, ...] = ("approval", "freeze", "window", "soak", "lock", "rollout", "alarm", "build")
    known = [one for one in found if one.kind in order]
    return min(known, key=lambda one: order.index(one.kind), default=None)
