"""GitHub over GraphQL: rate limits are waited for."""

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from functions.adapters.github.client import GitHub
from functions.adapters.github.documents import document, send
from functions.adapters.github.errors import GitHubUnavailableError

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 60.0


class GraphQL(GitHub):
    """The same GitHub and credential; `longest_wait_seconds` is the limit of the sum of a call's waits."""

    RETRIES: ClassVar[bool] = False  # a connection that retries hides how long GitHub demands to wait
    longest_wait_seconds = 20.0

    def __init__(
        self, api_url: str, credential: Callable[[], str], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(api_url, credential)
        self._sleep = sleep
        self.requests = 0
        self.cost = 0

    def run(self, name: str, variables: Mapping[str, Any], about: str, text: str = "") -> dict[str, Any]:
        """The `data` of a response; temporary faults are retried, because every document may be sent twice.

        `name` is the document's file, or the name of `text`; `about` names the object in errors.
        """
        left, pause = self.longest_wait_seconds, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._once(name, variables, about, text)
            except GitHubUnavailableError as fault:
                demanded = fault.retry_after_seconds
                # The jitter is never negative: an early retry extends GitHub's limit.
                seconds = demanded if demanded is not None else pause
                wait = seconds * (1 + random.random() / 10)  # noqa: S311 - no secret
                if wait > left:
                    raise
                self._sleep(wait)
                left -= wait
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _once(self, name: str, variables: Mapping[str, Any], about: str, text: str) -> dict[str, Any]:
        self.requests += 1
        found = self._request(about, name, lambda repo: send(repo, text or document(name), variables, about))
        self.cost += (found.get("rateLimit") or {}).get("cost", 0)
        return found
