"""How long one GitHub call may insist: a Lambda waits seconds; what takes longer waits in the workflow."""

from types import TracebackType
from typing import Self

from urllib3 import Retry
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import MaxRetryError, ResponseError
from urllib3.response import BaseHTTPResponse

LONGEST_WAIT_SECONDS = 5
_LIMITED = (403, 429)  # with Retry-After: refused before anything was done


class Patience(Retry):
    """Two more tries when that can do no harm.

    A POST that met a 5xx may have been carried out, so only the workflow, which looks first, tries it again. A rate
    limit refuses before acting, so every method may repeat, if GitHub asks for no more than a few seconds.
    """

    @classmethod
    def usual(cls) -> Self:
        """The policy of every call: the last answer is returned, not hidden in an exception."""
        return cls(
            total=2,
            connect=1,
            read=1,
            backoff_factor=0.5,
            status_forcelist=range(500, 600),
            allowed_methods={"GET", "HEAD", "PUT", "PATCH", "DELETE"},
            raise_on_status=False,
        )

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether an answer is worth another try."""
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
        """Count a try, or give up when GitHub asks for more patience than there is."""
        if response is not None and _pool and (self.get_retry_after(response) or 0) > LONGEST_WAIT_SECONDS:
            raise MaxRetryError(_pool, url or "", ResponseError("asked to wait too long"))
        return super().increment(method, url, response, error, _pool, _stacktrace)
