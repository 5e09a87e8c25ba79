"""The texts of mails: lines of at most 76 characters, because many mail programs don't wrap plain text."""

import re
from collections.abc import Iterator
from textwrap import wrap

from functions.domain.approvals import Approval
from functions.domain.messages import Message
from functions.domain.texts import REASON, one_line
from functions.domain.times import minute

WIDTH = 76
_COMMAND = re.compile(r"`[^`]*`")
# Stands for the blanks of a command while lines are wrapped, so that it can be copied from one line.
_KEPT = "\0"


def mail(message: Message) -> str:
    """The text of a mail. What others wrote is indented, so that none of it looks like a line of ours."""
    lines = [*_wrapped(message.lead, "", "  "), ""]
    if message.steps:
        lines += ["What to do:", *(line for step in message.steps for line in _wrapped(step, "  - ", "    ")), ""]
    for name, text in (*message.facts, *message.links):
        lines += _row(name, text, 12)
    return "\n".join(lines)


def approval_wanted(approval: Approval, link: str) -> tuple[str, str]:
    """Subject and text of the mail that requests a decision. The link is in no other message."""
    # Builds, commits and repositories wrote most of it: none of them may add a line to the mail.
    summary = {name: one_line(text, REASON) for name, text in approval.summary.items()}
    request = "Approve" if approval.purpose == "deploy" else "Review a warning of"
    emergency = summary.get("emergency", "")
    subject = f"{request} {summary['repository']} {summary['commit'][:12]} for {approval.environment}"
    rows = [
        ("Release", f"{summary['repository']} {summary['commit'][:12]}"),
        ("Title", summary["title"]),
        ("Author", summary["author"]),
        ("Changes", summary["changes"]),
        *_commits(approval),
        ("Gates", summary["gates"]),
        ("Rollback", summary["rollback"]),
        *([("Reason", summary["reason"])] if summary["reason"] else []),
        *([("Left out", summary["pinned"])] if summary.get("pinned") else []),
        *([("Measured", summary["figures"])] if summary.get("figures") else []),
        *approval.links.items(),
    ]
    lines = [
        *(_wrapped(emergency, "", "  ") if emergency else []),
        *([""] if emergency else []),
        f"{request} this release for {approval.environment}:",
        "",
        *(line for name, text in rows for line in _row(name, text, 10)),
        "",
        f"Decide before {minute(approval.expires_at)}. Opening a link decides nothing:",
        f"  approve:  {link}&intent=approve",
        f"  reject:   {link}&intent=reject",
        "",
        f"Deployment {approval.deployment_id}",
    ]
    return f"EMERGENCY: {subject}" if emergency else subject, "\n".join(lines)


def _commits(approval: Approval) -> Iterator[tuple[str, str]]:
    """The commits since the running version, as the approval page shows them."""
    if approval.shown is None:
        return
    lines = [*approval.shown.commits, *([approval.shown.commits_note] if approval.shown.commits_note else [])]
    yield from (("" if number else "Commits", one_line(line)) for number, line in enumerate(lines))


def _row(name: str, text: str, width: int) -> list[str]:
    """A fact behind its name; further lines are indented behind the names."""
    return _wrapped(text, f"  {name:<{width}} ", " " * (width + 3)) or [f"  {name}"]


def _wrapped(text: str, first: str, further: str) -> list[str]:
    """A text in lines; a command, an address or another long word stays in one."""
    kept = _COMMAND.sub(lambda found: found[0].replace(" ", _KEPT), text)
    lines = wrap(
        kept,
        WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_KEPT, " ") for line in lines]
