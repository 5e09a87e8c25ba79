"""The pages of a request for approval, as HTTP responses. Text from outside is escaped, and there are no scripts."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from functions.adapters.page_headers import headers
from functions.domain.approvals import Approval, holder
from functions.domain.decisions import Decision
from functions.domain.texts import html
from functions.domain.times import minute
from functions.domain.watches import too_slow_words
from functions.gates.registry import undeclared

_FOLDER = Path(__file__).parent / "html"
_ENDED = {
    "approved": ("Approved", "The deployment goes on.", "good"),
    "rejected": ("Rejected", "The deployment stops; nothing is rolled back.", "bad"),
    "expired": ("Expired", "Nobody decided in time; the deployment has stopped.", "over"),
    "superseded": ("Superseded", "A newer release has superseded this one.", "over"),
    "void": ("Void", "This request is no longer valid. Start the deployment again for a new request.", "bad"),
}


def open_page(
    approval: Approval,
    secret: str,
    status: int = 200,
    problem: str = "",
    given: Decision | None = None,
    banner: str = "",
    intent: str = "",
) -> dict[str, Any]:
    """The page of an open request with its form; after a refusal, the form has the `problem` and the given values.

    `banner` says above everything else why an approval would be refused now. With the `intent` to reject, that button
    is the first one, and the reason is not called optional.
    """
    deploy, held = approval.purpose == "deploy", holder(approval, secret)
    form = _template("form.html").substitute(
        secret=html(secret),
        who=_who(held, given.by if given else "", by_address=bool(approval.approvers)),
        reason=html(given.reason if given else ""),
        buttons=_buttons(approval, rejects=intent == "reject"),
        needed="(needed)" if intent == "reject" else "(needed to reject)",
        problem=f'<p class="problem" id="problem" role="alert">{html(problem)}</p>' if problem else "",
        later=_later(approval) if deploy else "",
        notes="".join(f"<li>{html(note)}</li>" for note in _notes(approval)),
    )
    where = approval.environment
    title = f"Deploy to {where}?" if deploy else f"Continue in {where} despite a warning?"
    lead = "Read what would happen, then decide. Opening this page has decided nothing."
    if intent == "reject":
        lead = "You opened the link to reject: give a reason, then reject. Opening this page has decided nothing."
    ends = f"The request ends at {_time(approval.expires_at)}."
    jump = f'<p class="jump"><a href="#decide">To the decision</a><span class="soft">{ends}</span></p>'
    body = jump + _attention(approval, banner) + _facts(approval) + form
    return _page(status, title, "open", lead, body)


def ended_page(approval: Approval, status: int | None = None) -> dict[str, Any]:
    """The page of a request that has ended: how, by whom, when and why."""
    title, words, tone = _ENDED[approval.state]
    if approval.state == "approved" and approval.purpose == "review":
        words = "The watch of the release continues."
    if approval.state == "rejected" and approval.purpose == "review":
        words = "The release is being rolled back."
    rows = {
        "By": approval.by,
        "At": _time(approval.decided_at) if approval.decided_at else "",
        "Reason": approval.reason,
    }
    decision = "".join(f"<div><dt>{name}</dt><dd>{html(value)}</dd></div>" for name, value in rows.items() if value)
    code = status or (200 if approval.by else 410)
    body = (f'<dl class="rows">{decision}</dl>' if decision else "") + _facts(approval)
    return _page(code, f"{title}: {approval.environment}", tone, words, body)


def consented_page(approval: Approval, status: int, words: str) -> dict[str, Any]:
    """The page after an approval when more are needed or it counts from a later time; the request stays open."""
    enough = approval.counts_from and len(approval.consents) >= approval.needed
    title = "Approved from a later time" if enough else "More approvals needed"
    return _page(status, f"{title}: {approval.environment}", "open", words, _facts(approval))


def plain_page(status: int, title: str, words: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A page without the details of a request."""
    page = _page(status, title, "over", words, "")
    return {**page, "headers": {**page["headers"], **(headers or {})}}


def _who(held: str, given: str, *, by_address: bool) -> str:
    if held:
        return f'<p class="holder">This link is personal: you decide as <strong>{html(held)}</strong>.</p>'
    kind = ("email", "email", "Your e-mail address") if by_address else ("text", "name", "Your name")
    return _template("who.html").substitute(type=kind[0], autocomplete=kind[1], label=kind[2], name=html(given))


def _buttons(approval: Approval, *, rejects: bool) -> str:
    """Both buttons; the first one stands out, and is what the Enter key presses."""
    deploy = approval.purpose == "deploy"
    words = {
        "approve": f"Approve for {html(approval.environment)}" if deploy else "Continue",
        "reject": "Reject" if deploy else "Roll back",
    }
    first, second = ("reject", "approve") if rejects else ("approve", "reject")
    return (
        f'<button class="{first} first" name="decision" value="{first}">{words[first]}</button>'
        f'<button class="{second}" name="decision" value="{second}">{words[second]}</button>'
    )


def _later(approval: Approval) -> str:
    """The field for a later time; it has no zone, so its bounds are in UTC as what is entered."""
    return _template("later.html").substitute(
        first=html(approval.requested_at[:16]), last=html(approval.expires_at[:16])
    )


def _notes(approval: Approval) -> list[str]:
    notes = [f"The request ends at {_time(approval.expires_at)}."]
    if approval.decides_from > approval.requested_at:
        notes.append(f"Approving is possible from {_time(approval.decides_from)} on; rejecting is possible now.")
    if approval.needed > 1:
        had = ", ".join(one.by for one in approval.consents) or "nobody yet"
        notes.append(f"{approval.needed} people must approve. So far: {had}.")
    if approval.counts_from:
        notes.append(f"The approvals so far count from {minute(approval.counts_from)}.")
    if not approval.author_may_approve:
        notes.append(f"Who made, pushed or merged the release may not approve it: {', '.join(approval.authors)}.")
    if approval.shown and approval.purpose == "deploy":
        notes.append("An approval is valid for exactly this artifact and these results; if they change, it is void.")
    return notes


def _attention(approval: Approval, banner: str) -> str:
    """The section at the top of the page: freeze, emergency, parts that can't be rolled back, and alarms."""
    targets = approval.shown.rollback if approval.shown else ()
    warnings = [words for words in (banner, approval.summary.get("emergency", "")) if words]
    warnings += [f"No rollback for {target.part}: {target.reason}." for target in targets if not target.ready]
    warnings += [f"The alarm {alarm.name} is in ALARM." for alarm in approval.alarms if alarm.state == "ALARM"]
    watched = any(alarm.severity == "critical" and alarm.state != "missing" for alarm in approval.alarms)
    if approval.alarms_at and not watched:
        where = approval.environment
        warnings.append(
            f"No critical alarm watches {where}: only its health checks and tests would take the release back."
        )
    warnings += [f"The {words}." for words in too_slow_words(approval.alarms, approval.watch_seconds)]
    lines = "".join(f"<li>{html(line)}</li>" for line in warnings)
    return f'<section class="attention"><h2>Read this first</h2><ul>{lines}</ul></section>' if warnings else ""


def _facts(approval: Approval) -> str:
    summary = approval.summary
    release = _rows(
        ("Title", summary.get("title", ""), "title"),
        ("Reason for this request", summary.get("reason", "")),
        ("Author", summary.get("author", "")),
        ("Changes", summary.get("changes", "")),
        ("Left out", summary.get("pinned", "")),
        ("Measured", summary.get("figures", "")),
        ("Repository", summary.get("repository", "")),
        ("Commit", summary.get("commit", ""), "code"),
        ("Artifact SHA-256", approval.shown.digest if approval.shown else "", "code"),
    )
    pages = "".join(f'<li><a href="{html(link)}">{html(name)}</a></li>' for name, link in approval.links.items())
    links = f'<ul class="pages">{pages}</ul>' if pages else ""
    sections = [_section("Release", f'<dl class="rows">{release}</dl>{links}')] if release else []
    if approval.shown:
        sections += [_commits(approval), _gates(approval), _rollback(approval), _alarms(approval)]
    return "".join(sections)


def _commits(approval: Approval) -> str:
    assert approval.shown  # noqa: S101 - for the type checker: the caller has checked
    lines = "".join(f"<li>{html(line)}</li>" for line in approval.shown.commits)
    note = f'<p class="soft">{html(approval.shown.commits_note)}</p>' if approval.shown.commits_note else ""
    return _section("Commits since the running version", (f'<ol class="commits">{lines}</ol>' if lines else "") + note)


def _gates(approval: Approval) -> str:
    assert approval.shown  # noqa: S101 - for the type checker: the caller has checked
    gates = sorted(approval.shown.gates, key=lambda gate: gate.outcome == "passed")
    lines = [_line(gate.outcome == "passed", gate.outcome, gate.name, gate.reason) for gate in gates]
    lines += [_line(None, "none", name, words) for name, words in undeclared(approval.shown.gates).items()]
    return _section("Gates", f'<ul class="lines">{"".join(lines)}</ul>')


def _rollback(approval: Approval) -> str:
    assert approval.shown  # noqa: S101 - for the type checker: the caller has checked
    lines = [
        _line(target.ready, "ready" if target.ready else "not ready", f"{target.part} to {target.to}", target.reason)
        for target in approval.shown.rollback
    ]
    nothing = '<p class="soft">This is the first release here: there is no earlier version to restore.</p>'
    return _section("Rollback would restore", f'<ul class="lines">{"".join(lines)}</ul>' if lines else nothing)


def _alarms(approval: Approval) -> str:
    if not approval.alarms_at:
        return ""
    words = {"OK": (True, "OK"), "ALARM": (False, "in ALARM"), "INSUFFICIENT_DATA": (None, "no data")}
    lines = []
    for alarm in approval.alarms:
        good, word = words.get(alarm.state, (None, "missing"))
        lines.append(_line(good, word, alarm.name, f"{alarm.severity}; {alarm.reason}".rstrip("; ")))
    nothing = '<p class="soft">This environment has no alarms.</p>'
    text = f'<ul class="lines">{"".join(lines)}</ul>' if lines else nothing
    read = f'<p class="soft">Read at {_time(approval.alarms_at)}. A critical alarm voids this request.</p>'
    return _section("Alarms", text + read)


def _line(good: bool | None, word: str, name: str, reason: str) -> str:
    """One line with its state as a word, not only as a colour."""
    tone = "wait" if good is None else "good" if good else "bad"
    kind = "message" if good is False else "soft"
    detail = f'<span class="{kind}">{html(reason)}</span>' if reason else ""
    return f'<li><span class="mark {tone}">{html(word)}</span><span><strong>{html(name)}</strong> {detail}</span></li>'


def _rows(*rows: tuple[str, str] | tuple[str, str, str]) -> str:
    """Rows of name, value and optionally the CSS class of the value; rows with an empty value are left out."""
    return "".join(
        f'<div><dt>{row[0]}</dt><dd class="{"".join(row[2:])}">{html(row[1])}</dd></div>' for row in rows if row[1]
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>{body}</section>" if body else ""


def _time(text: str) -> str:
    """`2026-01-31T08:00:00.000Z` → `2026-01-31 08:00 UTC`."""
    return html(f"{text[:10]} {text[11:16]} UTC" if text[10:11] == "T" else text)


def _page(status: int, title: str, tone: str, lead: str, body: str) -> dict[str, Any]:
    page = _template("page.html").substitute(title=html(title), style=_style(), tone=tone, lead=html(lead), body=body)
    return {"statusCode": status, "headers": headers(_style()), "body": page}


@cache
def _style() -> str:
    return "".join((_FOLDER / name).read_text("utf-8") for name in ("base.css", "page.css"))


@cache
def _template(name: str) -> Template:
    return Template((_FOLDER / name).read_text("utf-8"))
