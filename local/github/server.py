"""The local GitHub: one HTTP server for git, REST, GraphQL and archives."""

import functools
import logging
import re
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from local.github import (
    git_http,
    graphql,
    pages,
    pushes,
    rest_actions,
    rest_apps,
    rest_archives,
    rest_checks,
    rest_code_scanning,
    rest_commits,
    rest_contents,
    rest_deployments,
    rest_git,
    rest_hooks,
    rest_issues,
    rest_pulls,
    rest_releases,
    rest_repositories,
    rest_statuses,
)
from local.github.access import authenticate, check, current_path
from local.github.board_events import send
from local.github.boards import COLUMNS, Board
from local.github.faults import Fault, Faults
from local.github.git import Ref
from local.github.records import App, Hook, Person, Repository, now
from local.github.routing import API, ApiError, Call, Route, not_found, reply
from local.github.store import Store
from local.github.webhooks import Webhooks

if TYPE_CHECKING:
    from local.github.description import Description

_LOG = logging.getLogger(__name__)
_TOPICS: tuple[ModuleType, ...] = (
    graphql,
    pages,
    rest_actions,
    rest_apps,
    rest_archives,
    rest_checks,
    rest_code_scanning,
    rest_commits,
    rest_contents,
    rest_deployments,
    rest_git,
    rest_hooks,
    rest_issues,
    rest_pulls,
    rest_releases,
    rest_repositories,
    rest_statuses,
)
_HOURLY_CALLS = 5000
_POLL_SECONDS = 0.05  # the longest time that stopping takes


class LocalGitHub:
    """A GitHub on 127.0.0.1 with bare git repositories below `root`; all other data is in memory.

    It listens on `port`, or on a free one if it is 0.
    """

    def __init__(self, root: Path, port: int = 0) -> None:
        self.store = Store(root)
        self.requests: list[tuple[str, str]] = []
        # What judges each REST call, and what it found: see `description.py`.
        self.description: Description | None = None
        self.differences: list[str] = []
        self._faults = Faults()
        self._webhooks = Webhooks(self.store)
        self._server: BaseWSGIServer = make_server("127.0.0.1", port, self._wsgi, True, request_handler=_Quiet)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="local-github", daemon=True
        )

    def start(self) -> Self:
        """Start to serve requests and to send webhooks."""
        self._thread.start()
        self._webhooks.start()
        return self

    def stop(self) -> None:
        """Stop; queued webhooks are not sent."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._webhooks.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The base address for people and git: `{url}/acme/hello-service.git`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def api_url(self) -> str:
        """The base address for REST clients; PyGithub's `base_url`."""
        return f"{self.url}{API}"

    @property
    def graphql_url(self) -> str:
        """The address for GraphQL clients."""
        return f"{self.url}/api/graphql"

    def create_repository(self, full_name: str, default_branch: str = "main") -> Repository:
        """Create an empty private repository."""
        return self.store.create_repository(full_name, default_branch)

    def repository(self, full_name: str) -> Repository:
        """A repository and its records."""
        return self.store.repositories[full_name]

    def add_token(
        self,
        token: str,
        login: str,
        email: str = "",
        permissions: Mapping[str, str] | None = None,
        repositories: Collection[str] | None = None,
        pushes_to: str = "",
    ) -> None:
        """Accept a token, with fine-grained permissions (`{"contents": "read"}`) or all of them."""
        self.store.add_token(token, self.store.person(login, email), permissions, repositories, pushes_to)

    def add_board(
        self, owner: str, number: int = 1, columns: Sequence[str] = COLUMNS, texts: Sequence[str] = ("Branch", "Reason")
    ) -> Board:
        """Create a board of an organisation, with a status field and text fields."""
        self.store.person(owner)
        made = self.store.boards[owner, number] = Board(
            self.store, owner, number, columns, texts, functools.partial(send, self)
        )
        return made

    def add_app(
        self,
        app_id: str,
        installation_id: int,
        public_key: str,
        permissions: Mapping[str, str] | None = None,
        pushes_to: str = "",
        hook: tuple[str, str] | None = None,
    ) -> None:
        """Accept requests for installation tokens with JWTs that this public key (PEM) verifies.

        `hook` is the address and the secret of the App's webhook.
        """
        bot = self.store.person(f"app-{app_id}[bot]")
        own = Hook(self.store.next_id(), *hook, [rest_actions.EVENT], app_id=app_id) if hook else None
        self.store.apps[installation_id] = App(app_id, installation_id, public_key, bot, permissions, pushes_to, own)

    def add_hook(self, full_name: str, url: str, secret: str, events: Collection[str] = ("push",)) -> Hook:
        """Add a webhook and send its ping."""
        repository = self.repository(full_name)
        owner = self.store.person(repository.owner)
        hook = Hook(self.store.next_id(), url, secret, list(events))
        return rest_hooks.add(self, repository, hook, owner)

    def lose_next(self, count: int) -> None:
        """Lose the next webhook deliveries: they are recorded as failed and never sent."""
        self._webhooks.lose_next(count)

    def respond_with(
        self,
        method: str,
        path_regex: str,
        status: int,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, object] | bytes = b"{}",
        times: int = 1,
    ) -> Fault:
        """Answer the next `times` matching requests with this response, which is returned to end it sooner."""
        fault = Fault(method, re.compile(path_regex), times, status, headers or {}, body)
        self._faults.plan(fault)
        return fault

    def refs_moved(self, repository: Repository, before: Mapping[str, Ref], pusher: Person) -> None:
        """Send the push events for the refs that changed since `before`."""
        repository.pushed = now()
        repository.activities += pushes.activities(repository, before, pusher, repository.pushed)
        for body in pushes.payloads(self, repository, before, pusher):
            self.emit(repository, "push", body)
        rest_pulls.heads_moved(self, repository, before, pusher)

    def emit(self, repository: Repository, event: str, body: Mapping[str, Any]) -> None:
        """Send an event to the repository's hooks that subscribe to it."""
        for hook in list(repository.hooks):
            if hook.active and (event in hook.events or "*" in hook.events):
                self._webhooks.send(hook, repository, event, body)

    def send(self, hook: Hook, repository: Repository, event: str, body: Mapping[str, Any]) -> None:
        """Send an event to one hook, independent of its events."""
        self._webhooks.send(hook, repository, event, body)

    def redeliver(self, hook: Hook, delivery_id: int) -> bool:
        """Send a recorded delivery again; False when no delivery has this id."""
        found = next((delivery for delivery in hook.deliveries if delivery.id == delivery_id), None)
        if found:
            self._webhooks.redeliver(hook, found)
        return found is not None

    def _wsgi(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.requests.append((request.method, request.path))
        response = self._faults.take(request.method, request.path) or self._answer(request)
        # An unread body would be read as the next request of this connection.
        request.get_data(cache=False)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            owner, name, service = _git_path(request.path)
            if service:
                return git_http.answer(self, request, f"{owner}/{name}", service)
            return self._rest(request)
        except ApiError as error:
            return self._limited(error.response())
        except HTTPException:
            return self._limited(not_found().response())
        except Exception:
            _LOG.exception("%s %s failed in the local GitHub", request.method, request.path)
            return reply({"message": "Server Error"}, 500)

    def _rest(self, request: Request) -> Response:
        adapter = _routes().bind_to_environ(request.environ)
        rule, matched = adapter.match(current_path(self, request), return_rule=True)
        route: Route = rule.endpoint
        try:
            response = self._handle(route, request, dict(matched))
        except ApiError as error:
            response = error.response()
        if self.description:
            self.differences += self.description.differences(route, request, response)
        return self._limited(response)

    def _handle(self, route: Route, request: Request, arguments: dict[str, Any]) -> Response:
        if not route.permission:
            return _respond(route.handler(self, request, **arguments), route.status)
        call = Call(self, request, authenticate(self.store, request))
        if "owner" in arguments:
            full_name = f"{arguments.pop('owner')}/{arguments.pop('name')}"
            arguments["repository"] = check(self.store, call.token, full_name, route.permission)
        return _respond(route.handler(call, **arguments), route.status)

    def _limited(self, response: Response) -> Response:
        """Add the rate-limit headers of every REST response; GraphQL counts its own points."""
        if "X-RateLimit-Limit" in response.headers:
            return response
        used = len(self.requests)
        response.headers["X-RateLimit-Limit"] = str(_HOURLY_CALLS)
        response.headers["X-RateLimit-Remaining"] = str(max(0, _HOURLY_CALLS - used))
        response.headers["X-RateLimit-Used"] = str(used)
        response.headers["X-RateLimit-Reset"] = str(int(time.time()) + 3600)
        response.headers["X-RateLimit-Resource"] = "core"
        return response


class _Quiet(WSGIRequestHandler):
    """Keeps connections open and writes nothing to the console."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: Any) -> None:
        """Log nothing; `requests` holds every request."""


@functools.cache
def _routes() -> Map:
    """The routes, shared by all servers of a process: compiling them takes longer than starting a server."""
    return Map([_rule(route) for topic in _TOPICS for route in topic.ROUTES], merge_slashes=False)


def _rule(route: Route) -> Rule:
    return Rule(route.rule, methods=[route.method], endpoint=route, strict_slashes=False)


def _respond(answer: Any, status: int) -> Response:
    return answer if isinstance(answer, Response) else reply(answer, status)


def _git_path(path: str) -> tuple[str, str, str]:
    """Owner, name and service of `/owner/name.git/service`; the service is empty for any other path."""
    owner, _, rest = path.lstrip("/").partition("/")
    name, found, service = rest.partition(".git/")
    return (owner, name, service) if found and "/" not in name else ("", "", "")
