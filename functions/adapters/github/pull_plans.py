"""Pull requests as they are planned: read, found again, and given one comment and one check (P13)."""

from itertools import islice
from typing import TYPE_CHECKING, Any

from functions.adapters.github.client import GitHub
from functions.adapters.github.comments import keep_comment, own_comments
from functions.adapters.github.connection import app_of
from functions.adapters.github.types import Pull
from functions.domain.pull_plans import CHECK, PullPlan, marker, planned

if TYPE_CHECKING:
    from github.Repository import Repository

# https://docs.github.com/rest/pulls/pulls#list-pull-requests-files: a response has at most 3,000 files.
_MOST_FILES = 3000
_MOST_PULLS = 50


class PullPlans(GitHub):
    """The pull requests of a repository, and what the platform wrote on them."""

    def pull(self, repository: str, number: int) -> Pull:
        """A pull request as it is now."""
        return self._request(repository, f"pull request #{number}", lambda repo: _pull(repo.get_pull(number)))

    def open_pulls(self, repository: str, base: str, branch: str = "") -> tuple[Pull, ...]:
        """The open pull requests to a branch, those that changed last first; with `branch` only that of this branch."""

        def read(repo: "Repository") -> tuple[Pull, ...]:
            from github.GithubObject import NotSet

            head = f"{repository.partition('/')[0]}:{branch}" if branch else NotSet
            listed = repo.get_pulls(state="open", base=base, sort="updated", direction="desc", head=head)
            return tuple(_pull(one) for one in islice(listed, _MOST_PULLS))

        return self._request(repository, "open pull requests", read)

    def pull_files(self, repository: str, number: int) -> tuple[str, ...] | None:
        """The files that a pull request changes, with both names of a renamed one; None if GitHub lists not all."""

        def read(repo: "Repository") -> tuple[str, ...] | None:
            names: dict[str, None] = {}
            listed = list(repo.get_pull(number).get_files())
            for file in listed:
                names |= {file.filename: None} | ({file.previous_filename: None} if file.status == "renamed" else {})
            return tuple(names) if len(listed) < _MOST_FILES else None

        return self._request(repository, f"files of #{number}", read)

    def planned_head(self, repository: str, number: int) -> str:
        """The head that the platform's comment is about; "" without a comment."""

        def read(repo: "Repository") -> str:
            found = own_comments(repo, number, repository, planned)
            return planned(found[0].body) if found else ""

        return self._request(repository, f"comments of #{number}", read)

    def show(self, repository: str, number: int, head: str, plan: PullPlan) -> None:
        """Set the check of the head, then the one comment: it is changed, or written if there is none."""
        self._check(repository, head, plan)
        body = f"{marker(head)}\n{plan.text}"

        self._request(
            repository, f"plan on #{number}", lambda repo: keep_comment(repo, number, repository, planned, body)
        )

    def _check(self, repository: str, head: str, plan: PullPlan) -> None:
        """A check run, or a commit status where the credential is a token: only Apps write check runs.

        https://docs.github.com/rest/checks/runs
        """

        def run(repo: "Repository") -> bool:
            if not app_of(repo):
                return False
            output: dict[str, Any] = {"title": plan.title, "summary": plan.text}
            repo.create_check_run(CHECK, head, status="completed", conclusion=plan.conclusion, output=output)
            return True

        if not self._request(repository, f"check {CHECK} of {head}", run):
            self.set_status(repository, head, CHECK, plan.conclusion, plan.title)


def _pull(found: Any) -> Pull:
    """A fork may be deleted, and then has no repository."""
    head, base = found.head, found.base
    fork = head.repo is None or head.repo.full_name != base.repo.full_name
    updated, login = found.updated_at.isoformat(), found.user.login if found.user else ""
    return Pull(found.number, head.sha, head.ref, base.sha, base.ref, login, found.state == "open", fork, updated)
