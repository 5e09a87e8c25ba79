"""Whether a caller may make a call of CodeBuild: the emulated AWS, which knows roles and policies, says so."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DENIED = b"AccessDeniedException"
_SECONDS = 30


def refusal(emulator: str, headers: Mapping[str, str], body: bytes) -> bytes | None:
    """The answer to a call that the caller's role does not allow; None if it does. `emulator` is a host with its port.

    The signed request is sent on as it is. The emulated AWS checks signature and policies before it looks for a
    project, of which it has none, so it changes nothing.
    """
    if "X-Amz-Security-Token" not in headers:
        return None  # the machine's own credentials are the account's root
    connection = HTTPConnection(emulator, timeout=_SECONDS)
    try:
        connection.request("POST", "/", body, dict(headers))
        answer = connection.getresponse().read()
    finally:
        connection.close()
    return answer if _DENIED in answer else None
