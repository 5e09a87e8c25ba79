"""What one GitHub call does with a response: a few seconds of retries, and no redirects."""

from types import TracebackType
from typing import Self

from urllib3 import Retry
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import MaxRetryError, ResponseError
from urllib3.response import BaseHTTPResponse

LONGEST_WAIT_SECONDS = 5
_LIMITED = (403, 429)  # with Retry-After: refused before anything was done
_MOVED = (301, 307, 308)  # not 302, which is the answer to a request for an archive's address


class MovedError(Exception):
    """The answer is a redirect: the requested path has the former name of a repository or branch.

    PyGithub repeats a GET without its query, so the answer would be about another ref, and takes the redirect of a
    write for success.
    """

    def __init__(self, path: str, location: str) -> None:
        super().__init__(f"{path} has moved to {location}")
        self.path = path
        self.location = location


class BriefRetry(Retry):
    """Two more tries for requests that are safe to repeat.

    A POST that was answered with a 5xx may have been carried out, so only the workflow retries it, after a check. A
    rate limit refuses a request before it is carried out, so every method is retried if the wait is a few seconds.
    """

    @classmethod
    def usual(cls) -> Self:
        """The policy with retries; after the last try, the response is returned instead of an exception."""
        return cls(
            total=2,
            connect=1,
            read=1,
            backoff_factor=0.5,
            status_forcelist=range(500, 600),
            allowed_methods={"GET", "HEAD", "PUT", "PATCH", "DELETE"},
            raise_on_status=False,
        )

    @classmethod
    def never(cls) -> Self:
        """The policy without retries."""
        return cls(total=0, read=False, raise_on_status=False)

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether a response with this status is passed to `increment`."""
        if status_code in _MOVED:
            return True
        if status_code in _LIMITED:
            return has_retry_after and bool(self.total)
        return super().is_retry(method, status_code, has_retry_after)

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Count a try, or give up if GitHub demands a wait of more than `LONGEST_WAIT_SECONDS` or redirects."""
        if response is not None and response.status in _MOVED:
            response.drain_conn()
            raise MovedError(url or "", response.headers.get("Location", ""))
        if response is not None and _pool and (self.get_retry_after(response) or 0) > LONGEST_WAIT_SECONDS:
            raise MaxRetryError(_pool, url or "", ResponseError("the demanded wait is too long"))
        return super().increment(method, url, response, error, _pool, _stacktrace)
