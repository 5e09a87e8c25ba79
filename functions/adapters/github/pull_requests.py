"""Pull requests: found by branch, opened, updated, labelled and commented on (W6)."""

from functools import partial
from typing import TYPE_CHECKING, Any

from functions.adapters.github.client import LONGEST_BODY, GitHub
from functions.adapters.github.comments import keep_comment
from functions.adapters.github.errors import GitHubNotFoundError, GitHubSwitchedOffError
from functions.domain.texts import cut, one_line
from functions.domain.values import Value

if TYPE_CHECKING:
    from github.Repository import Repository

_LONGEST_TITLE = 200


class PullRequest(Value, frozen=True):
    """An open pull request; `node` is its id in GraphQL."""

    number: int
    node: str
    body: str
    draft: bool


class PullRequests(GitHub):
    """The pull requests of the worker's repositories."""

    def find(self, repository: str, branch: str) -> PullRequest | None:
        """The open pull request of a branch of the repository itself (not of a fork); the oldest of several."""

        def find(repo: "Repository") -> PullRequest | None:
            owner = repository.partition("/")[0]
            listed = repo.get_pulls(state="open", head=f"{owner}:{branch}", direction="asc")
            return next((_pull(one) for one in listed if one.head.ref == branch), None)

        return self._request(repository, f"pull request of {branch}", find)

    def open(self, repository: str, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request as a draft; ready for review where the repository has no drafts."""
        line, call = one_line(title, _LONGEST_TITLE) or branch, f"pull request of {branch}"

        def create(repo: "Repository", *, draft: bool) -> PullRequest:
            return _pull(repo.create_pull(base=base, head=branch, title=line, body=body, draft=draft))

        try:
            return self._request(repository, call, partial(create, draft=True))
        except GitHubSwitchedOffError:
            return self._request(repository, call, partial(create, draft=False))

    def describe(self, repository: str, number: int, body: str) -> None:
        """Replace the body of a pull request."""
        text = cut(body, LONGEST_BODY)
        self._request(repository, f"body of #{number}", lambda repo: repo.get_pull(number).edit(body=text))

    def branch_of(self, repository: str, number: int) -> str:
        """The branch of a pull request; "" if it is one of a fork."""

        def read(repo: "Repository") -> str:
            head = repo.get_pull(number).head
            return head.ref if head.repo and head.repo.full_name == repository else ""

        return self._request(repository, f"branch of #{number}", read)

    def label(self, repository: str, number: int, add: str, remove: str) -> None:
        """Add one label and remove another."""

        def change(repo: "Repository") -> None:
            issue = repo.get_issue(number)
            names = {one.name for one in issue.labels}
            if add not in names:
                issue.add_to_labels(add)
            if remove in names:
                issue.remove_from_labels(remove)

        self._request(repository, f"labels of #{number}", change)

    def comment_once(self, repository: str, number: int, marker: str, text: str) -> None:
        """Comment, unless the platform has already written a comment with this marker."""
        hidden = f"<!-- {marker} -->"
        if not self.has_comment(repository, number, hidden):
            self.comment(repository, number, f"{hidden}\n{text}")

    def keep(self, repository: str, number: int, marker: str, text: str, *, create: bool = True) -> None:
        """Keep one comment with this marker current; `text` begins with the marker."""
        self._request(
            repository,
            f"comment on #{number}",
            lambda repo: keep_comment(
                repo, number, repository, lambda body: body.startswith(marker), text, create=create
            ),
        )

    def files(self, repository: str, folder: str, ref: str) -> tuple[str, ...]:
        """The names of the files in a folder; none if the folder does not exist."""

        def listed(repo: "Repository") -> tuple[str, ...]:
            found = repo.get_contents(folder, ref=ref)
            return tuple(one.name for one in (found if isinstance(found, list) else [found]) if one.type == "file")

        try:
            return self._request(repository, f"folder {folder} at {ref}", listed)
        except GitHubNotFoundError:
            return ()


def _pull(found: Any) -> PullRequest:
    return PullRequest(found.number, found.raw_data["node_id"], found.body or "", bool(found.draft))
