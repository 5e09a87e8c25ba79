"""GitHub over GraphQL: documents are files in this folder; rate limits are waited for."""

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
    """The text of a query or mutation with its fragments, each from its own file."""
    text = (_FOLDER / f"{name}.graphql").read_text("utf-8")
    fragments = (_FOLDER / "fragments" / f"{one}.graphql" for one in _SPREAD.findall(text))
    return "\n".join([text, *(file.read_text("utf-8") for file in fragments)])


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

    def run(self, name: str, variables: Mapping[str, Any], about: str) -> dict[str, Any]:
        """The `data` of a response; temporary faults are retried, because every document may be sent twice.

        `name` is the document's file, `about` names the object in errors.
        """
        left, pause = self.longest_wait_seconds, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._once(name, variables, about)
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

    def _once(self, name: str, variables: Mapping[str, Any], about: str) -> dict[str, Any]:
        self.requests += 1

        def send(repo: "Repository") -> dict[str, Any]:
            from github import GithubException

            try:
                data = repo.requester.graphql_query(document(name), dict(variables))[1]["data"]
            except GithubException as error:
                raise _limited(error, about) or error from None
            return dict(data)

        found = self._request(about, name, send)
        self.cost += (found.get("rateLimit") or {}).get("cost", 0)
        return found


def _limited(error: Any, about: str) -> GitHubError | None:
    """The fault for a rate limit: GraphQL reports it with status 200, in an error's type or only in its message."""
    data = error.data if isinstance(error.data, dict) else {}
    found = [one for one in data.get("errors") or [] if isinstance(one, dict)]
    texts = [f"{one.get('type')} {one.get('message')}".lower().replace("_", " ") for one in found]
    if not any("rate limit" in text for text in texts):
        return None
    headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
    return GitHubUnavailableError(
        f"GitHub {about}: a GraphQL rate limit is reached; try again later", wait_seconds(error.status, headers)
    )
