"""Sends signed events to hooks, one after the other from one thread, and records every attempt."""

import contextlib
import dataclasses
import hashlib
import hmac
import json
import queue
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from typing import Any

from local.github.records import Delivery, Hook, Repository, now
from local.github.store import Store

_SECONDS = 10  # GitHub's timeout of a delivery
_REASONS = {"timeout": (504, "timed out"), "refused": (502, "failed to connect to host")}


def signed_headers(hook: Hook, repository: Repository, event: str, guid: str, body: bytes) -> dict[str, str]:
    """The headers of a delivery, as GitHub sends them."""
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/local",
        "X-GitHub-Delivery": guid,
        "X-GitHub-Event": event,
        "X-GitHub-Hook-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-ID": hook.app_id or str(repository.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration" if hook.app_id else "repository",
    }
    if hook.secret:
        key = hook.secret.encode()
        headers["X-Hub-Signature"] = "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest()
        headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    return headers


class Webhooks:
    """The thread that sends deliveries, and its queue."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: queue.Queue[tuple[Hook, Delivery] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="local-github-webhooks", daemon=True)
        self._to_lose = 0
        # A delivery goes directly to the hook's address, never through a proxy of the environment.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def start(self) -> None:
        """Start sending."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the current delivery; queued deliveries are not sent."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._queue.get_nowait()
        self._queue.put(None)
        self._thread.join(timeout=_SECONDS + 1)

    def lose_next(self, count: int) -> None:
        """Lose the next deliveries: they are recorded as not connected and never sent."""
        with self._store.lock:
            self._to_lose = count

    def send(self, hook: Hook, repository: Repository, event: str, payload: Mapping[str, Any]) -> None:
        """Queue an event for one hook."""
        body = json.dumps(payload, separators=(",", ":")).encode()
        guid = str(uuid.uuid4())
        headers = signed_headers(hook, repository, event, guid, body)
        delivery = Delivery(
            self._store.next_id(),
            guid,
            event,
            payload.get("action"),
            False,
            headers,
            body,
            0,
            "pending",
            "",
            0,
            now(),
        )
        self._queue.put((hook, delivery))

    def redeliver(self, hook: Hook, delivery: Delivery) -> None:
        """Queue a delivery again: same guid and body, new id."""
        again = dataclasses.replace(delivery, id=self._store.next_id(), redelivery=True)
        self._queue.put((hook, again))

    def _work(self) -> None:
        while (waiting := self._queue.get()) is not None:
            hook, delivery = waiting
            started = time.monotonic()
            code, status, response = self._attempt(hook, delivery)
            result = dataclasses.replace(
                delivery,
                status_code=code,
                status=status,
                response=response,
                duration=round(time.monotonic() - started, 2),
                delivered=now(),
            )
            with self._store.lock:
                hook.deliveries.append(result)

    def _attempt(self, hook: Hook, delivery: Delivery) -> tuple[int, str, str]:
        with self._store.lock:
            lost = self._to_lose > 0
            self._to_lose -= lost
        if lost:
            return (*_REASONS["refused"], "")
        request = urllib.request.Request(  # noqa: S310 - add_hook accepts only http(s) addresses
            hook.url, delivery.body, dict(delivery.request_headers), method="POST"
        )
        try:
            with self._opener.open(request, timeout=_SECONDS) as answer:
                return answer.status, "OK", answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            return error.code, f"Invalid HTTP Response: {error.code}", text
        except TimeoutError:
            return (*_REASONS["timeout"], "")
        except OSError as error:
            late = isinstance(getattr(error, "reason", None), TimeoutError)
            return (*_REASONS["timeout" if late else "refused"], "")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirects, as GitHub does for hooks."""

    def redirect_request(self, *_: Any) -> None:
        return None
