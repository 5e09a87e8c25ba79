"""The GitHub App of the worker's builds: tokens for one repository, which GitHub ends after an hour (W10)."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.github import connection
from functions.adapters.github.errors import GitHubRefusedError, translate
from functions.adapters.secrets import read_secret
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

# The build clones, fetches and pushes; pull requests are opened by the platform's own credential.
_PERMISSIONS = {"contents": "write"}


class GitApp:
    """The App whose key is in the secret `git`."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("GITHUB_API_URL", "GIT_CREDENTIAL_SECRET")
    READ: ClassVar[tuple[Allow, ...]] = (
        Allow(("secretsmanager:GetSecretValue",), on="secret/git"),
        Allow(("kms:Decrypt",), on="key"),
    )

    def __init__(self, api_url: str, credential: Callable[[], str | None]) -> None:
        self._api_url = api_url
        self._read = credential

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The App of this stack; its key is read for each token, so that a new key is used at once."""
        return cls(aws.setting("GITHUB_API_URL"), lambda: read_secret(aws, "GIT_CREDENTIAL_SECRET"))

    def token(self, repository: str) -> str:
        """A new token that can write the contents of one repository and nothing else.

        https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
        """
        app, installation = connection.app(self._read() or "")
        client = connection.connect(self._api_url, app)
        wanted = {"repositories": [repository.partition("/")[2]], "permissions": _PERMISSIONS}
        try:
            _, answer = client.requester.requestJsonAndCheck(
                "POST", f"/app/installations/{installation}/access_tokens", input=wanted
            )
        except Exception as error:
            fault = translate(error, repository, "installation token")
            if fault is error:
                raise
            # Without the cause: the text of a library's exception may quote the request with its JWT.
            raise fault from None
        finally:
            client.close()
        if not isinstance(answer, dict) or not answer.get("token"):
            raise GitHubRefusedError(
                f"{repository}: GitHub's answer has no installation token: {json.dumps(answer)[:200]}"
            )
        return str(answer["token"])
