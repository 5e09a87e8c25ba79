"""Version tags and the releases of GitHub; neither is ever moved or changed here (M4)."""

from typing import TYPE_CHECKING

from functions.adapters.github.client import LONGEST_BODY, GitHub
from functions.adapters.github.errors import GitHubError, GitHubNotFoundError
from functions.domain.texts import cut

if TYPE_CHECKING:
    from github.Repository import Repository


class Tagged(GitHub):
    """The tags and releases of a repository."""

    def tag(self, repository: str, name: str, sha: str) -> None:
        """Create a tag of a commit. One that exists is left: at another commit it is a GitHubError.

        https://docs.github.com/rest/git/refs#create-a-reference
        """
        try:
            self._request(repository, f"tag {name}", lambda repo: repo.create_git_ref(f"refs/tags/{name}", sha))
        except GitHubError as error:
            if "Reference already exists" not in str(error):
                raise
            there = self.commit(repository, f"refs/tags/{name}").sha
            if there != sha:
                raise GitHubError(
                    f"GitHub {repository}: tag {name} is at {there[:12]} already, not at {sha[:12]}; a version stays "
                    "where it is, so the release of this commit gets the next one when it is tried again"
                ) from None

    def publish(self, repository: str, name: str, notes: str) -> bool:
        """Publish the release of a tag that exists; False if it has one, which is left as it is."""

        def create(repo: "Repository") -> None:
            repo.create_git_release(name, name, cut(notes, LONGEST_BODY))

        try:
            self._request(repository, f"release {name}", lambda repo: repo.get_release(name))
        except GitHubNotFoundError:
            self._request(repository, f"release {name}", create)
            return True
        return False
