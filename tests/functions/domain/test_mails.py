"""The texts of mails."""

from msgspec.structs import replace

from functions.domain.approvals import Approval
from functions.domain.mails import WIDTH, approval_wanted, mail
from functions.domain.messages import Message
from tests.functions.samples import NOW

MESSAGE = Message(
    "rollbacks",
    "acme/hello 1a2b was rolled back in production",
    f"1a2b “{'a long title ' * 8}” was rolled back in production.",
    (("Reason", "hello is back at 0a0a0a0a0a0a " * 6), ("Title", "")),
    ("Then " * 12 + "`kiro-worker pin production --reason …` keeps releases out.",),
    (("Commit", "https://github.example.com/" + "a" * 80),),
)


def test_lines_fit_and_what_has_to_be_copied_stays_whole() -> None:
    """N1: no line is longer, but for an address; a command is in one line."""
    lines = mail(MESSAGE).splitlines()
    assert [line for line in lines if len(line) > WIDTH] == [f"  Commit       {MESSAGE.links[0][1]}"]
    assert any("`kiro-worker pin production --reason …`" in line for line in lines)
    assert " ".join(mail(MESSAGE).split()).count("hello is back") == 6


def test_what_others_wrote_begins_no_line() -> None:
    """Further lines of a text are indented, so that none of them looks like a line of the platform."""
    lines = mail(MESSAGE).splitlines()
    assert [line for line in lines if line[:1].strip()] == [lines[0], "What to do:"]
    assert lines[0].startswith("1a2b “")
    assert [line[:15] for line in lines if line.startswith("   ") and "hello is back" in line] == [" " * 15] * 2


def test_a_message_without_steps_has_no_heading_for_them() -> None:
    """The facts follow what happened."""
    assert "What to do" not in mail(replace(MESSAGE, steps=()))


def test_a_request_for_approval_says_its_end_in_words() -> None:
    """A1: the time can be read, and the links end where they end."""
    summary = dict.fromkeys(("repository", "commit", "title", "author", "changes", "gates", "rollback", "reason"), "x")
    approval = Approval("a", "deploy", "d", "production", summary, [], NOW, NOW, "2026-02-01T08:00:00.000Z")
    lines = approval_wanted(approval, "https://page/a?secret=s")[1].splitlines()
    assert "Decide before 2026-02-01 08:00 UTC. Opening a link decides nothing:" in lines
    assert "  reject:   https://page/a?secret=s&intent=reject" in lines
