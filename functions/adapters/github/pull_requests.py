"""A pull request and its conversation: found by branch or opened, kept up to date, commented on once (W6)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.adapters.github.client import _LONGEST_BODY, GitHub, _cut
from functions.adapters.github.errors import GitHubNotFoundError

if TYPE_CHECKING:
    from github.Repository import Repository

_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class PullRequest:
    """An open pull request; `node` is its name in GraphQL."""

    number: int
    node: str
    body: str
    draft: bool


class PullRequests(GitHub):
    """The pull requests of the repositories that are worked on."""

    def find(self, repository: str, branch: str) -> PullRequest | None:
        """The open pull request of a branch of the repository itself; GitHub allows one per base, the oldest counts."""

        def find(repo: "Repository") -> PullRequest | None:
            owner = repository.partition("/")[0]
            listed = repo.get_pulls(state="open", head=f"{owner}:{branch}", direction="asc")
            return next((_pull(one) for one in listed if one.head.ref == branch), None)

        return self._ask(repository, f"pull request of {branch}", find)

    def open(self, repository: str, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request as a draft."""
        told = _cut(" ".join(title.split()) or branch, _LONGEST_TITLE)
        return self._ask(
            repository,
            f"pull request of {branch}",
            lambda repo: _pull(repo.create_pull(base=base, head=branch, title=told, body=body, draft=True)),
        )

    def describe(self, repository: str, number: int, body: str) -> None:
        """Replace the body."""
        text = _cut(body, _LONGEST_BODY)
        self._ask(repository, f"body of #{number}", lambda repo: repo.get_pull(number).edit(body=text))

    def label(self, repository: str, number: int, add: str, remove: str) -> None:
        """Put one label on and take another off."""

        def change(repo: "Repository") -> None:
            issue = repo.get_issue(number)
            names = {one.name for one in issue.labels}
            if add not in names:
                issue.add_to_labels(add)
            if remove in names:
                issue.remove_from_labels(remove)

        self._ask(repository, f"labels of #{number}", change)

    def comment_once(self, repository: str, number: int, marker: str, text: str) -> None:
        """Comment, unless a comment with this marker is there: a repetition says nothing twice."""
        hidden = f"<!-- {marker} -->"

        def comment(repo: "Repository") -> None:
            issue = repo.get_issue(number)
            if not any(hidden in (one.body or "") for one in issue.get_comments()):
                issue.create_comment(_cut(f"{hidden}\n{text}", _LONGEST_BODY))

        self._ask(repository, f"comment on #{number}", comment)

    def files(self, repository: str, folder: str, ref: str) -> tuple[str, ...]:
        """The names of the files in a folder; none when there is no such folder."""

        def listed(repo: "Repository") -> tuple[str, ...]:
            found = repo.get_contents(folder, ref=ref)
            return tuple(one.name for one in (found if isinstance(found, list) else [found]) if one.type == "file")

        try:
            return self._ask(repository, f"folder {folder} at {ref}", listed)
        except GitHubNotFoundError:
            return ()


def _pull(found: Any) -> PullRequest:
    return PullRequest(found.number, found.raw_data["node_id"], found.body or "", bool(found.draft))
