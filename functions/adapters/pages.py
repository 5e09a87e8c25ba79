"""The pages of an approval, as HTTP answers; every text from outside is escaped."""

from html import escape
from pathlib import Path
from string import Template
from typing import Any

from functions.domain.approvals import Approval, Decision

_FOLDER = Path(__file__).parent / "html"
_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}
_ENDED = {
    "approved": ("Approved", "The deployment goes on."),
    "rejected": ("Rejected", "The deployment stops; nothing is rolled back."),
    "expired": ("Expired", "Nobody decided in time; the deployment has stopped."),
    "superseded": ("Superseded", "A newer release has taken the place of this one."),
    "void": ("Void", "The deployment that asked has ended; nothing is left to decide."),
}
_ROWS = (
    ("Release", "repository"),
    ("Commit", "commit"),
    ("Title", "title"),
    ("Author", "author"),
    ("Changes", "changes"),
    ("Gates", "gates"),
    ("Rollback would restore", "rollback"),
    ("Why you are asked", "reason"),
)


def open_page(
    approval: Approval, secret: str, status: int = 200, problem: str = "", given: Decision | None = None
) -> dict[str, Any]:
    """The request with its form; a refused form comes back with what was typed."""
    action = "Approve release" if approval.purpose == "deploy" else "Continue"
    form = _template("form.html").substitute(
        secret=escape(secret, quote=True),
        name=escape(given.by if given else "", quote=True),
        reason=escape(given.reason if given else ""),
        approve=action,
        reject="Reject" if approval.purpose == "deploy" else "Roll back",
        problem=f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else "",
        expires=escape(approval.expires_at),
    )
    asks = "Deploy to" if approval.purpose == "deploy" else "A warning rang in"
    return _page(status, f"{asks} {approval.environment}?", _table(approval) + form)


def ended_page(approval: Approval, status: int | None = None) -> dict[str, Any]:
    """What became of the request."""
    title, words = _ENDED[approval.state]
    by = f"<p>By <strong>{escape(approval.by)}</strong> at {escape(approval.decided_at)}.</p>" if approval.by else ""
    reason = f"<p>Reason: {escape(approval.reason)}</p>" if approval.reason else ""
    code = status or (200 if approval.by else 410)
    return _page(code, f"{title}: {approval.environment}", f"<p>{words}</p>{by}{reason}{_table(approval)}")


def plain_page(status: int, title: str, words: str) -> dict[str, Any]:
    """A page about no request in particular."""
    return _page(status, title, f"<p>{escape(words)}</p>")


def _table(approval: Approval) -> str:
    rows = (
        f"<div><dt>{label}</dt><dd>{escape(approval.summary[key])}</dd></div>"
        for label, key in _ROWS
        if approval.summary.get(key)
    )
    return f"<dl>{''.join(rows)}</dl>"


def _page(status: int, title: str, body: str) -> dict[str, Any]:
    html = _template("page.html").substitute(title=escape(title), body=body)
    return {"statusCode": status, "headers": _HEADERS, "body": html}


def _template(name: str) -> Template:
    return Template((_FOLDER / name).read_text("utf-8"))
