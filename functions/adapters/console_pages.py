"""The pages of the console, as HTTP responses. They hold no form, and no secret of a link of approval."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from functions.adapters import console_parts as parts
from functions.adapters.drawings import svg
from functions.adapters.page_headers import headers
from functions.domain.console import BoardItem, Detail, EnvironmentView, Overview, Shown, Trail
from functions.domain.environments import PartState
from functions.domain.gates import Verdict
from functions.domain.texts import html, url_path

_FOLDER = Path(__file__).parent / "html"
# Without its script, the page loads itself again after so many seconds; the script asks every 5 s.
_AGAIN = 15
_STATUS = {"RUNNING": "move", "SUCCEEDED": "good"}
_LEGEND = "Filled: passed. Bold: where it is now. Dashed: a choice."
_ITEM_TONES = {"running": "move", "waiting": "wait", "done": "good"}


def overview_page(found: Overview, view: "View") -> dict[str, Any]:
    """What moves, environments, what has ended, and the board; what waits or goes wrong is before what runs."""
    movers = sorted(found.moving, key=lambda one: parts.tone_of(one) == "move")
    moving = "".join(_moving(one, view) for one in movers) or _nothing(
        "No release moves. A push, or `kiro-worker deploy`, starts one."
    )
    ended = "".join(_ended(one, view) for one in found.ended)
    board = "".join(_item(one, view) for one in found.items)
    body = [
        f'<p class="sum">{_summary(found)}</p>',
        f"<h1>Moving now</h1>{moving}",
        "<h2>Environments</h2>",
        f'<div class="places">{"".join(_environment(one, view) for one in found.environments)}</div>',
        "<h2>Ended</h2>",
        f'<ul class="rows">{ended}</ul>' if ended else _nothing("No release has ended yet."),
        "<h2>Board</h2>",
        f'<ul class="rows">{board}</ul>'
        if board
        else _nothing("The worker has no item. A card in the board's first column brings one."),
    ]
    return view.page("Console", "".join(body))


def release_page(found: Detail, view: "View") -> dict[str, Any]:
    """One release: what it waits for, its lanes, its gates, and its executions, drawn."""
    shown, record = found.shown, found.shown.record
    release = record.release
    title = release.title if release else record.deployment_id
    judged = [("", gate) for gate in record.gates]
    judged += [(f" in {place}", gate) for place, gates in record.gates_after.items() for gate in gates]
    gates = "".join(_gate(where, gate) for where, gate in sorted(judged, key=lambda one: one[1].outcome == "passed"))
    body = [
        f"<h1>{html(title)}</h1>",
        _card(shown, view, f'<h2 class="name">{html(record.deployment_id)}</h2>'),
        f'<h2>Gates</h2><ul class="rows gates">{gates}</ul>' if gates else "",
        "<h2>Executions</h2>",
        _nothing(_LEGEND) + "".join(map(_trail, found.trails))
        if found.trails
        else _nothing("Step Functions keeps none of it any more."),
    ]
    return view.page(record.deployment_id, "".join(body))


class View:
    """What all pages of one request share. `home` is the address of the first page, seen from this one."""

    def __init__(self, now: datetime, *, live: bool, tag: str, github: str, home: str) -> None:
        self.now, self.github, self.home = now, github, home
        self._live, self._tag = live, tag

    def release(self, deployment_id: str) -> str:
        """The address of the page of a release."""
        return f"{self.home}/{url_path(deployment_id)}"

    def page(self, title: str, body: str, status: int = 200) -> dict[str, Any]:
        """A whole page."""
        live = self._live and status == 200
        words = "Updated every few seconds." if live else "Not updated."
        switch = ("?live=off", "Pause updates") if live else ("?", "Update by itself")
        page = _template().substitute(
            live="on" if live else "off",
            tag=html(self._tag),
            title=f"{html(title)} · Kiro Worker",
            refresh=f'<noscript><meta http-equiv="refresh" content="{_AGAIN}"></noscript>' if live else "",
            style=_style(),
            script=_read("console.js"),
            home=html(self.home),
            nav=parts.link(*switch) if status == 200 else "",
            body=body,
            now=html(self.now.isoformat()),
            clock=f"{self.now:%Y-%m-%d %H:%M:%S} UTC",
            words=words,
        )
        made = {**headers(_style(), _read("console.js")), "etag": f'"{self._tag}"'}
        return {"statusCode": status, "headers": made, "body": page}


def plain_page(
    status: int, title: str, words: str, now: datetime, more: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A page that says why there is no other."""
    view = View(now, live=False, tag="", github="", home="?")
    page = view.page(title, f'<h1>{html(title)}</h1><p class="says">{parts.command(words)}</p>', status)
    return {**page, "headers": {**page["headers"], **(more or {})}}


def _summary(found: Overview) -> str:
    """What somebody on call wants to know first; what is nothing is said in the same place."""
    ringing = sum(len(one.ringing) for one in found.environments)
    frozen = sum(bool(one.freeze) for one in found.environments)
    counts = (
        (len(found.moving), "moving", "move"),
        (found.for_people, "waiting for people", "wait"),
        (ringing, "in ALARM", "bad"),
        (frozen, "frozen", "bad"),
    )
    return "".join(parts.mark(f"{count} {words}", tone if count else "") for count, words, tone in counts)


def _environment(environment: EnvironmentView, view: View) -> str:
    ringing, lock = environment.ringing, environment.lock
    if environment.freeze:
        state = parts.mark("frozen", "bad")
    elif lock and lock.owner:
        state = parts.mark(
            "rolling back" if lock.owner.rollback else "in use", "bad" if lock.owner.rollback else "move"
        )
    else:
        state = parts.mark("free", "good")
    lines = "".join(_part(one, view) for one in environment.parts)
    says = []
    if environment.freeze:
        since = parts.clock(environment.freeze.since, view.now)
        says.append(f"Frozen by {html(environment.freeze.by)} {since} ago: {html(environment.freeze.reason)}")
    if lock and lock.owner:
        who = parts.link(view.release(lock.owner.deployment_id), lock.owner.deployment_id)
        behind = f", {len(lock.waiters)} behind it" if lock.waiters else ""
        says.append(f"{who} has it for {parts.clock(lock.since, view.now)}{behind}")
    says += [f"{parts.mark('pinned', 'wait')} {parts.command(pin.describe())}" for pin in environment.pins]
    says += [f"{parts.mark('drift', 'bad')} {html(drift.describe())}" for drift in environment.drifts]
    says += [
        f"{parts.mark('in ALARM', 'bad')} <strong>{html(alarm.name)}</strong> {html(alarm.reason, 200)}"
        for alarm in ringing
    ]
    alarms = len(environment.alarms)
    says += [f'<span class="soft">{len(ringing)} of {alarms} alarms in ALARM</span>'] if alarms else []
    says += [html(environment.unread)] if environment.unread else []
    tone = "bad" if environment.freeze or ringing or environment.drifts else ""
    name = parts.link(environment.address, environment.name)
    return (
        f'<section class="card {tone}"><div class="head"><h3>{name}</h3>{state}</div>'
        f'<ul class="parts">{lines or "<li>nothing runs here yet</li>"}</ul>'
        + "".join(f'<p class="says">{one}</p>' for one in says)
        + "</section>"
    )


def _part(state: PartState, view: View) -> str:
    if state.in_doubt:
        proof = parts.mark("in doubt", "bad")
    elif state.proven:
        proof = parts.mark("good", "good")
    else:
        proof = parts.mark("not proven yet", "wait")
    since = f"since {parts.clock(state.running.at, view.now)}" if state.running else ""
    return (
        f"<li><span>{html(state.part)}</span>{proof}"
        f'<span>{parts.version(state.running, view.github)}</span><span class="soft">{since}</span></li>'
    )


def _moving(shown: Shown, view: View) -> str:
    release, name = shown.record.release, shown.record.deployment_id
    title = release.title if release else name
    head = f'<h2 class="name">{parts.link(view.release(name), title)}</h2>'
    return _card(shown, view, head)


def _card(shown: Shown, view: View, head: str) -> str:
    record, release, tone = shown.record, shown.record.release, parts.tone_of(shown)
    words = record.outcome or ("rolling back" if record.status == "rolling back" else shown.waiting.kind)
    state = parts.mark({"nothing": "runs"}.get(words, words), tone)
    facts = [html(record.deployment_id)] if record.deployment_id not in head else []
    if release:
        facts = [html(release.repository), parts.commit(view.github, release.repository, release.commit), *facts]
        facts += [f"by {html(release.author)}"] if release.author else []
        facts += [parts.mark("EMERGENCY", "bad")] if release.emergency else []
    facts.append(f"started {parts.clock(record.started_at, view.now)} ago")
    lines = "".join(f"<span>{one}</span>" for one in facts)
    return (
        f'<section class="card {tone}"><div class="head">{head}{state}</div><p class="facts">{lines}</p>'
        f"{parts.says(shown.waiting, view.now)}{parts.lanes(shown.lanes)}</section>"
    )


def _ended(shown: Shown, view: View) -> str:
    record, release = shown.record, shown.record.release
    title = release.title if release else record.deployment_id
    said = f'<p class="soft">{html(record.reason, 300)}</p>' if record.reason and parts.tone_of(shown) == "bad" else ""
    what = (
        f"<span>{html(release.repository)}</span>{parts.commit(view.github, release.repository, release.commit)}"
        if release
        else ""
    )
    about = f'<p class="facts">{what}<span>{parts.clock(record.finished_at, view.now)} ago</span></p>'
    name = parts.link(view.release(record.deployment_id), title)
    state = parts.mark(record.outcome, parts.tone_of(shown))
    return f"<li><span>{state}</span><div>{name}{about}{said}</div>{parts.lanes(shown.lanes)}</li>"


def _item(found: BoardItem, view: View) -> str:
    record, item = found.record, found.record.item
    name = f"{item.repository}#{item.number}" if item else record.item_id
    address = f"{view.github}/{url_path(item.repository)}/issues/{item.number}" if item and item.number else ""
    title = item.title if item else ""
    state = "stopping" if record.stop else record.state
    tone = _ITEM_TONES.get(state, "bad")
    return (
        f"<li><span>{parts.mark(state, tone)}</span><div>{parts.link(address, name)} {html(title)}"
        f"{parts.says(found.waiting, view.now)}</div>"
        f'<span class="soft">attempts: {record.started}, failed: {record.failures}</span></li>'
    )


def _gate(where: str, gate: Verdict) -> str:
    tone, kind = ("good", "soft") if gate.outcome == "passed" else ("bad", "message")
    return (
        f"<li>{parts.mark(gate.outcome, tone)}<span><strong>{html(gate.name)}</strong>{html(where)} "
        f'<span class="{kind}">{html(gate.reason)}</span></span></li>'
    )


def _trail(trail: Trail) -> str:
    running = trail.status == "RUNNING"
    drawn = svg(trail.workflow, trail.states, running=running)
    last = trail.states[-1].state if trail.states else ""
    steps = "".join(
        f'<li><span>{html(one.state)}</span><span class="soft">{html(one.at[11:19])}</span></li>'
        for one in reversed(trail.states)
    )
    state = parts.mark(trail.status.lower().replace("_", " "), _STATUS.get(trail.status, "bad"))
    name = f"<strong>{html(trail.name)}</strong> {state}"
    facts = f'<span class="facts"><span>{html(trail.workflow)}</span><span>{html(last)}</span></span>'
    region = f'class="picture" role="region" tabindex="0" aria-label="Drawing of {html(trail.name)}"'
    return (
        f'<details id="{html(trail.name)}-{html(trail.workflow)}"{" open" if running else ""}>'
        f"<summary>{name}{facts}</summary>"
        f'<div class="inside"><div {region}>{drawn}</div>'
        f'<ol class="steps" tabindex="0" aria-label="States, newest first">{steps}</ol></div></details>'
    )


def _nothing(words: str) -> str:
    return f'<p class="soft">{parts.command(words)}</p>'


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8").rstrip("\n")


@cache
def _style() -> str:
    return _read("base.css") + _read("console.css")


@cache
def _template() -> Template:
    return Template(_read("console.html"))
