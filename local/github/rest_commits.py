"""REST: commits and comparisons (https://docs.github.com/rest/commits)."""

from werkzeug.wrappers import Response

from local.github import rest_pulls, shapes
from local.github.git import NO_COMMIT
from local.github.records import Repository
from local.github.routing import ApiError, Call, Routes, not_found, reply

ROUTES = Routes()
_MOST_FILES = 300
_PAGE, _MOST_COMMITS = 250, 1000


def resolve(repository: Repository, ref: str, status: int = 422) -> str:
    """The commit of a ref; raises GitHub's error with this status for an unknown one."""
    sha = repository.git.resolve(ref)
    if sha is None or sha == NO_COMMIT:
        raise not_found() if status == 404 else ApiError(422, f"No commit found for SHA: {ref}")
    return sha


@ROUTES.add("GET", "commits", "contents:read")
def list_commits(call: Call, repository: Repository) -> Response:
    """The history of `sha` (default: the default branch), newest first."""
    sha = resolve(repository, call.argument("sha", repository.default_branch), 404)
    return call.paged(repository.git.log(sha), lambda commit: shapes.commit(call.hub, repository, commit))


@ROUTES.add("GET", "commits/<path:ref>", "contents:read")
def get_commit(call: Call, repository: Repository, ref: str) -> Response:
    """One commit with the files it changed, 300 a page."""
    commit = repository.git.commit(resolve(repository, ref))
    changes = repository.git.changes(commit.parents[0] if commit.parents else None, commit.sha)
    page, size = call.window(_MOST_FILES, _MOST_FILES)
    shown = changes[(page - 1) * size : page * size]
    added, removed = sum(one.additions for one in changes), sum(one.deletions for one in changes)
    body = shapes.commit(call.hub, repository, commit) | {
        "stats": {"total": added + removed, "additions": added, "deletions": removed},
        "files": [shapes.changed_file(call.hub, repository, commit.sha, change) for change in shown],
    }
    return reply(body, 200, call.links(len(changes), _MOST_FILES, _MOST_FILES))


@ROUTES.add("GET", "commits/<path:ref>/pulls", "pull_requests:read")
def pulls_of_commit(call: Call, repository: Repository, ref: str) -> Response:
    """Pull requests that contain the commit."""
    sha = resolve(repository, ref)
    containing = [issue for issue in repository.issues if issue.pull and rest_pulls.has(repository, issue.pull, sha)]
    return call.paged(containing, lambda issue: rest_pulls.shape(call, repository, issue))


@ROUTES.add("GET", "compare/<path:basehead>", "contents:read")
def compare(call: Call, repository: Repository, basehead: str) -> Response:
    """The commits that head has and base lacks, oldest first, and at most 300 changed files."""
    base_name, dots, head_name = basehead.partition("...")
    if not dots:
        raise not_found()
    git = repository.git
    base, head = resolve(repository, base_name, 404), resolve(repository, head_name, 404)
    ancestor = git.merge_base(base, head)
    if ancestor is None:
        raise ApiError(404, f"No common ancestor between {base_name} and {head_name}.")
    ahead, behind = git.counts(base, head)
    commits = git.log("--reverse", f"{base}..{head}")
    page, size = call.window(_PAGE, _MOST_COMMITS)
    files = git.changes(ancestor, head)[:_MOST_FILES] if page == 1 else []
    api, web = shapes.repository_url(call.hub, repository), shapes.html_url(call.hub, repository)
    body = {
        "url": f"{api}/compare/{basehead}",
        "html_url": f"{web}/compare/{basehead}",
        "permalink_url": f"{web}/compare/{repository.owner}:{base[:7]}...{repository.owner}:{head[:7]}",
        "diff_url": f"{web}/compare/{basehead}.diff",
        "patch_url": f"{web}/compare/{basehead}.patch",
        "base_commit": shapes.commit(call.hub, repository, git.commit(base)),
        "merge_base_commit": shapes.commit(call.hub, repository, git.commit(ancestor)),
        "status": _status(ahead, behind),
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": len(commits),
        "commits": [shapes.commit(call.hub, repository, one) for one in commits[(page - 1) * size : page * size]],
        "files": [shapes.changed_file(call.hub, repository, head, change) for change in files],
    }
    return reply(body, 200, call.links(len(commits), _PAGE, _MOST_COMMITS))


def _status(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"
