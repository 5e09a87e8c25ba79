"""REST: webhooks, their deliveries, and `repository_dispatch` (https://docs.github.com/rest/repos/webhooks)."""

import json
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from local.github import shapes
from local.github.records import Delivery, Hook, Person, Repository
from local.github.routing import Call, Hub, Routes, invalid, not_found

ROUTES = Routes()
_AREA = "repository_hooks"
_MOST_PROPERTIES = 10


def add(hub: Hub, repository: Repository, hook: Hook, sender: Person) -> Hook:
    """Add a new hook and send its ping."""
    if urlsplit(hook.url).scheme not in ("http", "https"):
        raise invalid("Hook", "url", "custom", "Url is invalid: it must start with http:// or https://")
    repository.hooks.append(hook)
    _ping(hub, repository, hook, sender)
    return hook


@ROUTES.add("GET", "hooks", f"{_AREA}:read")
def list_hooks(call: Call, repository: Repository) -> Response:
    """The hooks of a repository."""
    return call.paged(repository.hooks, lambda hook: _shape(call.hub, repository, hook))


@ROUTES.add("POST", "hooks", f"{_AREA}:write", 201)
def create_hook(call: Call, repository: Repository) -> dict[str, Any]:
    """Add a hook."""
    body = call.body("config", resource="Hook")
    config = body["config"]
    if config.get("content_type") != "json":
        raise invalid("Hook", "content_type", "custom", "only json is supported here: set config.content_type to json")
    if any(hook.url == config.get("url") for hook in repository.hooks):
        raise invalid("Hook", "url", "custom", "Hook already exists on this repository")
    events, active = body.get("events") or ["push"], body.get("active", True)
    hook = Hook(call.store.next_id(), config.get("url", ""), config.get("secret", ""), events, active)
    return _shape(call.hub, repository, add(call.hub, repository, hook, call.user))


@ROUTES.add("GET", "hooks/<int:hook_id>", f"{_AREA}:read")
def get_hook(call: Call, repository: Repository, hook_id: int) -> dict[str, Any]:
    """One hook."""
    return _shape(call.hub, repository, _find(repository, hook_id))


@ROUTES.add("PATCH", "hooks/<int:hook_id>", f"{_AREA}:write")
def update_hook(call: Call, repository: Repository, hook_id: int) -> dict[str, Any]:
    """Change address, secret, events or the active flag."""
    hook, body = _find(repository, hook_id), call.body()
    config = body.get("config", {})
    hook.url, hook.secret = config.get("url", hook.url), config.get("secret", hook.secret)
    hook.events, hook.active = body.get("events", hook.events), body.get("active", hook.active)
    return _shape(call.hub, repository, hook)


@ROUTES.add("DELETE", "hooks/<int:hook_id>", f"{_AREA}:write", 204)
def delete_hook(call: Call, repository: Repository, hook_id: int) -> None:  # noqa: ARG001 - a handler
    """Remove a hook."""
    repository.hooks.remove(_find(repository, hook_id))


@ROUTES.add("POST", "hooks/<int:hook_id>/pings", f"{_AREA}:write", 204)
def ping_hook(call: Call, repository: Repository, hook_id: int) -> None:
    """Send a ping."""
    _ping(call.hub, repository, _find(repository, hook_id), call.user)


@ROUTES.add("GET", "hooks/<int:hook_id>/deliveries", f"{_AREA}:read")
def list_deliveries(call: Call, repository: Repository, hook_id: int) -> Response:
    """The deliveries of a hook, newest first."""
    hook = _find(repository, hook_id)
    return call.paged(hook.deliveries[::-1], lambda one: _delivery(repository, hook, one))


@ROUTES.add("GET", "hooks/<int:hook_id>/deliveries/<int:delivery_id>", f"{_AREA}:read")
def get_delivery(call: Call, repository: Repository, hook_id: int, delivery_id: int) -> dict[str, Any]:  # noqa: ARG001
    """One delivery with request and response."""
    hook = _find(repository, hook_id)
    found = next((one for one in hook.deliveries if one.id == delivery_id), None)
    if found is None:
        raise not_found()
    return _delivery(repository, hook, found) | {
        "url": hook.url,
        "request": {"headers": dict(found.request_headers), "payload": json.loads(found.body)},
        "response": {"headers": {}, "payload": found.response},
    }


@ROUTES.add("POST", "hooks/<int:hook_id>/deliveries/<int:delivery_id>/attempts", f"{_AREA}:write", 202)
def redeliver(call: Call, repository: Repository, hook_id: int, delivery_id: int) -> dict[str, Any]:
    """Send a delivery again, with the same guid and the same bytes."""
    if not call.hub.redeliver(_find(repository, hook_id), delivery_id):
        raise not_found()
    return {}


@ROUTES.add("POST", "dispatches", "contents:write", 204)
def dispatch(call: Call, repository: Repository) -> None:
    """Send a custom event to the hooks."""
    body = call.body("event_type", resource="RepositoryDispatch")
    payload = body.get("client_payload", {})
    if len(payload) > _MOST_PROPERTIES:
        raise invalid("RepositoryDispatch", "client_payload", "custom", "No more than 10 properties are allowed")
    event = {
        "action": body["event_type"],
        "branch": repository.default_branch,
        "client_payload": payload,
        "repository": shapes.repository(call.hub, repository),
        "sender": shapes.user(call.hub, call.user),
    }
    call.hub.emit(repository, "repository_dispatch", event)


def _find(repository: Repository, hook_id: int) -> Hook:
    found = next((hook for hook in repository.hooks if hook.id == hook_id), None)
    if found is None:
        raise not_found()
    return found


def _ping(hub: Hub, repository: Repository, hook: Hook, sender: Person) -> None:
    body = {
        "zen": "Speak like a human.",
        "hook_id": hook.id,
        "hook": _shape(hub, repository, hook),
        "repository": shapes.repository(hub, repository),
        "sender": shapes.user(hub, sender),
    }
    hub.send(hook, repository, "ping", body)


def _shape(hub: Hub, repository: Repository, hook: Hook) -> dict[str, Any]:
    url = f"{shapes.repository_url(hub, repository)}/hooks/{hook.id}"
    last = hook.deliveries[-1] if hook.deliveries else None
    return {
        "type": "Repository",
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": hook.events,
        "config": {
            "content_type": "json",
            "insecure_ssl": "0",
            "url": hook.url,
            **({"secret": "********"} if hook.secret else {}),
        },
        "updated_at": shapes.moment(hook.created),
        "created_at": shapes.moment(hook.created),
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {
            "code": last.status_code if last else None,
            "status": "unused" if last is None else "active",
            "message": last.status if last else None,
        },
    }


def _delivery(repository: Repository, hook: Hook, one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "guid": one.guid,
        "delivered_at": shapes.moment(one.delivered),
        "redelivery": one.redelivery,
        "duration": one.duration,
        "status": one.status,
        "status_code": one.status_code,
        "event": one.event,
        "action": one.action,
        "installation_id": None,
        "repository_id": repository.id,
        "throttled_at": None,
        "url": hook.url,
    }
