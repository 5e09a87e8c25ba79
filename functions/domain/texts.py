"""Foreign text: cut where it enters, made one line where lines mean something, and escaped for where it goes.

Foreign is what a repository, a build, a service, a person or another system wrote. Each function first cuts its input,
so that no work grows with what was sent; see `docs/security.md`. What a state hands on has 256 KiB at most, and a
record 400 KB.

Every function imports this module when it starts, so what few of them need is imported where it is used.
"""

import re
from collections.abc import Callable

from functions.domain.redaction import redact

# What a person still reads of a reason, of one name within it, and of a text that is quoted.
REASON = 4000
NAME = 200
QUOTE = 100
# No more of a text is searched for secrets. Step Functions has the same limit for a cause:
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html
SEARCHED = 32_768
_CUT = "…"
# A zero-width space: the text reads as before, and GitHub finds neither a mention nor a reference nor a link in it.
_APART = "\u200b"
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")
_REFERENCE = re.compile(r"#(?=\d)|(?<=\bGH)-(?=\d)|\](?=[(\[:])", re.IGNORECASE)
_FENCE = re.compile(r"`{3,}|~{3,}")
_TICKS = re.compile(r"`+")
_NO_NAME = re.compile(r"[^A-Za-z0-9]+")


def cut(text: str, limit: int) -> str:
    """The text if it has at most this many characters, else its beginning and `…`."""
    return text if len(text) <= limit else text[: limit - len(_CUT)] + _CUT


def printable(text: str) -> str:
    """The text without control characters, marks of direction, invisible characters and lone surrogates.

    Line ends and tabs are kept. The others reorder or hide what people read, control a terminal, or can't be encoded.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = (c if c.isprintable() or c in "\n\t" else " " if c.isspace() else "" for c in text.replace("\r\n", "\n"))
    return "".join(kept)


def one_line(text: object, limit: int = NAME) -> str:
    """A text on one line, for a line of a mail or a log, a title or a cell: every run of white space is one space."""
    start = str(text)[: 4 * limit + 1]
    return cut(" ".join(printable(" ".join(start.split())).split()), limit)


def quote(text: object) -> str:
    """The beginning of a text within a sentence of ours: a test's or file's name, or a service's answer."""
    return one_line(text, QUOTE)


def recorded(text: str, limit: int = REASON) -> str:
    """A text as it is stored and shown: without secrets, printable, of one or several lines."""
    return cut(redact(printable(cut(text, SEARCHED))), limit)


def html(text: str, limit: int = REASON) -> str:
    """A text as content or quoted attribute value of an HTML page."""
    from html import escape

    return escape(printable(cut(text, limit)), quote=True)


def slack(text: str, limit: int) -> str:
    """A text for Slack's `mrkdwn`, of at most `limit` characters after escaping.

    Source: https://docs.slack.dev/messaging/formatting-message-text/#escaping (`&`, `<` and `>`, so that nothing is a
    mention, a channel or a link). Bold and code that a text has are left to it.
    """
    from html import escape

    return _fitting(printable(cut(text, limit)), limit, lambda shorter: escape(shorter, quote=False))


def markdown(text: str, limit: int = REASON) -> str:
    """A text of several lines for GitHub: without HTML, mentions, references, named links and fences.

    Source: https://github.github.com/gfm/ (raw HTML, links, fenced code blocks), and "Autolinked references" and
    "Mentioning people" in GitHub's documentation. Entities are escaped, because GitHub looks for mentions after it has
    decoded them. A `|` would end the cell of a table.
    """
    return _fitting(printable(cut(text, limit)), limit, _inert)


def markdown_line(text: str, limit: int = NAME) -> str:
    """As `markdown`, on one line; also for a cell of a table."""
    return _fitting(one_line(text, limit), limit, lambda shorter: _inert(shorter).replace("|", "\\|"))


def code(text: str, limit: int = NAME) -> str:
    """A text as code within a line of Markdown, where nothing else has a meaning; "" if nothing is left of it."""
    plain = _without_comments(one_line(text, limit).replace("`", "'"))
    return f"`{plain}`" if plain else ""


def fenced(text: str, limit: int) -> str:
    """The end of a text as a block of code for GitHub; its fence is longer than any in the text."""
    tail = _without_comments(printable(text[-limit:]))
    fence = "`" * max(3, 1 + max(map(len, _TICKS.findall(tail)), default=0))
    return f"{fence}text\n{tail}\n{fence}"


def url_path(text: str) -> str:
    """A path of a URL, such as `owner/name` or a commit: each segment is percent-encoded, and none climbs."""
    from urllib.parse import quote as percent_encoded

    segments = (percent_encoded(segment, safe="", errors="replace") for segment in cut(text, REASON).split("/"))
    return "/".join(segment.replace(".", "%2E") if segment in {".", ".."} else segment for segment in segments)


def aws_name(text: str, limit: int) -> str:
    """Letters, digits and single `-` of a text: what names of executions, builds and role sessions may have.

    Sources: `name` of https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html and
    `RoleSessionName` of https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
    """
    return _NO_NAME.sub("-", cut(text, REASON)).strip("-")[:limit].strip("-")


def _without_comments(text: str) -> str:
    """The text with broken HTML comments: our own markers are comments, and code would keep one as it is."""
    return text.replace("<!--", "<! --").replace("-->", "-- >")


def _inert(text: str) -> str:
    safe = _ENTITY.sub("&amp;", text).replace("<", "&lt;")
    safe = _FENCE.sub(lambda found: "'" * len(found[0]), safe)
    safe = safe.replace("@", f"@{_APART}")
    return _REFERENCE.sub(lambda found: f"{found[0]}{_APART}", safe)


def _fitting(text: str, limit: int, escaped: Callable[[str], str]) -> str:
    """The escaped text, of a beginning that is short enough after escaping: no escape is cut in two."""
    whole = escaped(text)
    while len(whole) > limit and len(text) > 1:
        text = cut(text, max(1, len(text) * limit // len(whole) - 1))
        whole = escaped(text)
    return whole
