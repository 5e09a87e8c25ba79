"""Foreign texts have an end, stay on their line, and mean nothing where they go."""

import html as pages
import json
import re
import unicodedata
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.domain.texts import (
    QUOTE,
    REASON,
    aws_name,
    code,
    cut,
    fenced,
    html,
    markdown,
    markdown_line,
    one_line,
    printable,
    quote,
    recorded,
    slack,
    url_path,
)

# Also what st.text() leaves out or draws seldom: lone surrogates, marks of direction, terminal sequences, line ends.
HOSTILE = st.lists(
    st.text(max_size=20)
    | st.sampled_from(("\ud800", "\u202e", "\u2066", "\u200b", "\x1b[2J", "\r", "\r\n", "\n", "\u2028", "\x85", "\x00"))
    | st.sampled_from(("```", "~~~", "`", "<!-- x -->", "<b>", "&#64;a", "@ada", "#12", "GH-3", "[a](http://b)", "|"))
).map("".join)
LIMITS = st.integers(10, 300)


@given(st.text(), st.integers(1, 50))
def test_a_cut_text_is_short_and_begins_as_it_did(text: str, limit: int) -> None:
    """A text that is short enough is unchanged; any other ends in `…`."""
    short = cut(text, limit)
    assert len(short) <= limit
    assert (short == text) if len(text) <= limit else (text.startswith(short[:-1]) and short.endswith("…"))


@given(HOSTILE, LIMITS)
@example("a\r\n  Gates      passed", 100)
def test_one_line_is_one_line(text: str, limit: int) -> None:
    """No line end, control character, mark of direction or lone surrogate is left, and the text has its limit."""
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line.splitlines() in ([], [line])
    assert not {unicodedata.category(c) for c in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    line.encode()


@given(HOSTILE)
def test_a_printable_text_keeps_its_lines(text: str) -> None:
    """Line ends and tabs are kept; what hides, reorders or can't be encoded is removed."""
    plain = printable(text)
    assert not {unicodedata.category(c) for c in plain.replace("\n", "").replace("\t", "")} & {"Cc", "Cf", "Cs"}
    assert plain.count("\n") == text.count("\n")
    assert printable("naïve — 日本語 🚀\n\tx") == "naïve — 日本語 🚀\n\tx"


def test_a_quoted_text_is_short() -> None:
    """A quote has about a hundred characters, and any value can be quoted."""
    assert len(quote("x" * 10_000)) == QUOTE
    assert quote(ValueError("a\nb")) == "a b"


def test_what_is_recorded_has_no_secret_and_an_end() -> None:
    """A secret is removed before the text is cut, so that no half of it is left."""
    key = "ghp_Zx9Kq3Lm8Rt5Wv2Yb7Nc4Pd6"
    text = recorded("x" * (REASON - 10) + f" {key}\n\x1b[31m")
    assert len(text) == REASON
    assert key[:4] not in text
    assert recorded(f"line\n{key}") == "line\n[redacted]"


@given(HOSTILE, LIMITS)
def test_a_page_shows_a_text_as_text(text: str, limit: int) -> None:
    """HTML has no element, attribute or entity from a text; a browser shows the printable text."""
    safe = html(text, limit)
    assert not set(safe) & set("<>\"'")
    assert pages.unescape(safe) == printable(cut(text, limit))


@given(HOSTILE, LIMITS)
@example("&" * 500, 100)
def test_slack_finds_nothing_in_a_text(text: str, limit: int) -> None:
    """No mention, channel or link is left, and no escape is cut in two."""
    safe = slack(text, limit)
    assert len(safe) <= limit
    assert not set(safe) & set("<>")
    assert not re.search(r"&(?!amp;|lt;|gt;)", safe)


@given(HOSTILE, LIMITS)
def test_github_finds_nothing_in_a_text(text: str, limit: int) -> None:
    """No HTML, comment, mention, reference, named link, entity or code fence is left."""
    for safe in (markdown(text, limit), markdown_line(text, limit)):
        assert len(safe) <= limit
        for found in (r"<", r"@\w", r"#\d", r"(?i)\bGH-\d", r"\][(\[:]", r"```|~~~", r"&(?!amp;|lt;)#?\w{1,32};"):
            assert not re.search(found, safe), found
    assert not re.search(r"(?<!\\)\|", markdown_line(text, limit))
    assert markdown("- [ ] 1. Greet: see docs/a.md#top") == "- [ ] 1. Greet: see docs/a.md#top"
    assert "\n" not in markdown_line(text, limit)


@given(HOSTILE, LIMITS)
def test_code_is_code_to_its_end(text: str, limit: int) -> None:
    """A text is one code span on one line, or empty."""
    span = code(text, limit)
    assert span == "" or re.fullmatch(r"`[^`\n\r]+`", span)


@given(HOSTILE, LIMITS)
def test_a_fence_is_longer_than_any_in_the_text(text: str, limit: int) -> None:
    """A block of code ends at its own fence only, and contains no HTML comment."""
    lines = fenced(text, limit).split("\n")
    fence = lines[-1]
    assert lines[0] == f"{fence}text"
    assert not any(fence in line for line in lines[1:-1])
    assert "<!--" not in "".join(lines)


@given(HOSTILE)
@example("../../admin")
@example("a/./..")
def test_a_path_of_a_url_stays_where_it_is(text: str) -> None:
    """A path adds no query, fragment, host or step upwards to a URL; its segments are those of the text."""
    path = url_path(text)
    url = urlsplit(f"https://github.com/{path}/end")
    assert (url.netloc, url.query, url.fragment) == ("github.com", "", "")
    assert path.isascii()
    assert not {".", ".."} & set(path.split("/"))
    known = cut(text, REASON).encode(errors="replace").decode()
    assert [unquote(segment) for segment in path.split("/")] == known.split("/")


@given(HOSTILE, st.integers(1, 80))
def test_a_name_in_aws_has_only_what_aws_takes(text: str, limit: int) -> None:
    """A name has letters, digits and single dashes; it may be empty."""
    assert re.fullmatch(r"([A-Za-z0-9]+(-[A-Za-z0-9]+)*)?", aws_name(text, limit))
    assert len(aws_name(text, limit)) <= limit


@pytest.mark.parametrize("write", [one_line, quote, recorded, html, markdown, markdown_line, code, url_path])
def test_any_text_of_json_is_survived(write: object) -> None:
    """A lone surrogate, which JSON may contain, is removed: it could be neither sent nor stored."""
    assert callable(write)
    write(json.loads('"a\\ud800b"')).encode()
