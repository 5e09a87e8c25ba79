"""Who made commits and brought them to a branch, as GitHub's accounts: git itself lets everybody choose a name."""

from collections.abc import Collection, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from functions.adapters.github.connection import Connection
from functions.adapters.github.types import MOST_COMMITS
from functions.domain.errors import SourceError

if TYPE_CHECKING:
    from github.Commit import Commit as ApiCommit
    from github.NamedUser import NamedUser
    from github.Repository import Repository

_MOST_PULLS = 30
_MOST_PUSHES = 100


class Contributors(Connection):
    """Logins in lower case."""

    def of(self, repository: str, bases: Collection[str], head: str, branch: str) -> frozenset[str]:
        """Everybody who has a part in the commits that `head` has and one of `bases` lacks; without bases the newest.

        These are authors and committers of the commits; of the pull requests of the newest 30 of them who opened and
        merged each, and authors and committers of its commits; and who pushed or merged them to the branch. More than
        250 commits are a SourceError.
        """
        return self._request(
            repository, f"people of {head}", lambda repo: frozenset(_people(repo, sorted(bases), head, branch))
        )


def _people(repo: "Repository", bases: Collection[str], head: str, branch: str) -> Iterator[str]:
    commits = list(_commits(repo, bases, head))
    for commit in commits:
        yield from _of_commit(commit)
    known: set[int] = set()
    for commit in commits[:_MOST_PULLS]:
        for pull in commit.get_pulls():
            if pull.number in known:
                continue
            known.add(pull.number)
            yield from _logins(pull.user, repo.get_pull(pull.number).merged_by)
            for one in islice(pull.get_commits(), MOST_COMMITS):
                yield from _of_commit(one)
    yield from _pushers(repo, branch, head, {commit.sha for commit in commits})


def _commits(repo: "Repository", bases: Collection[str], head: str) -> Iterator["ApiCommit"]:
    """The commits, newest first."""
    if not bases:
        yield from islice(repo.get_commits(sha=head), MOST_COMMITS)
        return
    known: set[str] = set()
    for base in bases:
        found = repo.compare(base, head, comparison_commits_per_page=100)
        if found.ahead_by > MOST_COMMITS:
            raise SourceError(
                f"{head[:12]} has {found.ahead_by} commits that {base[:12]} lacks, and who made them can be read of "
                f"{MOST_COMMITS} only: deploy an earlier commit first, or set authorMayApprove"
            )
        for commit in reversed(list(found.commits)):
            if commit.sha not in known:
                known.add(commit.sha)
                yield commit


def _of_commit(commit: "ApiCommit") -> Iterator[str]:
    return _logins(commit.author, commit.committer)


def _logins(*accounts: "NamedUser | None") -> Iterator[str]:
    return (account.login.casefold() for account in accounts if account)


def _pushers(repo: "Repository", branch: str, head: str, commits: Collection[str]) -> Iterator[str]:
    """Who moved the branch to one of the commits. If no move to the head is known, everybody who moved it lately.

    https://docs.github.com/rest/repos/repos#list-repository-activities
    """
    wanted = {"ref": branch} if branch.startswith("refs/heads/") else {}
    _, found = repo.requester.requestJsonAndCheck(
        "GET", f"{repo.url}/activity", parameters={**wanted, "per_page": _MOST_PUSHES}
    )
    known = any(one["after"] == head for one in found)
    for one in found:
        if one["actor"] and (one["after"] in commits or not known):
            yield one["actor"]["login"].casefold()
