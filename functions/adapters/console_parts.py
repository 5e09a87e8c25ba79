"""Pieces of the console's pages: marks, lanes, clocks, and the sentence on what is waited for. Text is escaped here."""

from datetime import datetime

from functions.domain.console import PHASES, Lane, Shown
from functions.domain.environments import Version
from functions.domain.texts import html, url_path
from functions.domain.times import minute
from functions.domain.waiting import Waiting

# How a lane is drawn: the class of its phase, and of the phases before it.
_TONES = {"passed": "good", "runs": "move", "waits": "wait", "back": "bad", "stopped": "bad"}
# A longer sentence, in characters, is not bold: it quotes a message.
_LONG = 160
_ENDS = {"deployed": "good", "skipped": "good", "superseded": "", "rollback": ""}


def mark(words: str, tone: str = "") -> str:
    """A state as a word; the tone (`good`, `bad`, `wait`, `move` or "") is only its colour."""
    return f'<span class="mark {tone}">{html(words)}</span>'


def tone_of(shown: Shown) -> str:
    """The tone of a release."""
    if shown.record.outcome:
        return _ENDS.get(shown.record.outcome, "bad")
    if shown.waiting.dead or shown.record.status == "rolling back":
        return "bad"
    return "move" if shown.waiting.kind in ("nothing", "build", "alarm", "rollout") else "wait"


def span(seconds: float) -> str:
    """`150` → `2 min`; as the page's script says it."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 172_800:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d"


def clock(time: str, now: datetime, kind: str = "since") -> str:
    """How long ago a time (ISO 8601) was, or how long until it; the script of the page lets it run."""
    try:
        seconds = (now - datetime.fromisoformat(time)).total_seconds()
    except (TypeError, ValueError):
        return ""
    words = span(-seconds if kind == "until" else seconds)
    return f'<time datetime="{html(time)}" data-clock="{kind}" title="{html(minute(time))}">{words}</time>'


def says(waiting: Waiting, now: datetime) -> str:
    """The sentence, its clocks, whom it concerns, and the next step."""
    facts = [f"since {clock(waiting.since, now)}"] if waiting.since else []
    if waiting.until:
        facts.append(f"{clock(waiting.until, now, 'until')} left")
    if waiting.kind != "nothing" or waiting.dead:
        facts.append(html(f"for {waiting.whom}").removeprefix("for nobody: "))
    facts += [f"next: {command(waiting.next)}"] if waiting.next else []
    lines = "".join(f"<span>{one}</span>" for one in facts)
    kind = ' class="long"' if len(waiting.text) > _LONG else ""
    return f'<p class="says"><strong{kind}>{html(waiting.text)}</strong></p>' + (
        f'<p class="facts">{lines}</p>' if lines else ""
    )


def command(text: str) -> str:
    """A text whose words between backticks are code."""
    pieces = html(text).split("`")
    return "".join(f'<span class="code">{piece}</span>' if number % 2 else piece for number, piece in enumerate(pieces))


def lanes(found: tuple[Lane, ...]) -> str:
    """One bar for each environment, with its state as a word."""
    return '<ul class="lanes">' + "".join(map(_lane, found)) + "</ul>"


def _lane(lane: Lane) -> str:
    tone = _TONES.get(lane.mark, "")
    if lane.mark in ("runs", "waits"):
        tones = ["good"] * lane.done + [tone] + [""] * (len(PHASES) - lane.done - 1)
    else:
        tones = [tone] * len(PHASES)
    bars = "".join(f'<i class="{one}"></i>' if one else "<i></i>" for one in tones)
    return (
        f'<li><span class="lane"><b>{html(lane.environment)}</b> <span>{html(lane.words)}</span></span>'
        f'<span class="track" aria-hidden="true">{bars}</span></li>'
    )


def link(address: str, words: str, kind: str = "") -> str:
    """A link; only its words without an address."""
    shown = f' class="{kind}"' if kind else ""
    return f'<a href="{html(address)}"{shown}>{html(words)}</a>' if address else f"<span{shown}>{html(words)}</span>"


def commit(github: str, repository: str, sha: str, words: str = "") -> str:
    """The beginning of a commit, linked to its page on GitHub."""
    address = f"{github}/{url_path(f'{repository}/commit/{sha}')}" if github and repository and sha else ""
    return link(address, words or sha[:12], "code")


def version(found: Version | None, github: str) -> str:
    """What runs in a part, by its commit or image; `nothing` if nothing does."""
    if found is None:
        return '<span class="soft">nothing</span>'
    return commit(github, found.repository, found.commit, found.label or f"version {found.version}")
