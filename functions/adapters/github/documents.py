"""Documents of GraphQL: files in this folder, sent with the connection of a repository."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.adapters.github.errors import GitHubError, GitHubUnavailableError, wait_seconds

if TYPE_CHECKING:
    from github.Repository import Repository

_FOLDER = Path(__file__).parent
_SPREAD = re.compile(r"\.\.\.([A-Z]\w*)")


@cache
def document(name: str) -> str:
    """The text of a query or mutation with its fragments, each from its own file."""
    text = (_FOLDER / f"{name}.graphql").read_text("utf-8")
    fragments = (_FOLDER / "fragments" / f"{one}.graphql" for one in _SPREAD.findall(text))
    return "\n".join([text, *(file.read_text("utf-8") for file in fragments)])


def send(repo: "Repository", text: str, variables: Mapping[str, Any], about: str) -> dict[str, Any]:
    """The `data` of one response to a document; `about` names the object in errors.

    A rate limit is a GitHubUnavailableError, other faults are those of PyGithub. A repository that is not found is null
    in the data.
    """
    from github import GithubException

    try:
        data = repo.requester.graphql_query(text, dict(variables))[1]["data"]
    except GithubException as error:
        if _lacks_repositories(error):
            return dict(error.data["data"])
        raise _limited(error, about) or error from None
    return dict(data)


def _lacks_repositories(error: Any) -> bool:
    """Whether all is answered but for repositories that do not exist, or that the credential may not see."""
    data = error.data if isinstance(error.data, dict) else {}
    found = data.get("errors") or []
    return bool(data.get("data")) and all(
        isinstance(one, dict) and one.get("type") == "NOT_FOUND" and "Repository" in str(one.get("message"))
        for one in found
    )


def _limited(error: Any, about: str) -> GitHubError | None:
    """The fault for a rate limit: GraphQL reports it with status 200, in an error's type or only in its message."""
    data = error.data if isinstance(error.data, dict) else {}
    found = [one for one in data.get("errors") or [] if isinstance(one, dict)]
    texts = [f"{one.get('type')} {one.get('message')}".lower().replace("_", " ") for one in found]
    if not any("rate limit" in text for text in texts):
        return None
    headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
    return GitHubUnavailableError(
        f"GitHub {about}: a GraphQL rate limit is reached; try again later", wait_seconds(error.status, headers)
    )
