"""GitHub over REST. Repositories are named `owner/name`; every method raises the faults of `errors.py`."""

import base64
import gzip
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from functions.adapters.github.authored import authored
from functions.adapters.github.connection import Connection
from functions.adapters.github.errors import GitHubNotFoundError
from functions.adapters.github.types import (
    UNKNOWN,
    Commit,
    Comparison,
    DeploymentState,
    StatusState,
    commit_of,
    comparison_of,
)
from functions.domain.errors import BadInputError, SourceError
from functions.domain.releases import is_commit
from functions.domain.texts import cut, one_line

if TYPE_CHECKING:
    from github.Deployment import Deployment
    from github.Repository import Repository

# https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
_NEXT_PAGE = re.compile(r'<([^>]+)>; rel="next"')
_LONGEST_DESCRIPTION = 140
LONGEST_BODY = 65_536
_CHUNK_BYTES = 1024 * 1024
_DOWNLOAD_TIMEOUT_SECONDS = (5, 30)  # to connect, and between two chunks


class GitHub(Connection):
    """The repositories of one GitHub, their commits, statuses, deployments and issues."""

    def branch_head(self, repository: str, branch: str) -> str | None:
        """The newest commit of a branch; None if the branch does not exist."""
        try:
            return self._request(repository, f"branch {branch}", lambda repo: repo.get_branch(branch).commit.sha)
        except GitHubNotFoundError as missing:
            if "Branch not found" in str(missing):
                return None
            raise

    def refs(self, repository: str, start: str) -> dict[str, str]:
        """The object that each ref names, by ref; `start` is the beginning of their names, such as `tags/v`.

        https://docs.github.com/en/rest/git/refs#list-matching-references
        """

        def read(repo: "Repository") -> dict[str, str]:
            # Not PyGithub's own method: GitHub's description has no size of a page for this list.
            found: dict[str, str] = {}
            page = f"{repo.url}/git/matching-refs/{start}"
            while page:
                headers, listed = repo.requester.requestJsonAndCheck("GET", page)
                found |= {str(one["ref"]): str(one["object"]["sha"]) for one in listed}
                following = _NEXT_PAGE.search(headers.get("link", ""))
                page = following[1] if following else ""
            return found

        return self._request(repository, f"refs {start}", read)

    def commit(self, repository: str, ref: str) -> Commit:
        """The commit of a sha, branch or tag; `refs/heads/main` is the branch, also where a tag has its name."""
        # https://docs.github.com/en/rest/commits/commits#get-a-commit names the forms heads/… and tags/….
        named = ref.removeprefix("refs/")
        return self._request(
            repository,
            f"commit {ref}",
            lambda repo: commit_of(repo.get_commit(named, commit_files_per_page=1).complete()),
        )

    def compare(self, repository: str, base: str, head: str) -> Comparison:
        """The difference from base to head; `unknown` if base no longer exists or they have no common history."""
        try:
            return self._request(
                repository,
                f"compare {base}...{head}",
                lambda repo: comparison_of(repo.compare(base, head, comparison_commits_per_page=100)),
            )
        except GitHubNotFoundError:
            self.commit(repository, head)  # raises if the head or the repository is missing
            return UNKNOWN

    def read_file(self, repository: str, path: str, ref: str) -> bytes | None:
        """The bytes of a file at a ref, up to 100 MB; None if the file does not exist."""
        try:
            return self._request(repository, f"file {path} at {ref}", lambda repo: _read(repo, path, ref))
        except GitHubNotFoundError:
            self.commit(repository, ref)  # raises if the ref or the repository is missing
            return None

    def download_archive(self, repository: str, ref: str, to: BinaryIO, limit: int) -> None:
        """Write the source to a file, as a zip with one top folder; after a fault the file may be incomplete.

        One of more than `limit` bytes is a SourceError; its size is known only when it has come.
        """

        def stream(repo: "Repository") -> None:
            import requests

            # Not through PyGithub, which keeps the whole body in memory. The URL contains its own credential.
            address = repo.get_archive_link("zipball", ref)
            with requests.get(
                address, stream=True, timeout=_DOWNLOAD_TIMEOUT_SECONDS, auth=lambda request: request
            ) as answer:
                answer.raise_for_status()
                for chunk in answer.iter_content(_CHUNK_BYTES):
                    to.write(chunk)
                    if to.tell() > limit:
                        raise SourceError(
                            f"the source of {repository} at {ref[:12]} has more than {limit} bytes as an archive: "
                            "leave large files out of it with `export-ignore` in .gitattributes, or keep them elsewhere"
                        )

        self._request(repository, f"archive of {ref}", stream)

    def set_status(
        self, repository: str, sha: str, context: str, state: StatusState, description: str, target_url: str = ""
    ) -> None:
        """Set the commit status of a context; the description is cut to 140 characters."""
        from github.GithubObject import NotSet

        if not is_commit(sha):  # PyGithub puts it into the path of the request as it is
            raise BadInputError(f"{repository}: {sha[:100]!r} is no full commit id, so it gets no status {context}")
        text = one_line(description, _LONGEST_DESCRIPTION)
        self._request(
            repository,
            f"status {context} of {sha}",
            lambda repo: repo.get_commit(sha).create_status(
                state, target_url=target_url or NotSet, description=text, context=context
            ),
        )

    def create_deployment(
        self,
        repository: str,
        ref: str,
        environment: str,
        description: str,
        payload: Mapping[str, Any],
        *,
        transient: bool = False,
        production: bool = False,
    ) -> int:
        """Create a GitHub deployment and return its id; `payload["key"]` is the key for `find_deployment`."""

        def create(repo: "Repository") -> int:
            return repo.create_deployment(
                ref,
                environment=environment,
                description=one_line(description, _LONGEST_DESCRIPTION),
                payload=dict(payload),
                # The platform's gates decide, and a rollback deploys an older commit: GitHub must not merge or check.
                auto_merge=False,
                required_contexts=[],
                transient_environment=transient,
                production_environment=production,
            ).id

        return self._request(repository, f"deployment of {ref} to {environment}", create)

    def find_deployment(self, repository: str, sha: str, environment: str, payload_key: str) -> int | None:
        """The id of a commit's newest deployment to an environment with this `payload["key"]`; None without one."""

        def find(repo: "Repository") -> int | None:
            listed = repo.get_deployments(sha=sha, environment=environment)
            return next((one.id for one in listed if _payload_key(one) == payload_key), None)

        return self._request(repository, f"deployments of {sha} to {environment}", find)

    def set_deployment_status(
        self,
        repository: str,
        deployment_id: int,
        state: DeploymentState,
        description: str,
        log_url: str = "",
        environment_url: str = "",
    ) -> None:
        """Set the status of a GitHub deployment; the description is cut to 140 characters."""
        from github.GithubObject import NotSet

        text = one_line(description, _LONGEST_DESCRIPTION)
        # GitHub accepts the older name target_url for log_url; PyGithub has only the older one.
        self._request(
            repository,
            f"status of deployment {deployment_id}",
            lambda repo: repo.get_deployment(deployment_id).create_status(
                state, description=text, target_url=log_url or NotSet, environment_url=environment_url or NotSet
            ),
        )

    def open_issue(self, repository: str, title: str, body: str, labels: Sequence[str]) -> int:
        """Open an issue and return its number; the body should contain the marker for `find_issue`."""
        text = cut(body, LONGEST_BODY)
        return self._request(
            repository, "new issue", lambda repo: repo.create_issue(title, text, labels=list(labels)).number
        )

    def find_issue(self, repository: str, label: str, marker: str) -> int | None:
        """The number of the platform's newest open issue with this label and the marker in its body, or None."""

        def find(repo: "Repository") -> int | None:
            listed = repo.get_issues(state="open", labels=[label])
            marked = (one for one in listed if marker in (one.body or ""))
            return next((one.number for one in authored(repo, marked, repository)), None)

        return self._request(repository, f"issues labelled {label}", find)

    def open_issues(self, repository: str, label: str) -> tuple[tuple[int, str], ...]:
        """Number and body of every open issue with this label that the platform opened, newest first."""

        def read(repo: "Repository") -> tuple[tuple[int, str], ...]:
            listed = repo.get_issues(state="open", labels=[label])
            return tuple((one.number, one.body or "") for one in authored(repo, listed, repository))

        return self._request(repository, f"issues labelled {label}", read)

    def has_comment(self, repository: str, number: int, marker: str) -> bool:
        """Whether a comment that the platform wrote on an issue contains this marker."""

        def found(repo: "Repository") -> bool:
            marked = (one for one in repo.get_issue(number).get_comments() if marker in (one.body or ""))
            return any(True for _ in authored(repo, marked, repository))

        return self._request(repository, f"comments of #{number}", found)

    def may_write(self, repository: str, login: str) -> bool:
        """Whether a person may push to a repository; False for one whom GitHub does not know there.

        `maintain` is reported as `write`, `triage` as `read`.
        https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        """
        try:
            held = self._request(repository, f"rights of {login}", lambda repo: repo.get_collaborator_permission(login))
        except GitHubNotFoundError:
            return False
        return held in ("admin", "write")

    def comment(self, repository: str, number: int, body: str) -> None:
        """Comment on an issue or pull request."""
        text = cut(body, LONGEST_BODY)
        self._request(repository, f"comment on #{number}", lambda repo: repo.get_issue(number).create_comment(text))

    def close_issue(self, repository: str, number: int) -> None:
        """Close an issue; closing it again changes nothing."""
        self._request(repository, f"close #{number}", lambda repo: repo.get_issue(number).edit(state="closed"))

    def upload_sarif(self, repository: str, sha: str, ref: str, sarif: bytes) -> str:
        """Upload a SARIF report (JSON) to code scanning, and return the id of the upload."""
        packed = base64.b64encode(gzip.compress(sarif)).decode()
        body = {"commit_sha": sha, "ref": ref, "sarif": packed}

        def upload(repo: "Repository") -> str:
            _, answer = repo.requester.requestJsonAndCheck("POST", f"{repo.url}/code-scanning/sarifs", input=body)
            return str(answer["id"])

        return self._request(repository, f"SARIF of {sha}", upload)


def _read(repo: "Repository", path: str, ref: str) -> bytes | None:
    found = repo.get_contents(path, ref=ref)
    if isinstance(found, list) or found.type != "file":
        return None
    # For files above 1 MB GitHub leaves the content out; it is read as a blob.
    content = found.content if found.encoding == "base64" else repo.get_git_blob(found.sha).content
    return base64.b64decode(content)


def _payload_key(deployment: "Deployment") -> str | None:
    from github import BadAttributeException

    try:
        return cast("str | None", deployment.payload.get("key"))
    except BadAttributeException:  # the payload of another system is a string
        return None
