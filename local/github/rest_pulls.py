"""REST: pull requests (https://docs.github.com/rest/pulls)."""

from typing import Any

from werkzeug.wrappers import Response

from local.github import rest_issues, shapes
from local.github.records import Issue, PullRequest, Repository
from local.github.routing import Call, Routes, invalid, not_found

ROUTES = Routes()


def commits_of(repository: Repository, pull: PullRequest) -> list[str]:
    """The commits of a pull request, newest first."""
    head, base = repository.git.resolve(pull.head), repository.git.resolve(pull.base)
    return [commit.sha for commit in repository.git.log(head, f"^{base}")] if head and base else []


@ROUTES.add("GET", "pulls", "pull_requests:read")
def list_pulls(call: Call, repository: Repository) -> Response:
    """Pull requests by state, head (`owner:branch`) and base."""
    head, base = call.argument("head").rpartition(":")[2], call.argument("base")
    found = [
        issue
        for issue in rest_issues.selected(call, repository)
        if issue.pull and issue.pull.head == (head or issue.pull.head) and issue.pull.base == (base or issue.pull.base)
    ]
    return call.paged(found, lambda issue: _listed(call, repository, issue))


@ROUTES.add("POST", "pulls", "pull_requests:write", 201)
def create_pull(call: Call, repository: Repository) -> dict[str, Any]:
    """Open a pull request; one that exists or has no commits is refused, as on GitHub."""
    body = call.body("title", "head", "base", resource="PullRequest")
    pull = PullRequest(body["head"].rpartition(":")[2], body["base"], bool(body.get("draft", False)))
    branches = repository.git.refs("refs/heads")
    for name, branch in (("head", pull.head), ("base", pull.base)):
        if f"refs/heads/{branch}" not in branches:
            raise invalid("PullRequest", name, "invalid")
    if any(_same(issue, pull) for issue in repository.issues):
        who = f"{repository.owner}:{pull.head}"
        raise invalid("PullRequest", "head", "custom", f"A pull request already exists for {who}.")
    if not commits_of(repository, pull):
        raise invalid("PullRequest", "base", "custom", f"No commits between {pull.base} and {pull.head}")
    return shape(call, repository, rest_issues.open_issue(call, repository, body, pull))


@ROUTES.add("GET", "pulls/<int:number>", "pull_requests:read")
def get_pull(call: Call, repository: Repository, number: int) -> dict[str, Any]:
    """One pull request."""
    return shape(call, repository, _find(repository, number))


@ROUTES.add("PATCH", "pulls/<int:number>", "pull_requests:write")
def update_pull(call: Call, repository: Repository, number: int) -> dict[str, Any]:
    """Change title, body, state or base."""
    issue, body = _find(repository, number), call.body()
    rest_issues.change(issue, body)
    if issue.pull and body.get("base"):
        issue.pull.base = body["base"]
    return shape(call, repository, issue)


def _same(issue: Issue, pull: PullRequest) -> bool:
    other = issue.pull
    return other is not None and issue.state == "open" and (other.head, other.base) == (pull.head, pull.base)


def _find(repository: Repository, number: int) -> Issue:
    issue = rest_issues.find_issue(repository, number)
    if issue.pull is None:
        raise not_found()
    return issue


def shape(call: Call, repository: Repository, issue: Issue) -> dict[str, Any]:
    """A pull request."""
    body = _listed(call, repository, issue)
    return body | {
        "comments": len(issue.comments),
        "commits": len(commits_of(repository, _pull(issue))),
        "mergeable": True,
        "mergeable_state": "clean",
        "merged": False,
        "merged_by": None,
        "maintainer_can_modify": False,
        **dict.fromkeys(("additions", "deletions", "changed_files", "review_comments"), 0),
    }


def _pull(issue: Issue) -> PullRequest:
    if issue.pull is None:
        raise not_found()
    return issue.pull


def _listed(call: Call, repository: Repository, issue: Issue) -> dict[str, Any]:
    """A pull request as lists have it."""
    pull, api = _pull(issue), shapes.repository_url(call.hub, repository)
    body = rest_issues.shape(call, repository, issue)
    for name in ("pull_request", "state_reason", "repository_url", "comments"):
        body.pop(name)
    address = f"{api}/pulls/{issue.number}"
    links = {
        "self": address,
        "html": body["html_url"],
        "issue": f"{api}/issues/{issue.number}",
        "comments": body["comments_url"],
        "commits": f"{address}/commits",
        "statuses": f"{api}/statuses/{repository.git.resolve(pull.head)}",
        "review_comments": f"{address}/comments",
        "review_comment": f"{api}/pulls/comments{{/number}}",
    }
    return body | {
        "url": address,
        "node_id": shapes.node("PullRequest", issue.id),
        "diff_url": f"{body['html_url']}.diff",
        "patch_url": f"{body['html_url']}.patch",
        **{f"{name}_url": link for name, link in links.items() if name not in ("self", "html")},
        "draft": pull.draft,
        "merged_at": None,
        "merge_commit_sha": None,
        "auto_merge": None,
        "head": _end(call, repository, pull.head),
        "base": _end(call, repository, pull.base),
        "_links": {name: {"href": link} for name, link in links.items()},
    }


def _end(call: Call, repository: Repository, branch: str) -> dict[str, Any]:
    return {
        "label": f"{repository.owner}:{branch}",
        "ref": branch,
        "sha": repository.git.resolve(branch),
        "user": shapes.user(call.hub, call.store.person(repository.owner)),
        "repo": shapes.repository(call.hub, repository),
    }
