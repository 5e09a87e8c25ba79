"""Routing of REST calls to handlers, their arguments, and the format of errors and pages."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from local.github.git import Ref
from local.github.records import Hook, Person, Repository, Token
from local.github.store import Store

DOCS = "https://docs.github.com/rest"
API = "/api/v3"
T = TypeVar("T")


class ApiError(Exception):
    """An error response with GitHub's message."""

    def __init__(
        self, status: int, message: str, errors: Sequence[Any] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The error as GitHub sends it."""
        location = {"url": self.headers["Location"]} if "Location" in self.headers else {}
        body: dict[str, Any] = {
            "message": self.message,
            **location,
            "documentation_url": DOCS,
            "status": str(self.status),
        }
        if self.errors:
            body["errors"] = self.errors
        return reply(body, self.status, self.headers)


def moved(hub: "Hub", method: str, path: str) -> ApiError:
    """GitHub's answer to a request that has the former name of a repository or branch.

    https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects; that writes
    get a 307 with the same message is in https://github.com/18F/charlie/pull/85.
    """
    status = 301 if method in ("GET", "HEAD") else 307
    return ApiError(status, "Moved Permanently", headers={"Location": f"{hub.api_url}{path}"})


def not_found() -> ApiError:
    """GitHub's error for things that do not exist or that the token can't see."""
    return ApiError(404, "Not Found")


def invalid(resource: str, name: str, code: str, message: str = "") -> ApiError:
    """A 422 about one field; `code` is missing_field, invalid, already_exists or custom."""
    error = {"resource": resource, "field": name, "code": code}
    return ApiError(422, "Validation Failed", [{**error, "message": message} if message else error])


def reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response."""
    return Response(
        b"" if body is None else json.dumps(body).encode(),
        status,
        dict(headers or {}),
        content_type="application/json; charset=utf-8",
    )


class Hub(Protocol):
    """The operations of the server that handlers use."""

    store: Store

    @property
    def url(self) -> str:
        """The base address for people and git."""

    @property
    def api_url(self) -> str:
        """The base address for REST clients."""

    def refs_moved(self, repository: Repository, before: Mapping[str, Ref], pusher: Person) -> None:
        """Send the push events for the refs that changed since `before`."""

    def emit(self, repository: Repository, event: str, body: Mapping[str, Any]) -> None:
        """Send an event to the repository's hooks."""

    def send(self, hook: Hook, repository: Repository, event: str, body: Mapping[str, Any]) -> None:
        """Send an event to one hook, independent of its events."""

    def redeliver(self, hook: Hook, delivery_id: int) -> bool:
        """Send a recorded delivery again; False when no delivery has this id."""


@dataclass(frozen=True)
class Call:
    """One authenticated REST call."""

    hub: Hub
    request: Request
    token: Token

    @property
    def user(self) -> Person:
        """The owner of the token."""
        return self.token.owner

    @property
    def store(self) -> Store:
        """The records of the server."""
        return self.hub.store

    def body(self, *required: str, resource: str = "Request") -> dict[str, Any]:
        """The JSON body; ApiError 400 or 422 when it is invalid or lacks a required field."""
        try:
            body = json.loads(self.request.get_data() or b"{}")
        except ValueError:
            raise ApiError(400, "Problems parsing JSON") from None
        if not isinstance(body, dict):
            raise ApiError(400, "Body should be a JSON object")
        for name in required:
            if body.get(name) in (None, ""):
                raise invalid(resource, name, "missing_field")
        return body

    def argument(self, name: str, default: str = "") -> str:
        """A query parameter, or the default."""
        return str(self.request.args.get(name, default))

    def _number(self, name: str, default: int) -> int:
        given = self.argument(name)
        return max(1, int(given)) if given.isdigit() else default

    def window(self, default: int = 30, most: int = 100) -> tuple[int, int]:
        """Number and size of the requested page."""
        return self._number("page", 1), min(self._number("per_page", default), most)

    def links(self, total: int, default: int = 30, most: int = 100) -> dict[str, str]:
        """The Link header of this page among `total` things."""
        page, size = self.window(default, most)
        last = max(1, -(-total // size))
        targets = {"first": 1, "prev": page - 1} if page > 1 else {}
        if page < last:
            targets |= {"next": page + 1, "last": last}
        if not targets:
            return {}
        base = f"{self.hub.url}{self.request.path}"
        kept = {key: value for key, value in self.request.args.items() if key != "page"}
        links = (f'<{base}?{urlencode({**kept, "page": to})}>; rel="{rel}"' for rel, to in targets.items())
        return {"Link": ", ".join(links)}

    def paged(self, things: Sequence[T], shape: Callable[[T], Any]) -> Response:
        """One page of a list."""
        page, size = self.window()
        shown = things[(page - 1) * size : page * size]
        return reply([shape(thing) for thing in shown], 200, self.links(len(things)))


Handler = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """A path with its handler and the permission that it requires: `area:read`, `area:write`, or none."""

    method: str
    rule: str
    permission: str
    status: int
    handler: Handler


class Routes:
    """The routes of one topic, collected by decorating handlers."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def add(self, method: str, rule: str, permission: str, status: int = 200) -> Callable[[Handler], Handler]:
        """Register a handler; a rule that starts with `/` is absolute, any other is below the repository."""
        full = rule if rule.startswith("/") else f"{API}/repos/<owner>/<name>/{rule}".rstrip("/")

        def register(handler: Handler) -> Handler:
            self._routes.append(Route(method, full, permission, status, handler))
            return handler

        return register
