"""The connection to GitHub: a PyGithub client from the credential secret, for calls whose faults are of `errors.py`."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from functions.adapters.github.errors import GitHubRefusedError, translate
from functions.adapters.secrets import read_secret
from functions.handler import Allow

if TYPE_CHECKING:
    from github import Github
    from github.Auth import AppAuth, Auth
    from github.Repository import Repository

    from functions.runtime import Clients

T = TypeVar("T")
_TIMEOUT_SECONDS = 8
_APP = '{"appId": "…", "installationId": "…", "privateKey": "…"}'
_FORMS = f'{{"token": "…"}} or {_APP}'


class Connection:
    """One GitHub and one credential; the first call connects, and the connection is kept while the Lambda is warm."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("GITHUB_API_URL", "GITHUB_CREDENTIAL_SECRET")
    USE: ClassVar[tuple[Allow, ...]] = (
        Allow(("secretsmanager:GetSecretValue",), on="secret/github"),
        Allow(("kms:Decrypt",), on="key"),
    )

    RETRIES: ClassVar[bool] = True  # whether the connection retries for a few seconds

    def __init__(self, api_url: str, credential: Callable[[], str]) -> None:
        self._api_url = api_url
        self._read_credential = credential
        self._credential = ""
        self._client: Github | None = None

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The GitHub of this stack; the credential is read with the first call."""
        return cls(aws.setting("GITHUB_API_URL"), lambda: stored_credential(aws))

    def close(self) -> None:
        """Close the connection; the next call reads the credential and connects again."""
        if self._client:
            self._client.close()
        self._client = None

    def _request(self, repository: str, call: str, action: "Callable[[Repository], T]") -> T:
        """Run one call. If the credential is refused and its secret has a new value, the call is repeated once."""
        try:
            return self._try(repository, call, action)
        except GitHubRefusedError:
            if not self._rotated():
                raise
            return self._try(repository, call, action)

    def _try(self, repository: str, call: str, action: "Callable[[Repository], T]") -> T:
        if self._client is None:
            self._credential = self._read_credential()
            self._client = open_client(self._api_url, self._credential, retries=self.RETRIES)
        try:
            return action(self._client.get_repo(repository))
        except Exception as error:
            fault = translate(error, repository, call)
            if fault is error:
                raise
            # Without the cause: the text of a library's exception may quote the request with its credential.
            raise fault from None

    def _rotated(self) -> bool:
        """Whether the secret has another value than the refused credential."""
        used = self._credential
        self.close()
        return bool(used) and self._read_credential() != used


def stored_credential(aws: "Clients") -> str:
    """The value of the credential secret; one without a value is a GitHubRefusedError."""
    value = read_secret(aws, "GITHUB_CREDENTIAL_SECRET")
    if value:
        return value
    raise GitHubRefusedError(
        f"the secret {aws.setting('GITHUB_CREDENTIAL_SECRET')} is missing or has no value yet: store the GitHub "
        "credential in it (`kiro-worker setup --secret github`)"
    )


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
