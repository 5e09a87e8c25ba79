"""Pages for people: what mails, the console and comments link to. They only show, and need no session.

Like the console of the laptop, they answer to loopback's names only, so that no other site reads them.
"""

from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from local.github.records import Issue, Repository
from local.github.routing import Hub, Routes, not_found

ROUTES = Routes()
_NAMES = ("127.0.0.1", "localhost")
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}"
    "h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.125rem;margin-top:2rem}"
    "pre{white-space:pre-wrap;font-size:.8125rem;padding:.75rem;border:1px solid #8888;border-radius:.5rem}"
    "ul{padding:0;list-style:none}li{padding:.5rem 0;border-top:1px solid #8886}"
    "li a{display:inline-block;min-height:1.5rem}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@ROUTES.add("GET", "/<owner>/<name>/commit/<sha>", "")
def commit(hub: Hub, request: Request, owner: str, name: str, sha: str) -> Response:
    """A commit with its statuses, check runs and difference.

    A status leads to its `target_url`, a check run to its own page.
    https://docs.github.com/en/rest/checks/runs (`html_url`)
    """
    repository = _repository(hub, request, f"{owner}/{name}")
    full = repository.git.resolve(sha)
    if full is None:
        raise not_found()
    found = repository.git.commit(full)
    # the newest of each name comes last
    reported = {
        **{one.context: (one.state, one.description, one.target_url) for one in repository.statuses if one.sha == full},
        **{
            one.name: (one.conclusion or one.status, one.title, f"/{repository.full_name}/runs/{one.id}")
            for one in repository.check_runs
            if one.sha == full
        },
    }
    shown = repository.git.text("show", "--format=", "--stat", "--patch", full)
    return _page(
        f"{full[:12]} · {repository.full_name}",
        f"<p>{escape(found.author.name)}</p><pre>{escape(found.message)}</pre>",
        _list(_state(context, *one) for context, one in sorted(reported.items())),
        f"<pre>{escape(shown)}</pre>",
    )


@ROUTES.add("GET", "/<owner>/<name>/runs/<int:number>", "")
def check_run(hub: Hub, request: Request, owner: str, name: str, number: int) -> Response:
    """A check run: its title, its summary, and its annotations with their messages."""
    repository = _repository(hub, request, f"{owner}/{name}")
    found = next((one for one in repository.check_runs if one.id == number), None)
    if found is None:
        raise not_found()
    notes = _list(
        f"{escape(one['annotation_level'])}: <strong>{escape(one.get('title') or '')}</strong> "
        f"in {escape(one['path'])}:{one['start_line']}<pre>{escape(one['message'])}</pre>"
        for one in found.annotations
    )
    commit_page = f'<a href="/{repository.full_name}/commit/{found.sha}">{found.sha[:12]}</a>'
    more = f'<p><a href="{escape(found.details_url)}">Details</a></p>' if found.details_url else ""
    return _page(
        f"{found.name}: {found.conclusion or found.status}",
        f"<p>{commit_page} · {escape(found.title or '')}</p>",
        notes if found.annotations else "",
        f"<pre>{escape(found.summary or '')}</pre>{more}",
    )


@ROUTES.add("GET", "/<owner>/<name>/issues/<int:number>", "")
def issue(hub: Hub, request: Request, owner: str, name: str, number: int) -> Response:
    """An issue with its comments."""
    return _discussion(hub, request, f"{owner}/{name}", number)


@ROUTES.add("GET", "/<owner>/<name>/pull/<int:number>", "")
def pull(hub: Hub, request: Request, owner: str, name: str, number: int) -> Response:
    """A pull request with its comments."""
    return _discussion(hub, request, f"{owner}/{name}", number)


def _discussion(hub: Hub, request: Request, full_name: str, number: int) -> Response:
    found = _repository(hub, request, full_name).issue(number)
    if found is None:
        raise not_found()
    return _page(
        f"{found.title} · {full_name}#{number}",
        f"<p>{escape(found.state)}{_branches(found)}, opened by {escape(found.author.login)}</p>",
        f"<pre>{escape(found.body or '')}</pre>",
        *(f"<h2>{escape(one.author.login)}</h2><pre>{escape(one.body)}</pre>" for one in found.comments),
    )


def _branches(found: Issue) -> str:
    return f" {escape(found.pull.head)} → {escape(found.pull.base)}" if found.pull else ""


def _repository(hub: Hub, request: Request, full_name: str) -> Repository:
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    found = hub.store.repositories.get(full_name)
    if host not in _NAMES or found is None:
        raise not_found()
    return found


def _state(context: str, state: str, words: str | None, link: str | None) -> str:
    name = f'<a href="{escape(link)}">{escape(context)}</a>' if link else escape(context)
    return f"{name}: {escape(state)} {escape(words or '')}"


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _page(title: str, *parts: str) -> Response:
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    body = f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{''.join(parts)}"
    return Response(head + body, 200, {"Content-Security-Policy": _POLICY}, content_type="text/html; charset=utf-8")
