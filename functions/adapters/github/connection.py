"""Creates a PyGithub client from the credential secret."""

import json
from typing import TYPE_CHECKING

from functions.adapters.github.errors import GitHubRefusedError

if TYPE_CHECKING:
    from github import Github
    from github.Auth import Auth

_TIMEOUT_SECONDS = 8
_FORMS = '{"token": "…"} or {"appId": "…", "installationId": "…", "privateKey": "…"}'


def open_client(api_url: str, credential: str, *, retries: bool = True) -> "Github":
    """A client for the credential, without a request to GitHub. Without `retries`, every fault is raised at once."""
    from github import Github

    from functions.adapters.github.retries import BriefRetry

    return Github(
        base_url=api_url.rstrip("/"),
        auth=authentication(credential),
        timeout=_TIMEOUT_SECONDS,
        retry=BriefRetry.usual() if retries else BriefRetry.never(),
        per_page=100,
        user_agent="kiro-worker",
        lazy=True,
        # PyGithub would sleep one second between writes. A Lambda makes few, and GitHub reports when they are too many.
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


def authentication(credential: str) -> "Auth":
    """The authentication by a credential: a token, or the installation of a GitHub App."""
    from github import Auth

    try:
        fields = json.loads(credential)
        if "token" in fields:
            return Auth.Token(fields["token"].strip())
        app = Auth.AppAuth(str(fields["appId"]), fields["privateKey"])
        return app.get_installation_auth(int(fields["installationId"]))
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError):
        # Without the reason, which may quote the secret.
        raise GitHubRefusedError(
            f"the GitHub credential secret is not {_FORMS}: store one of these (`kiro setup --secret github`)"
        ) from None
