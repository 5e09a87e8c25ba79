"""Messages as Slack's blocks."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.messages import Message
from functions.domain.slack_blocks import blocks, fallback
from local.slack.rules import problems

MESSAGE = Message(
    "rollbacks",
    "acme/hello 1a2b was rolled back in production",
    "1a2b “feat: greet” by Ada was rolled back in production.",
    (("Reason", "errors"), ("Author", "Ada"), ("Title", "feat: greet"), ("Empty", "")),
    ("`kiro-worker pin production --reason …` keeps releases out.",),
    (("Commit", "https://github.example.com/a|b>&c"), ("Console", "https://c")),
    story="main-1",
)
TEXTS = st.text(max_size=400) | st.sampled_from(("<!channel>", "<@U1>", "&" * 5000, "<http://evil|x>" * 300, "`" * 9))


def test_a_message_has_title_sentence_facts_steps_and_links() -> None:
    """N1: in blocks, without a code fence; a fact without a text and what the sentence says already are left out."""
    header, lead, reason, fields, steps, links = blocks(MESSAGE)
    assert header["text"]["text"] == MESSAGE.subject
    assert lead["text"]["text"] == MESSAGE.lead
    assert reason["text"]["text"] == "*Reason*\nerrors"
    assert [field["text"] for field in fields["fields"]] == ["*Author*\nAda"]
    assert steps["text"]["text"].startswith("*What to do*\n• `kiro-worker pin")
    assert (links["type"], links["elements"][0]["text"]) == (
        "context",
        "<https://github.example.com/a%7Cb%3E&amp;c|Commit> · <https://c|Console>",
    )


@given(TEXTS, TEXTS)
def test_slack_takes_whatever_others_wrote(text: str, other: str) -> None:
    """No limit is exceeded, and nothing of it is a mention or a link."""
    facts = tuple((f"n{number}", text or "x") for number in range(14))
    said: dict[str, Any] = {
        "subject": f"acme {text}",
        "lead": f"1a2b {other}",
        "facts": (("Reason", other), *facts),
        "steps": (text,),
    }
    message = replace(MESSAGE, **said)
    found = blocks(message)
    assert problems(found) == []
    assert sum(len(block["text"]["text"]) for block in found if "text" in block) < 9000
    texts = [block["text"]["text"] for block in found if block["type"] == "section" and "text" in block]
    assert not set("".join((*texts, fallback(message)))) & set("<>")
