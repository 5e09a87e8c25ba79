"""Asking a delivered service whether it is well, over HTTP, as its users would."""

import json
from http.client import HTTPException
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from functions.domain.manifests import Health
from functions.domain.texts import NAME, cut
from functions.domain.watches import Probe

if TYPE_CHECKING:
    from functions.runtime import Clients

# A look asks every service of an environment in turn, within the handler's own timeout.
_TIMEOUT_SECONDS = 3
_ANSWER_LIMIT = 64 * 1024


class HealthProbe:
    """One GET per look."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def connect(cls, _aws: "Clients") -> Self:
        """Nothing to connect to."""
        return cls()

    def look(self, part: str, health: Health, url: str, commit: str | None) -> Probe:
        """Whether the service answers 200, and as this commit when one is given."""
        if not url.startswith(("http://", "https://")):
            return Probe(part, healthy=False, reason=f"health url {url!r} is neither http nor https")
        try:
            with urlopen(Request(url), timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - scheme checked above
                status, body = answer.status, answer.read(_ANSWER_LIMIT)
        except HTTPError as error:
            error.close()
            return Probe(part, healthy=False, reason=f"{url} answered {error.code}")
        except (OSError, HTTPException, ValueError) as error:
            return Probe(part, healthy=False, reason=f"{url} did not answer: {error}")
        if status != 200:
            return Probe(part, healthy=False, reason=f"{url} answered {status}")
        if commit is None:
            return Probe(part, healthy=True)
        found = _version(body, health.version_field)
        if found != commit:
            return Probe(part, healthy=False, reason=f"{url} says {health.version_field} {found}, expected {commit}")
        return Probe(part, healthy=True)


def _version(body: bytes, field: str) -> str | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return cut(str(answer[field]), NAME) if isinstance(answer, dict) and field in answer else None
