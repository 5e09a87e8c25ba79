"""The console: GET shows environments, releases, items and executions, and changes nothing (O5).

200 shown · 303 a link began a session · 304 nothing has changed since · 401 no session · 403 the link opens no longer
404 no such release · 405 another method
"""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

from functions.adapters.clock import Clock
from functions.adapters.console_accesses import ConsoleAccesses
from functions.adapters.console_pages import View, overview_page, plain_page, release_page
from functions.adapters.links import MessageLinks
from functions.adapters.signed_requests import read_headers
from functions.domain.console import Detail
from functions.domain.console_access import LASTS, admits, begin
from functions.handler import Handler, encode
from functions.procedures.console import ConsoleReader

HANDLER = Handler(allow=(*ConsoleAccesses.READ, *ConsoleReader.READ), timeout_seconds=28, memory_mb=1024)
_COOKIE = "kiro-console"
_AGAIN = "`kiro-worker open` prints a new link; whoever may read this stack may run it."


def console(
    event: dict[str, Any], accesses: ConsoleAccesses, reader: ConsoleReader, links: MessageLinks, clock: Clock
) -> dict[str, Any]:
    """Answer an HTTP request of a session; a link begins one. Nothing else is read before it is known."""
    now = clock.now()
    if event["requestContext"]["http"]["method"] != "GET":
        return plain_page(405, "This method is not allowed", "The console is only read.", now, {"allow": "GET"})
    query = event.get("queryStringParameters") or {}
    if "open" in query:
        return _begin(query["open"], accesses, now)
    access_id, _, session = _cookie(event).partition(".")
    if not admits(accesses.find(access_id), session, now):
        return plain_page(401, "No session, or it has ended", _AGAIN, now)
    wanted = (event.get("pathParameters") or {}).get("deployment", "")
    found = reader.detail(wanted) if wanted else reader.overview()
    if found is None:
        return plain_page(
            404, "No such release", f"No deployment is called {wanted}; `kiro-worker history` lists them.", now
        )
    live = query.get("live", "on") != "off"
    tag = sha256(f"{live}{json.dumps(encode(found), sort_keys=True)}".encode()).hexdigest()[:32]
    if read_headers(event).get("if-none-match", "").strip('"') == tag:
        return {"statusCode": 304, "headers": {"cache-control": "no-store", "etag": f'"{tag}"'}, "body": ""}
    # Addresses are relative: a stage or a proxy may put something before the path.
    view = View(now, live=live, tag=tag, github=links.links.github, home="../console" if wanted else "console")
    return release_page(found, view) if isinstance(found, Detail) else overview_page(found, view)


def _begin(link: str, accesses: ConsoleAccesses, now: datetime) -> dict[str, Any]:
    """Begin the session of a link, and leave the link's secret out of the address."""
    access_id, _, secret = link.partition(".")
    session = begin(accesses.find(access_id), secret, now)
    if not session:
        return plain_page(403, "This link opens the console no longer", _AGAIN, now)
    limits = f"Max-Age={int(LASTS.total_seconds())}; Path=/; HttpOnly; Secure; SameSite=Lax"
    return {
        "statusCode": 303,
        "headers": {"location": "console", "cache-control": "no-store", "referrer-policy": "no-referrer"},
        "cookies": [f"{_COOKIE}={access_id}.{session}; {limits}"],
        "body": "",
    }


def _cookie(event: dict[str, Any]) -> str:
    """The cookie of the session; "" without one. HTTP APIs hand on cookies apart from the headers.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    pairs = (pair.partition("=") for one in event.get("cookies", ()) for pair in one.split(";"))
    return next((value.strip() for name, _, value in pairs if name.strip() == _COOKIE), "")
