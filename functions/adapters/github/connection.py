"""Creates a PyGithub client from the credential secret."""

import json
from typing import TYPE_CHECKING

from functions.adapters.github.errors import GitHubRefusedError

if TYPE_CHECKING:
    from github import Github
    from github.Auth import AppAuth, Auth
    from github.Repository import Repository

_TIMEOUT_SECONDS = 8
_APP = '{"appId": "…", "installationId": "…", "privateKey": "…"}'
_FORMS = f'{{"token": "…"}} or {_APP}'


def open_client(api_url: str, credential: str, *, retries: bool = True) -> "Github":
    """A client for the credential, without a request to GitHub. Without `retries`, every fault is raised at once."""
    return connect(api_url, authentication(credential), retries=retries)


def connect(api_url: str, auth: "Auth", *, retries: bool = True) -> "Github":
    """The same for an authentication of PyGithub."""
    from github import Github

    from functions.adapters.github.retries import BriefRetry

    return Github(
        base_url=api_url.rstrip("/"),
        auth=auth,
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
    except (ValueError, TypeError, AttributeError, AssertionError):
        raise _refused("github", _FORMS) from None
    app, installation = _app(credential, "github", _FORMS)
    return app.get_installation_auth(installation)


def app(credential: str) -> "tuple[AppAuth, int]":
    """The App of the worker's builds, which authenticates by a JWT, and the number of its installation."""
    return _app(credential, "git", _APP)


def app_of(repo: "Repository") -> str:
    """The number of the App that a repository is read as; "" for a token. Only Apps write check runs."""
    from github.Auth import AppInstallationAuth

    auth = repo.requester.auth
    return str(auth.app_id) if isinstance(auth, AppInstallationAuth) else ""


def _app(credential: str, secret: str, forms: str) -> "tuple[AppAuth, int]":
    from github import Auth

    try:
        fields = json.loads(credential)
        return Auth.AppAuth(str(fields["appId"]), fields["privateKey"]), int(fields["installationId"])
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError):
        raise _refused(secret, forms) from None


def _refused(short_name: str, forms: str) -> GitHubRefusedError:
    # Without the reason, which may quote the secret.
    named = "the GitHub credential secret" if short_name == "github" else f"the secret {short_name}"
    return GitHubRefusedError(f"{named} is not {forms}: store one of these (`kiro-worker setup --secret {short_name}`)")
