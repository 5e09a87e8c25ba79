"""REST: issues, comments and labels (https://docs.github.com/rest/issues)."""

from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Response

from local.github import shapes
from local.github.records import Comment, Issue, PullRequest, Repository, now
from local.github.routing import ApiError, Call, Routes, invalid, not_found

ROUTES = Routes()
_COLOUR = "ededed"


def open_issue(call: Call, repository: Repository, body: dict[str, Any], pull: PullRequest | None = None) -> Issue:
    """Add a new issue or pull request with the next number."""
    with call.store.lock:
        number = len(repository.issues) + 1
        made = Issue(call.store.next_id(), number, body["title"], body.get("body"), call.user, now(), pull=pull)
        made.assignees = list(body.get("assignees") or [])
        repository.issues.append(made)
    put_labels(repository, made, body.get("labels") or [])
    return made


def find_issue(repository: Repository, number: int) -> Issue:
    """The issue or pull request with this number; ApiError 404."""
    found = repository.issue(number)
    if found is None:
        raise not_found()
    return found


def put_labels(repository: Repository, issue: Issue, labels: list[Any]) -> None:
    """Add labels to an issue; unknown labels are created, as on GitHub."""
    for label in labels:
        name = label["name"] if isinstance(label, dict) else str(label)
        repository.labels.setdefault(name, _COLOUR)
        if name not in issue.labels:
            issue.labels.append(name)


def change(issue: Issue, body: dict[str, Any]) -> None:
    """Change the fields that issues and pull requests have in common."""
    if body.get("state") not in (None, "open", "closed"):
        raise invalid("Issue", "state", "invalid")
    for name in ("title", "body", "state"):
        if name in body:
            setattr(issue, name, body[name])
    issue.closed = (issue.closed or now()) if issue.state == "closed" else None
    issue.updated = now()


def selected(call: Call, repository: Repository) -> list[Issue]:
    """Issues and pull requests in the requested state and order."""
    state = call.argument("state", "open")
    found = [issue for issue in repository.issues if state in ("all", issue.state)]
    return found if call.argument("direction", "desc") == "asc" else found[::-1]


def _demand_issues(repository: Repository) -> None:
    """Refuse issues where they are switched off: https://docs.github.com/rest/issues/issues."""
    if not repository.has_issues:
        raise ApiError(410, "Issues are disabled for this repo")


@ROUTES.add("GET", "issues", "issues:read")
def list_issues(call: Call, repository: Repository) -> Response:
    """Issues and pull requests, by state, labels (all of them) and assignee."""
    _demand_issues(repository)
    labels = set(filter(None, call.argument("labels").split(",")))
    assignee = call.argument("assignee")
    found = [
        issue
        for issue in selected(call, repository)
        if labels <= set(issue.labels) and (not assignee or assignee in issue.assignees)
    ]
    return call.paged(found, lambda issue: shape(call, repository, issue))


@ROUTES.add("POST", "issues", "issues:write", 201)
def create_issue(call: Call, repository: Repository) -> dict[str, Any]:
    """Open an issue."""
    _demand_issues(repository)
    return shape(call, repository, open_issue(call, repository, call.body("title", resource="Issue")))


@ROUTES.add("GET", "issues/<int:number>", "issues:read")
def get_issue(call: Call, repository: Repository, number: int) -> dict[str, Any]:
    """One issue."""
    return shape(call, repository, find_issue(repository, number))


@ROUTES.add("PATCH", "issues/<int:number>", "issues:write")
def update_issue(call: Call, repository: Repository, number: int) -> dict[str, Any]:
    """Change an issue; labels and assignees are replaced."""
    issue, body = find_issue(repository, number), call.body()
    change(issue, body)
    reason = "completed" if issue.state == "closed" else None
    issue.state_reason = body.get("state_reason") or reason
    if "labels" in body:
        issue.labels = []
        put_labels(repository, issue, body["labels"])
    if "assignees" in body:
        issue.assignees = list(body["assignees"])
    return shape(call, repository, issue)


@ROUTES.add("GET", "issues/<int:number>/comments", "issues:read")
def list_comments(call: Call, repository: Repository, number: int) -> Response:
    """The comments of an issue, oldest first."""
    issue = find_issue(repository, number)
    return call.paged(issue.comments, lambda comment: _comment(call, repository, comment))


@ROUTES.add("POST", "issues/<int:number>/comments", "issues:write", 201)
def create_comment(call: Call, repository: Repository, number: int) -> dict[str, Any]:
    """Comment on an issue or pull request."""
    issue = find_issue(repository, number)
    body = call.body("body", resource="IssueComment")
    comment = Comment(call.store.next_id(), number, body["body"], call.user, now())
    issue.comments.append(comment)
    shown = _comment(call, repository, comment)
    # https://docs.github.com/en/webhooks/webhook-events-and-payloads#issue_comment
    call.hub.emit(
        repository,
        "issue_comment",
        {
            "action": "created",
            "issue": shape(call, repository, issue),
            "comment": shown,
            "repository": shapes.repository(call.hub, repository),
            "sender": shapes.user(call.hub, call.user),
        },
    )
    return shown


@ROUTES.add("PATCH", "issues/comments/<int:comment_id>", "issues:write")
def update_comment(call: Call, repository: Repository, comment_id: int) -> dict[str, Any]:
    """Change a comment."""
    _, comment = _find_comment(repository, comment_id)
    comment.body = call.body("body", resource="IssueComment")["body"]
    return _comment(call, repository, comment)


@ROUTES.add("DELETE", "issues/comments/<int:comment_id>", "issues:write", 204)
def delete_comment(call: Call, repository: Repository, comment_id: int) -> None:  # noqa: ARG001 - a handler
    """Delete a comment."""
    issue, comment = _find_comment(repository, comment_id)
    issue.comments.remove(comment)


@ROUTES.add("GET", "labels", "issues:read")
def list_labels(call: Call, repository: Repository) -> Response:
    """The labels of the repository."""
    return call.paged(list(repository.labels), lambda name: _label(call, repository, name))


@ROUTES.add("GET", "labels/<label>", "issues:read")
def get_label(call: Call, repository: Repository, label: str) -> dict[str, Any]:
    """One label."""
    if label not in repository.labels:
        raise not_found()
    return _label(call, repository, label)


@ROUTES.add("POST", "labels", "issues:write", 201)
def create_label(call: Call, repository: Repository) -> dict[str, Any]:
    """Create a label."""
    body = call.body("name", resource="Label")
    if body["name"] in repository.labels:
        raise invalid("Label", "name", "already_exists")
    repository.labels[body["name"]] = body.get("color") or _COLOUR
    return _label(call, repository, body["name"])


@ROUTES.add("POST", "issues/<int:number>/labels", "issues:write")
def add_labels(call: Call, repository: Repository, number: int) -> list[dict[str, Any]]:
    """Add labels to an issue or pull request."""
    issue = find_issue(repository, number)
    given = call.request.get_json()
    put_labels(repository, issue, given["labels"] if isinstance(given, dict) else given)
    return [_label(call, repository, name) for name in issue.labels]


@ROUTES.add("DELETE", "issues/<int:number>/labels/<label>", "issues:write")
def remove_label(call: Call, repository: Repository, number: int, label: str) -> list[dict[str, Any]]:
    """Remove a label."""
    issue = find_issue(repository, number)
    if label not in issue.labels:
        raise ApiError(404, "Label does not exist")
    issue.labels.remove(label)
    return [_label(call, repository, name) for name in issue.labels]


def _find_comment(repository: Repository, comment_id: int) -> tuple[Issue, Comment]:
    for issue in repository.issues:
        for comment in issue.comments:
            if comment.id == comment_id:
                return issue, comment
    raise not_found()


def shape(call: Call, repository: Repository, issue: Issue) -> dict[str, Any]:
    """The JSON of an issue or pull request in the API of issues."""
    api, web = shapes.repository_url(call.hub, repository), shapes.html_url(call.hub, repository)
    url = f"{api}/issues/{issue.number}"
    page = f"{web}/{'pull' if issue.pull else 'issues'}/{issue.number}"
    people = [shapes.user(call.hub, call.store.person(login)) for login in issue.assignees]
    body = {
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": page,
        "id": issue.id,
        "node_id": shapes.node("PullRequest" if issue.pull else "Issue", issue.id),
        "number": issue.number,
        "title": issue.title,
        "user": shapes.user(call.hub, issue.author),
        "labels": [_label(call, repository, name) for name in issue.labels],
        "state": issue.state,
        "state_reason": issue.state_reason,
        "locked": False,
        "assignee": people[0] if people else None,
        "assignees": people,
        "milestone": None,
        "comments": len(issue.comments),
        "created_at": shapes.moment(issue.created),
        "updated_at": shapes.moment(issue.updated),
        "closed_at": shapes.moment(issue.closed) if issue.closed else None,
        "author_association": "MEMBER",
        "body": issue.body,
    }
    if issue.pull:
        body["pull_request"] = {
            "url": f"{api}/pulls/{issue.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
        }
    return body


def _comment(call: Call, repository: Repository, comment: Comment) -> dict[str, Any]:
    api, web = shapes.repository_url(call.hub, repository), shapes.html_url(call.hub, repository)
    created = shapes.moment(comment.created)
    return {
        "url": f"{api}/issues/comments/{comment.id}",
        "html_url": f"{web}/issues/{comment.issue}#issuecomment-{comment.id}",
        "issue_url": f"{api}/issues/{comment.issue}",
        "id": comment.id,
        "node_id": shapes.node("IssueComment", comment.id),
        "user": shapes.user(call.hub, comment.author),
        "created_at": created,
        "updated_at": created,
        "author_association": "MEMBER",
        "body": comment.body,
    }


def _label(call: Call, repository: Repository, name: str) -> dict[str, Any]:
    return {
        "id": abs(hash(name)) % 10**9,
        "node_id": shapes.node("Label", name),
        "url": f"{shapes.repository_url(call.hub, repository)}/labels/{quote(name)}",
        "name": name,
        "color": repository.labels[name],
        "default": False,
        "description": "",
    }
