"""Translates exceptions of the GitHub libraries into the faults of `domain/errors.py`."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from functions.domain.errors import (
    GitHubError,
    GitHubNotFoundError,
    GitHubRefusedError,
    GitHubSwitchedOffError,
    GitHubUnavailableError,
)

if TYPE_CHECKING:
    from github import GithubException

    from functions.adapters.github.retries import MovedError

__all__ = [
    "GitHubError",
    "GitHubNotFoundError",
    "GitHubRefusedError",
    "GitHubSwitchedOffError",
    "GitHubUnavailableError",
    "translate",
    "wait_seconds",
]

# GitHub demands a wait of at least one minute after a secondary rate limit without Retry-After.
_SECONDARY_LIMIT_SECONDS = 60.0
# https://docs.github.com/rest/pulls/pulls#create-a-pull-request: private repositories of some plans have none.
_NO_DRAFTS = "Draft pull requests are not supported"
_ARCHIVED = "Repository was archived"
_MISSING_COMMIT = ("No commit found for SHA", "No ref found for")


def translate(error: Exception, repository: str, call: str) -> Exception:
    """The fault to raise for an exception of a library; any other exception is returned unchanged."""
    from github import BadAttributeException, GithubException
    from jwt import PyJWTError
    from requests import RequestException

    from functions.adapters.github.retries import MovedError

    where = f"GitHub {repository}: {call}"
    if isinstance(error, GithubException):
        return _answered(error, where)
    if isinstance(error, RequestException):
        # Its text may contain a URL that is itself a secret, so only its class or status is reported.
        kind = type(error).__name__ if error.response is None else error.response.status_code
        return GitHubUnavailableError(f"{where}: no valid response ({kind}); check whether it was done, and try again")
    if isinstance(error, PyJWTError):
        return GitHubRefusedError(
            f"{where}: the App's privateKey cannot sign ({type(error).__name__}); "
            "store the PEM file from GitHub in the GitHub credential secret"
        )
    if isinstance(error, BadAttributeException):
        return GitHubError(f"{where}: the response has an unexpected format ({error})")
    if isinstance(error, MovedError):
        return GitHubError(f"{where}: {_new_name(error)}")
    return error


def _new_name(moved: "MovedError") -> str:
    """What was renamed, and the setting that has its former name."""
    former, current = (urlsplit(one).path.partition("/branches/")[2] for one in (moved.path, moved.location))
    if former != current:
        return (
            f"the branch was renamed to {unquote(current)}: set github.mainBranch to it if it is the main branch, "
            "and use it from now on"
        )
    return (
        "the repository was renamed or transferred: replace its name in github.repositories with its current one, "
        "which its page on GitHub shows, and deploy this stack again"
    )


def _answered(error: "GithubException", where: str) -> GitHubError:
    headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
    message = _message(error)
    fault = f"{where}: {error.status} {message}"
    if error.status >= 500 or error.status == 429 or (error.status == 403 and _limited(headers, message)):
        return GitHubUnavailableError(f"{fault}; try again later", wait_seconds(error.status, headers))
    if error.status == 401:
        return GitHubRefusedError(
            f"{fault}: the credential is wrong, expired or revoked; store a valid token or App key in the "
            "GitHub credential secret (`kiro-worker setup --secret github`)"
        )
    if error.status == 403 and message.startswith(_ARCHIVED):
        return GitHubRefusedError(
            f"{fault}: unarchive the repository on GitHub, or remove it from github.repositories and deploy this stack"
        )
    if error.status == 403:
        needed = headers.get("x-accepted-github-permissions", "the permission for this call")
        return GitHubRefusedError(f"{fault}: grant {needed} to the token or to the App's installation")
    if error.status == 404 or (error.status == 422 and message.startswith(_MISSING_COMMIT)):
        return GitHubNotFoundError(f"{fault}: it does not exist, or the credential may not read this repository")
    if error.status == 410 or _NO_DRAFTS in message:
        return GitHubSwitchedOffError(f"{fault}: the repository's settings or plan do not have it")
    return GitHubError(f"{fault}: GitHub does not accept this request")


def _message(error: "GithubException") -> str:
    """GitHub's message, with the messages about single fields."""
    data = error.data if isinstance(error.data, dict) else {}
    details = [
        str(one.get("message") or f"{one.get('field')} {one.get('code')}") if isinstance(one, dict) else str(one)
        for one in data.get("errors") or []
    ]
    return "; ".join([str(data.get("message") or "no message"), *details])


def _limited(headers: Mapping[str, str], message: str) -> bool:
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in message.lower()


def wait_seconds(status: int, headers: Mapping[str, str]) -> float | None:
    """Seconds until the next request is allowed; None if GitHub gives none and it is not about rate limits."""
    if (after := headers.get("retry-after", "")).isdigit():
        return float(after)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(0.0, float(reset) - time.time())
    return None if status >= 500 else _SECONDARY_LIMIT_SECONDS
