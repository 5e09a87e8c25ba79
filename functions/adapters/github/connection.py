"""From the credential secret to a PyGithub client."""

import json
from typing import TYPE_CHECKING

from functions.adapters.github.errors import GitHubRefusedError

if TYPE_CHECKING:
    from github import Github
    from github.Auth import Auth

_TIMEOUT_SECONDS = 8
_FORMS = '{"token": "…"} or {"appId": "…", "installationId": "…", "privateKey": "…"}'


def open_client(api_url: str, credential: str, *, patient: bool = True) -> "Github":
    """A client for the credential; nothing is asked of GitHub yet. An impatient one hands every fault on at once."""
    from github import Github

    from functions.adapters.github.retries import Patience

    return Github(
        base_url=api_url.rstrip("/"),
        auth=authentication(credential),
        timeout=_TIMEOUT_SECONDS,
        retry=Patience.usual() if patient else None,
        per_page=100,
        user_agent="kiro-worker",
        lazy=True,
        # PyGithub would sleep a second between writes; a Lambda makes a few, and GitHub says when they are too many.
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


def authentication(credential: str) -> "Auth":
    """How the credential authenticates: a token, or a GitHub App's installation."""
    from github import Auth

    try:
        fields = json.loads(credential)
        if "token" in fields:
            return Auth.Token(fields["token"].strip())
        app = Auth.AppAuth(str(fields["appId"]), fields["privateKey"])
        return app.get_installation_auth(int(fields["installationId"]))
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError):
        # The reason may quote the secret, so it is not told.
        raise GitHubRefusedError(
            f"the GitHub credential secret does not hold {_FORMS}: put that into it (`kiro setup --secret github`)"
        ) from None
