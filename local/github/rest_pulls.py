"""REST: pull requests (https://docs.github.com/rest/pulls), and their events.

https://docs.github.com/webhooks/webhook-events-and-payloads#pull_request
"""

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from local.github import rest_issues, shapes
from local.github.git import Ref
from local.github.records import Issue, Merge, Person, PullRequest, Repository, Token, now
from local.github.routing import ApiError, Call, Hub, Routes, invalid, not_found

ROUTES = Routes()
_MOST_FILES = 3000


def commits_of(repository: Repository, pull: PullRequest) -> list[str]:
    """The commits of a pull request, newest first."""
    if pull.merge:
        return pull.merge.commits
    head, base = repository.git.resolve(pull.source), repository.git.resolve(pull.base)
    return [commit.sha for commit in repository.git.log(head, f"^{base}")] if head and base else []


def has(repository: Repository, pull: PullRequest, sha: str) -> bool:
    """Whether a pull request has this commit, or was merged as it."""
    return sha in commits_of(repository, pull) or (pull.merge is not None and pull.merge.sha == sha)


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
    owner, _, head = body["head"].rpartition(":")
    pull = PullRequest(head, body["base"], bool(body.get("draft", False)))
    if pull.draft and not repository.has_drafts:
        raise ApiError(422, "Draft pull requests are not supported in this repository.")
    origin = repository
    if owner not in ("", repository.owner):
        origin = _fork(call, repository, owner)
        pull.fork = origin.full_name
    for name, place, branch in (("head", origin, pull.head), ("base", repository, pull.base)):
        if f"refs/heads/{branch}" not in place.git.refs("refs/heads"):
            raise invalid("PullRequest", name, "invalid")
    if pull.fork:
        _fetch(repository, origin, pull)
    if any(_same(issue, pull) for issue in repository.issues):
        who = f"{repository.owner}:{pull.head}"
        raise invalid("PullRequest", "head", "custom", f"A pull request already exists for {who}.")
    if not commits_of(repository, pull):
        raise invalid("PullRequest", "base", "custom", f"No commits between {pull.base} and {pull.head}")
    issue = rest_issues.open_issue(call, repository, body, pull)
    _emit(call, repository, issue, "opened")
    return shape(call, repository, issue)


@ROUTES.add("GET", "pulls/<int:number>", "pull_requests:read")
def get_pull(call: Call, repository: Repository, number: int) -> dict[str, Any]:
    """One pull request."""
    return shape(call, repository, _find(repository, number))


@ROUTES.add("PATCH", "pulls/<int:number>", "pull_requests:write")
def update_pull(call: Call, repository: Repository, number: int) -> dict[str, Any]:
    """Change title, body, state or base."""
    issue, body = _find(repository, number), call.body()
    before = issue.state
    rest_issues.change(issue, body)
    if issue.pull and body.get("base"):
        issue.pull.base = body["base"]
    action = "edited" if issue.state == before else {"open": "reopened"}.get(issue.state, issue.state)
    _emit(call, repository, issue, action)
    return shape(call, repository, issue)


@ROUTES.add("GET", "pulls/<int:number>/commits", "pull_requests:read")
def list_commits(call: Call, repository: Repository, number: int) -> Response:
    """The commits of a pull request, oldest first."""
    shas = commits_of(repository, _pull(_find(repository, number)))
    return call.paged(shas[::-1], lambda sha: shapes.commit(call.hub, repository, repository.git.commit(sha)))


@ROUTES.add("GET", "pulls/<int:number>/files", "pull_requests:read")
def list_files(call: Call, repository: Repository, number: int) -> Response:
    """The files that a pull request changes since its branch left the base, 3,000 at most."""
    git, pull = repository.git, _pull(_find(repository, number))
    head, base = git.resolve(pull.source), git.resolve(pull.base)
    ancestor = git.merge_base(base, head) if head and base else None
    changes = git.changes(ancestor, head)[:_MOST_FILES] if ancestor and head else []
    return call.paged(changes, lambda change: shapes.changed_file(call.hub, repository, str(head), change))


@ROUTES.add("PUT", "pulls/<int:number>/merge", "pull_requests:write")
def merge(call: Call, repository: Repository, number: int) -> dict[str, Any]:
    """Merge a pull request whose branch has all of its base, with a merge commit or (`squash`) as one commit."""
    issue = _find(repository, number)
    pull, git = _pull(issue), repository.git
    with repository.pushing:
        refs = git.refs()
        base, head = refs[f"refs/heads/{pull.base}"].commit, str(git.resolve(pull.source))
        if pull.merge or git.merge_base(base, head) != base:
            raise ApiError(405, "Pull Request is not mergeable")
        commits, squash = commits_of(repository, pull), call.body().get("merge_method") == "squash"
        author = issue.author if squash else call.user
        names = {"GIT_AUTHOR_NAME": author.login, "GIT_AUTHOR_EMAIL": author.email}
        # GitHub commits as itself: https://github.com/web-flow
        names |= {"GIT_COMMITTER_NAME": "GitHub", "GIT_COMMITTER_EMAIL": "noreply@github.com"}
        parents = ("-p", base) if squash else ("-p", base, "-p", head)
        made = git.run("commit-tree", f"{head}^{{tree}}", *parents, stdin=issue.title.encode(), env=names)
        sha = made.decode().strip()
        git.run("update-ref", f"refs/heads/{pull.base}", sha)
        pull.merge = Merge(call.user, sha, commits, now())
        issue.state, issue.closed = "closed", pull.merge.at
        call.hub.refs_moved(repository, refs, call.user)
    _emit(call, repository, issue, "closed")
    return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}


def heads_moved(hub: Hub, repository: Repository, before: Mapping[str, Ref], pusher: Person) -> None:
    """Send `synchronize` for each open pull request, also of forks, whose branch was pushed."""
    after = repository.git.refs("refs/heads")
    call = Call(hub, Request.from_values(), Token(pusher))
    for place in list(hub.store.repositories.values()):
        for issue in place.issues:
            pull = issue.pull
            if pull is None or issue.state != "open" or (pull.fork or place.full_name) != repository.full_name:
                continue
            old, new = before.get(f"refs/heads/{pull.head}"), after.get(f"refs/heads/{pull.head}")
            if old and new and old.commit != new.commit:
                if pull.fork:
                    _fetch(place, repository, pull)
                _emit(call, place, issue, "synchronize", before=old.commit, after=new.commit)


def _emit(call: Call, repository: Repository, issue: Issue, action: str, **more: str) -> None:
    body = {
        "action": action,
        "number": issue.number,
        "pull_request": shape(call, repository, issue),
        "repository": shapes.repository(call.hub, repository),
        "sender": shapes.user(call.hub, call.user),
    }
    call.hub.emit(repository, "pull_request", body | more)


def _fork(call: Call, repository: Repository, owner: str) -> Repository:
    found = call.store.repositories.get(f"{owner}/{repository.name}")
    if found is None:
        raise invalid("PullRequest", "head", "invalid")
    return found


def _fetch(repository: Repository, fork: Repository, pull: PullRequest) -> None:
    """Have the commits of a fork's branch in the repository of the base, as GitHub has them below `refs/pull`."""
    repository.git.run("fetch", "--quiet", str(fork.git.path), f"+refs/heads/{pull.head}:{pull.source}")


def _same(issue: Issue, pull: PullRequest) -> bool:
    other = issue.pull
    return other is not None and issue.state == "open" and (other.source, other.base) == (pull.source, pull.base)


def _find(repository: Repository, number: int) -> Issue:
    issue = rest_issues.find_issue(repository, number)
    if issue.pull is None:
        raise not_found()
    return issue


def shape(call: Call, repository: Repository, issue: Issue) -> dict[str, Any]:
    """A pull request."""
    body, pull = _listed(call, repository, issue), _pull(issue)
    return body | {
        "comments": len(issue.comments),
        "commits": len(commits_of(repository, pull)),
        "mergeable": True,
        "mergeable_state": "clean",
        "merged": pull.merge is not None,
        "merged_by": shapes.user(call.hub, pull.merge.by) if pull.merge else None,
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
        "statuses": f"{api}/statuses/{repository.git.resolve(pull.source)}",
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
        "merged_at": shapes.moment(pull.merge.at) if pull.merge else None,
        "merge_commit_sha": pull.merge.sha if pull.merge else None,
        "auto_merge": None,
        "head": _end(call, repository, pull.head, pull.source, pull.fork),
        "base": _end(call, repository, pull.base, pull.base),
        "_links": {name: {"href": link} for name, link in links.items()},
    }


def _end(call: Call, repository: Repository, branch: str, source: str, fork: str = "") -> dict[str, Any]:
    place = call.store.repositories[fork] if fork else repository
    return {
        "label": f"{place.owner}:{branch}",
        "ref": branch,
        "sha": repository.git.resolve(source),
        "user": shapes.user(call.hub, call.store.person(place.owner)),
        "repo": shapes.repository(call.hub, place),
    }
