"""Subjects and attributes of mails."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.adapters.topics import Topics
from tests.functions.stack import Stack


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subject=st.text(min_size=1), text=st.text(min_size=1).filter(str.isprintable))
def test_every_subject_is_printable_ascii_of_a_hundred(stack: Stack, subject: str, text: str) -> None:
    """Any subject becomes at most 100 printable ASCII characters; the text is unchanged."""
    stack.calls.clear()
    stack.recording = True
    Topics.connect(stack.clients).publish("approvals", subject, text)
    stack.recording = False
    (mail,) = stack.mails()
    assert len(mail["Subject"]) < 100
    assert mail["Subject"].isascii()
    assert mail["Subject"].isprintable()
    assert mail["Message"] == text


def test_every_mail_has_an_attribute(stack: Stack) -> None:
    """A mail without an approver has one, too: "exists: false" does not match a message without attributes.

    https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
    """
    stack.recording = True
    topics = Topics.connect(stack.clients)
    topics.publish("approvals", "For everybody", "text")
    topics.publish("approvals", "For one", "text", "ada@x.io")
    assert [sorted(mail["MessageAttributes"]) for mail in stack.mails()] == [["topic"], ["approver", "topic"]]
