"""REST for source: branches, refs, commits, files and archives, through PyGithub."""

import io
import tarfile

import pytest
import requests
from github import GithubException, UnknownObjectException
from github.Repository import Repository

from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy


@pytest.fixture
def sha(copy: WorkingCopy) -> str:
    """One pushed commit."""
    made = copy.commit("first", {"README.md": "# Hello\n", "src/app.py": "print(1)\n"})
    copy.push()
    return made


def test_a_repository_is_described(api: Repository) -> None:
    """Name, owner, default branch and clone address are those of the repository."""
    assert (api.full_name, api.owner.login, api.default_branch, api.private) == (REPOSITORY, "acme", "main", True)
    assert api.clone_url.endswith(f"/{REPOSITORY}.git")


def test_branches_are_listed(api: Repository, sha: str) -> None:
    """The list has each branch with its head."""
    api.create_git_ref("refs/heads/release/1.2", sha)
    assert {branch.name: branch.commit.sha for branch in api.get_branches()} == {"main": sha, "release/1.2": sha}
    assert api.get_branch("release/1.2").commit.commit.message == "first"


def test_refs_are_created_moved_and_deleted(api: Repository, copy: WorkingCopy, sha: str) -> None:
    """A ref moves forward, backwards only by force, and no longer exists after its deletion."""
    second = copy.commit("second", {"a": "1"})
    copy.push()
    ref = api.create_git_ref("refs/heads/topic", sha)
    ref.edit(second)
    with pytest.raises(GithubException, match="not a fast forward"):
        ref.edit(sha)
    ref.edit(sha, force=True)
    assert api.get_git_ref("heads/topic").object.sha == sha
    assert [one.ref for one in api.get_git_matching_refs("heads/to")] == ["refs/heads/topic"]
    with pytest.raises(GithubException, match="Reference already exists"):
        api.create_git_ref("refs/heads/topic", sha)
    ref.delete()
    with pytest.raises(UnknownObjectException):
        api.get_git_ref("heads/topic").object  # noqa: B018 - the access asks GitHub


def test_an_annotated_tag_is_an_object_of_its_own(api: Repository, copy: WorkingCopy, sha: str) -> None:
    """The ref names the tag object, and the commit of the tag is found."""
    copy.git("tag", "-a", "-m", "one", "v1.2.0")
    copy.push("origin", "v1.2.0")
    assert api.get_git_ref("tags/v1.2.0").object.type == "tag"
    assert api.get_commit("v1.2.0").complete().sha == sha


def test_a_commit_lists_its_files(api: Repository, copy: WorkingCopy, sha: str) -> None:
    """Files have status, counts, and the old name if they were renamed."""
    copy.git("mv", "src/app.py", "src/main.py")
    second = copy.commit("second", {"README.md": "# Hello\n\nmore\n"})
    copy.push()
    files = {file.filename: file for file in api.get_commit(second).files}
    assert (files["README.md"].status, files["README.md"].additions) == ("modified", 2)
    assert (files["src/main.py"].status, files["src/main.py"].previous_filename) == ("renamed", "src/app.py")
    assert [commit.sha for commit in api.get_commits()] == [second, sha]
    with pytest.raises(GithubException, match="No commit found for SHA: nothing"):
        api.get_commit("nothing").complete()


def test_contents_are_files_and_directories(api: Repository, sha: str) -> None:
    """A directory is a list of names; a file has its bytes."""
    root = api.get_contents("")
    assert isinstance(root, list)
    assert {entry.path: entry.type for entry in root} == {"README.md": "file", "src": "dir"}
    file = api.get_contents("src/app.py", ref=sha)
    assert not isinstance(file, list)
    assert file.decoded_content == b"print(1)\n"


def test_a_file_is_written_as_a_commit(api: Repository, sha: str) -> None:
    """An update must name the blob that it replaces, which prevents overwriting unknown changes."""
    created = api.create_file("docs/a.md", "add a", "one", branch="main")["content"]
    assert not isinstance(created, str)
    updated = api.update_file("docs/a.md", "change a", "two", created.sha, branch="main")["commit"]
    assert updated.sha == api.get_branch("main").commit.sha
    assert [parent.sha for parent in api.get_commits()[1].parents] == [sha]
    with pytest.raises(GithubException) as conflict:
        api.update_file("docs/a.md", "change a", "three", created.sha, branch="main")
    assert conflict.value.status == 409


def test_a_tarball_has_one_top_folder(hub: LocalGitHub, api: Repository, sha: str) -> None:
    """The secret address alone gives access to the archive, and no part of it does."""
    address = api.get_archive_link("tarball", "main")
    with tarfile.open(fileobj=io.BytesIO(requests.get(address, timeout=10).content)) as archive:
        assert f"acme-hello-service-{sha[:7]}/src/app.py" in archive.getnames()
    assert requests.get(address.partition("?")[0], timeout=10).status_code == 404


def test_a_comparison_is_split_into_pages(hub: LocalGitHub, copy: WorkingCopy, sha: str) -> None:
    """Commits are on pages, files on the first page only."""
    for number in range(3):
        copy.commit(str(number), {"a": str(number)})
    copy.push()
    url = f"{hub.api_url}/repos/{REPOSITORY}/compare/{sha}...main"
    headers = {"Authorization": f"token {TOKEN}"}
    pages = [requests.get(url, params={"per_page": 2, "page": page}, headers=headers, timeout=10) for page in (1, 2)]
    assert [len(page.json()["commits"]) for page in pages] == [2, 1]
    assert [len(page.json()["files"]) for page in pages] == [1, 0]
    assert pages[0].json()["merge_base_commit"]["sha"] == sha
    assert "next" in pages[0].links
