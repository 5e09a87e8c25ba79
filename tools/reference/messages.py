"""`messages.md`: what people are told, as a mail and as Slack's blocks, for one release that goes back."""

from collections.abc import Iterator

from functions.domain.approvals import Approval
from functions.domain.environments import PartState, Version
from functions.domain.events import (
    DeploymentFinished,
    DeploymentStarted,
    Event,
    RollbackFinished,
    StageFinished,
    StageHeld,
)
from functions.domain.mails import approval_wanted, mail
from functions.domain.manifests import Part
from functions.domain.message_details import Links, Running
from functions.domain.messages import compose
from functions.domain.records import StageRecord
from functions.domain.releases import Release
from functions.domain.slack_blocks import Block, blocks
from functions.domain.waiting import for_approval
from tools.reference.markdown import paragraph

_INTRODUCTION = """
What people are told of a release that goes to production and back. `make reference` writes this page from the code that
composes the messages, so it shows what is sent.
"""
_FORMS = """
Mails have a subject of at most 99 characters and lines of at most 76; addresses are longer. In Slack a message has
blocks: a title, what happened, facts, what to do, links; [slack.md](slack.md) says how to connect it. GitHub gets
commit statuses, deployments and one issue for each rollback instead.
"""
_ID, _COMMIT, _BEFORE = "main-81c0b2a3-1a2b3c4d5e6f", "1a2b3c4d5e6f" + "7" * 28, "0a0a0a0a0a0a" + "3" * 28
_REPOSITORY = "acme/hello-service"
_RELEASE = Release(_REPOSITORY, "refs/heads/main", _COMMIT, "Ada Lovelace", message="feat: greet people by their name")
_REQUEST = Approval(
    "a1",
    "deploy",
    _ID,
    "production",
    {
        "repository": _REPOSITORY,
        "commit": _COMMIT,
        "title": _RELEASE.title,
        "author": _RELEASE.author,
        "changes": "hello (function hello-production)",
        "gates": "build: the build succeeded; tests: 148 tests passed; coverage: lines 91.4 %, 80 % demanded",
        "rollback": "hello to 0a0a0a0a0a0a",
        "reason": "",
    },
    [],
    "2026-02-01T08:00:00.000Z",
    "2026-02-01T08:00:00.000Z",
    "2026-02-02T08:00:00.000Z",
    approvers=["ada@example.com", "grace@example.com"],
)
_LINKS = Links(
    "https://github.com", "https://github.com/acme/kiro-worker/blob/main/docs/runbooks", "https://api/console"
)


def page() -> str:
    """The text of the page."""
    return "\n\n".join(["# Messages", paragraph(_INTRODUCTION), paragraph(_FORMS), *_sections()]) + "\n"


def _sections() -> Iterator[str]:
    subject, text = approval_wanted(_REQUEST, "https://api/approvals/a1?secret=…")
    for heading, event in _events().items():
        message = compose(event, _LINKS, _running())
        if message is None:
            raise ValueError(f"{heading}: nobody is told of it")
        yield f"## {heading}"
        yield _fence(f"Subject: {message.subject}\n\n{mail(message)}")
        yield "In Slack:"
        yield _fence("\n\n".join(map(_shown, blocks(message))))
        if isinstance(event, StageHeld):
            yield "The mail to each approver, which alone has the links:"
            yield _fence(f"Subject: {subject}\n\n{text}")


def _events() -> dict[str, Event]:
    """The events of the story, each with its heading."""
    waits = for_approval(_REQUEST)
    reason = "alarm hello-production-errors: 14 errors in 1 minute (threshold 1)"
    passed, restored = StageRecord("passed"), StageRecord("restored")
    return {
        "A release starts": DeploymentStarted(_ID, _RELEASE, "pushed to main by ada", ("test", "production")),
        "It is deployed to an environment": StageFinished(_ID, _RELEASE, "test", "passed", "10 min without an alarm"),
        "It waits for an approval": StageHeld(
            _ID, _RELEASE, "production", waits.text, "2026-02-01T08:00:00.000Z", waits.whom, waits.next, "a1"
        ),
        "It is rolled back": RollbackFinished(
            *(_ID, _RELEASE, "production", "restored", "hello is back at 0a0a0a0a0a0a (version 6)", reason),
            *("2026-02-01T09:00:00.000Z", "2026-02-01T09:00:04.000Z", "2026-02-01T09:00:31.000Z"),
        ),
        "It has ended": DeploymentFinished(
            _ID, "restored", reason, _RELEASE, 1800, {"test": passed, "production": restored}
        ),
    }


def _running() -> Running:
    """The bad release in test, the one before in production."""
    part = Part("hello", "lambda", "call", [])

    def runs(environment: str, commit: str) -> tuple[PartState, ...]:
        source = f"sources/{_REPOSITORY}/{commit}.zip"
        return (PartState(environment, part.name, Version(commit, _ID, source, "", "7", "")),)

    return {"test": runs("test", _COMMIT), "production": runs("production", _BEFORE)}


def _shown(block: Block) -> str:
    """A block as text, in the way that Slack lays it out."""
    match block["type"]:
        case "header":
            return f"# {block['text']['text']}"
        case "context":
            return str(block["elements"][0]["text"])
        case "actions":
            return " ".join(f"[ {button['text']['text']} ]" for button in block["elements"])
        case _:
            texts = [block["text"], *block.get("fields", [])] if "text" in block else block["fields"]
            return "\n".join(text["text"].replace("*\n", "*  ") for text in texts)


def _fence(text: str) -> str:
    return f"```text\n{text}\n```"
