"""What people are told about an event: the same words in a mail and in Slack (N1).

`mails.py` and `slack_blocks.py` give a message its form. Its first sentence says what happened to which commit, its
facts where and why, its steps what can be done.
"""

from typing import Literal, assert_never

from functions.domain import budgets
from functions.domain.events import (
    ApprovalDecided,
    DeploymentFinished,
    DeploymentStarted,
    DriftEnded,
    DriftFound,
    EnvironmentEvent,
    EnvironmentFrozen,
    EnvironmentUnfrozen,
    Event,
    GatesJudged,
    PartsPinned,
    PartsUnpinned,
    RollbackFinished,
    RollbackStarted,
    StageFinished,
    StageHeld,
    StagePinned,
    WorkItemFinished,
    deployment_of,
    release_of,
)
from functions.domain.message_details import (
    Links,
    OfDeployment,
    Running,
    about,
    addresses,
    causes,
    runs,
    steps,
    still_in,
)
from functions.domain.slack_actions import Button, buttons
from functions.domain.texts import REASON, one_line
from functions.domain.values import Value

Topic = Literal["deployments", "approvals", "rollbacks"]

_STAGE_WORDS = {
    "passed": "is deployed to {}",
    "rejected": "was rejected for {}",
    "expired": "got no approval in time for {}",
    "superseded": "was superseded before {}",
    "held": "was held before {} until its time was up",
    "restored": "failed in {} and was rolled back",
    "partly": "failed in {} and was partly rolled back",
    "unknown": "failed in {} and could not be rolled back",
}
_OUTCOME_WORDS = {
    "deployed": "is complete",
    "skipped": "changed nothing",
    "superseded": "was superseded",
    "rejected": "was rejected",
    "expired": "got no approval in time",
    "void": "was withdrawn before any change",
    "held": "was held until its time was up",
    "failed": "failed",
    "restored": "failed and was rolled back",
    "partly": "failed and was partly rolled back",
    "unknown": "failed and could not be rolled back",
    "aborted": "was stopped",
    "timed out": "timed out",
    "rollback": "was rolled back by a person",
}
_ROLLBACK_WORDS = {
    "restored": "was rolled back in {}",
    "partly": "was partly rolled back in {}",
    "unknown": "could not be rolled back in {}; the environment is FROZEN",
}
# The end of the stages that an outcome is about.
_RESULTS = {"deployed": "passed", "void": "void"} | {
    name: name for name in ("rejected", "expired", "superseded", "held", "failed", "restored", "partly", "unknown")
}
NO_LINKS = Links()


class Message(Value, frozen=True):
    """One message, sent as a mail and to Slack; every text has one line.

    `subject` says outcome and place, `lead` what happened. `facts` and `links` have a name each; `steps` are what
    people can do. `story` is the deployment whose messages are one thread, "" for none. An `urgent` one is shown in the
    channel, too. `buttons` are shown where Slack has them.
    """

    topic: Topic
    subject: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    steps: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    story: str = ""
    urgent: bool = False
    buttons: tuple[Button, ...] = ()


def compose(event: Event, links: Links = NO_LINKS, running: Running | None = None) -> Message | None:
    """The message of an event; None when nobody is notified of it. `running` is needed where `asks_what_runs`."""
    written = _written(event)
    if written is None:
        return None
    topic, words, reason = written
    release = release_of(event)
    emergency = "EMERGENCY: " if release and release.emergency else ""
    subject, lead = words, words
    if isinstance(event, OfDeployment):
        subject, lead = f"{_what(event)} {words}", f"{_named(event)} {words}"
    still = still_in(event, running or {})
    told = () if reason == words else (("Reason", reason),)
    facts = (*told, *causes(event), *runs(event, running or {}, still), *about(event))
    return Message(
        topic,
        one_line(f"{emergency}{subject}"),
        one_line(f"{emergency}{lead}.", REASON),
        tuple((name, one_line(text, REASON)) for name, text in facts),
        tuple(one_line(step, REASON) for step in steps(event, still)),
        tuple(addresses(event, links)),
        deployment_of(event),
        isinstance(event, DeploymentFinished | RollbackStarted | RollbackFinished) or _is_request(event),
        buttons(event),
    )


def _written(event: Event) -> tuple[Topic, str, str] | None:
    """Topic, what happened, and reason; the release that it happened to is left out of the words."""
    match event:
        case DeploymentStarted():
            return "deployments", "starts", event.reason
        case StageHeld():
            return "deployments", event.reason.partition(": ")[0], event.reason
        case StagePinned():
            return "deployments", f"leaves pinned parts of {event.environment} as they are", event.reason
        case StageFinished():
            words = _STAGE_WORDS.get(event.result, "failed in {} before any change").format(event.environment)
            return "deployments", words, event.reason
        case DeploymentFinished():
            words = _OUTCOME_WORDS[event.outcome]
            where = [name for name, stage in event.stages.items() if stage.result == _RESULTS.get(event.outcome)]
            if where:
                words += f"{':' if event.outcome == 'deployed' else ' in'} {', '.join(where)}"
            return "deployments", words, _with(event.reason, budgets.overwork(event))
        case RollbackStarted():
            return "rollbacks", f"is being rolled back in {event.environment}", event.reason
        case RollbackFinished():
            late = budgets.overrun(event.started_at, event.verified_at, budgets.ROLLBACK)
            words = _ROLLBACK_WORDS[event.result].format(event.environment)
            return "rollbacks", words, _with(event.reason, late)
        case EnvironmentEvent():
            return "deployments", *_of_environment(event)
        case WorkItemFinished():
            return _work_item(event)
        case GatesJudged() | ApprovalDecided():
            return None
        case _:
            assert_never(event)


def _of_environment(
    event: EnvironmentFrozen | EnvironmentUnfrozen | PartsPinned | PartsUnpinned | DriftFound | DriftEnded,
) -> tuple[str, str]:
    """Subject and reason of an event that is about no release."""
    match event:
        case EnvironmentFrozen():
            return f"{event.environment} is FROZEN by {event.by}", event.reason
        case EnvironmentUnfrozen():
            return f"{event.environment} was unfrozen by {event.by}", event.reason
        case PartsPinned():
            pinned = f"{', '.join(event.parts)} is PINNED in {event.environment} by {event.by}"
            return pinned, f"{event.reason}; until {event.until}"
        case PartsUnpinned():
            unpinned = f"{', '.join(event.parts)} was unpinned in {event.environment} by {event.by}"
            return unpinned, event.reason
        case DriftFound():
            return f"Drift: {event.part} was changed in {event.environment}", event.reason
        case DriftEnded():
            return f"Drift ended: {event.part} in {event.environment}", event.reason
        case _:
            assert_never(event)


def _with(reason: str, late: str) -> str:
    return f"{reason}; it {late}" if late else reason


def _work_item(event: WorkItemFinished) -> tuple[Topic, str, str] | None:
    """Only an item in quarantine needs a person (W8); the card and the pull request report everything else."""
    if event.state != "quarantined":
        return None
    item = event.item
    name = f"{item.repository}#{item.number}" if item.number else "A board item"
    return "deployments", f"{name} waits for a person: {item.title}", event.reason


def _is_request(event: Event) -> bool:
    return isinstance(event, StageHeld) and event.approval_id != ""


def _what(event: OfDeployment) -> str:
    """The release in a subject."""
    if event.release is None:
        return f"release {event.deployment_id[:12]}"
    return f"{event.release.repository} {event.release.short}"


def _named(event: OfDeployment) -> str:
    """The release in a sentence: its commit, title and author."""
    if event.release is None:
        return f"The release of {event.deployment_id}"
    by = f" by {one_line(event.release.author)}" if event.release.author else ""
    return f"{event.release.short} “{event.release.title}”{by}"
