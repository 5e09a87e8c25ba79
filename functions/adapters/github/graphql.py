"""GitHub over GraphQL: documents from files beside this one, and waiting when GitHub asks to wait."""

import random
import re
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from functions.adapters.github.client import GitHub
from functions.adapters.github.errors import GitHubError, GitHubUnavailableError, wait_seconds

if TYPE_CHECKING:
    from github.Repository import Repository

_FOLDER = Path(__file__).parent
_SPREAD = re.compile(r"\.\.\.([A-Z]\w*)")
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 60.0


@cache
def document(name: str) -> str:
    """The text of a query or mutation, with the fragments that it spreads, each in its file."""
    text = (_FOLDER / f"{name}.graphql").read_text("utf-8")
    fragments = (_FOLDER / "fragments" / f"{one}.graphql" for one in _SPREAD.findall(text))
    return "\n".join([text, *(file.read_text("utf-8") for file in fragments)])


class GraphQL(GitHub):
    """The same GitHub and credential; `patience_seconds` is what all waits of a call may add up to."""

    PATIENT: ClassVar[bool] = False  # a connection that waits by itself hides how long GitHub asked to wait
    patience_seconds = 20.0

    def __init__(
        self, api_url: str, credential: Callable[[], str], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(api_url, credential)
        self._sleep = sleep
        self.requests = 0
        self.cost = 0

    def run(self, name: str, variables: Mapping[str, Any], about: str) -> dict[str, Any]:
        """The `data` of an answer; every document here may be sent twice, so every passing fault is waited out."""
        left, pause = self.patience_seconds, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._once(name, variables, about)
            except GitHubUnavailableError as fault:
                asked = fault.retry_after_seconds
                # Jitter only ever adds: GitHub punishes who comes back early.
                wait = (asked if asked is not None else pause) * (1 + random.random() / 10)  # noqa: S311 - no secret
                if wait > left:
                    raise
                self._sleep(wait)
                left -= wait
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _once(self, name: str, variables: Mapping[str, Any], about: str) -> dict[str, Any]:
        self.requests += 1

        def send(repo: "Repository") -> dict[str, Any]:
            from github import GithubException

            try:
                data = repo.requester.graphql_query(document(name), dict(variables))[1]["data"]
            except GithubException as error:
                raise _limited(error, about) or error from None
            return dict(data)

        found = self._ask(about, name, send)
        self.cost += (found.get("rateLimit") or {}).get("cost", 0)
        return found


def _limited(error: Any, about: str) -> GitHubError | None:
    """GraphQL tells of its limits with status 200: in an error's type (RATE_LIMITED, RATE_LIMIT), or in words alone."""
    data = error.data if isinstance(error.data, dict) else {}
    found = [one for one in data.get("errors") or [] if isinstance(one, dict)]
    told = [f"{one.get('type')} {one.get('message')}".lower().replace("_", " ") for one in found]
    if not any("rate limit" in words for words in told):
        return None
    headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
    return GitHubUnavailableError(
        f"GitHub {about}: a GraphQL rate limit is reached; try again later", wait_seconds(error.status, headers)
    )
