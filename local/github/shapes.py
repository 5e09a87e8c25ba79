"""The JSON of accounts, repositories and commits."""

import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from local.github.git import Change, GitCommit
from local.github.git import Person as GitPerson
from local.github.records import Person, Repository
from local.github.routing import Hub

# Parts of a repository that its JSON links to; the second column is the URI template GitHub appends.
_LINKS = {
    "forks": "", "keys": "{/key_id}", "collaborators": "{/collaborator}", "teams": "", "hooks": "",
    "events": "", "assignees": "{/user}", "branches": "{/branch}", "tags": "", "statuses": "/{sha}",
    "languages": "", "stargazers": "", "contributors": "", "subscribers": "", "subscription": "",
    "commits": "{/sha}", "comments": "{/number}", "merges": "", "downloads": "", "issues": "{/number}",
    "pulls": "{/number}", "milestones": "{/number}", "labels": "{/name}", "releases": "{/id}",
    "deployments": "",
}  # fmt: skip


def moment(value: datetime | int) -> str:
    """A time in the format of the REST API: UTC, whole seconds, `Z`."""
    when = datetime.fromtimestamp(value, UTC) if isinstance(value, int) else value.astimezone(UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def node(kind: str, identifier: int | str) -> str:
    """A global node id."""
    return base64.b64encode(f"{kind}{identifier}".encode()).decode()


def user(hub: Hub, person: Person) -> dict[str, Any]:
    """An account, in the form that other objects embed."""
    api = f"{hub.api_url}/users/{person.login}"
    return {
        "login": person.login,
        "id": person.id,
        "node_id": node("User", person.id),
        "avatar_url": f"{hub.url}/avatars/u/{person.id}?v=4",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{hub.url}/{person.login}",
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": "Bot" if person.login.endswith("[bot]") else "User",
        "site_admin": False,
    }


def repository_url(hub: Hub, repository: Repository) -> str:
    """The REST address of a repository."""
    return f"{hub.api_url}/repos/{repository.full_name}"


def html_url(hub: Hub, repository: Repository) -> str:
    """The web address of a repository."""
    return f"{hub.url}/{repository.full_name}"


def repository(hub: Hub, one: Repository) -> dict[str, Any]:
    """A repository."""
    api, web = repository_url(hub, one), html_url(hub, one)
    open_issues = sum(issue.state == "open" for issue in one.issues)
    return {
        "id": one.id,
        "node_id": node("Repository", one.id),
        "name": one.name,
        "full_name": one.full_name,
        "private": True,
        "owner": user(hub, hub.store.person(one.owner)),
        "html_url": web,
        "description": None,
        "fork": False,
        "url": api,
        **{f"{name}_url": f"{api}/{name}{template}" for name, template in _LINKS.items()},
        "issue_events_url": f"{api}/issues/events{{/number}}",
        "issue_comment_url": f"{api}/issues/comments{{/number}}",
        "notifications_url": f"{api}/notifications{{?since,all,participating}}",
        "blobs_url": f"{api}/git/blobs{{/sha}}",
        "git_tags_url": f"{api}/git/tags{{/sha}}",
        "git_refs_url": f"{api}/git/refs{{/sha}}",
        "git_commits_url": f"{api}/git/commits{{/sha}}",
        "trees_url": f"{api}/git/trees{{/sha}}",
        "contents_url": f"{api}/contents/{{+path}}",
        "compare_url": f"{api}/compare/{{base}}...{{head}}",
        "archive_url": f"{api}/{{archive_format}}{{/ref}}",
        "created_at": moment(one.created),
        "updated_at": moment(one.pushed),
        "pushed_at": moment(one.pushed),
        "git_url": f"git://{web.partition('//')[2]}.git",
        "ssh_url": f"git@127.0.0.1:{one.full_name}.git",
        "clone_url": f"{web}.git",
        "svn_url": web,
        "homepage": None,
        "mirror_url": None,
        "language": None,
        "license": None,
        "size": 0,
        **{f"{name}_count": 0 for name in ("stargazers", "watchers", "forks")},
        "forks": 0,
        "watchers": 0,
        **{f"has_{name}": True for name in ("issues", "projects", "downloads", "wiki", "discussions")},
        "has_pages": False,
        "archived": one.archived,
        "disabled": False,
        "visibility": "private",
        "is_template": False,
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "topics": [],
        "open_issues_count": open_issues,
        "open_issues": open_issues,
        "default_branch": one.default_branch,
    }


def _signature(person: GitPerson) -> dict[str, Any]:
    return {"name": person.name, "email": person.email, "date": moment(person.seconds)}


def _account(hub: Hub, person: GitPerson) -> dict[str, Any] | None:
    known = hub.store.person_of(person.email)
    return user(hub, known) if known else None


def commit(hub: Hub, one: Repository, found: GitCommit) -> dict[str, Any]:
    """A commit, without its files."""
    api, web = repository_url(hub, one), html_url(hub, one)
    return {
        "url": f"{api}/commits/{found.sha}",
        "sha": found.sha,
        "node_id": node("Commit", found.sha),
        "html_url": f"{web}/commit/{found.sha}",
        "comments_url": f"{api}/commits/{found.sha}/comments",
        "commit": {
            "url": f"{api}/git/commits/{found.sha}",
            "author": _signature(found.author),
            "committer": _signature(found.committer),
            "message": found.message,
            "tree": {"url": f"{api}/git/trees/{found.tree}", "sha": found.tree},
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        "author": _account(hub, found.author),
        "committer": _account(hub, found.committer),
        "parents": [
            {"url": f"{api}/commits/{sha}", "html_url": f"{web}/commit/{sha}", "sha": sha} for sha in found.parents
        ],
    }


def changed_file(hub: Hub, one: Repository, sha: str, change: Change) -> dict[str, Any]:
    """A changed file of a commit or comparison."""
    api, web, path = repository_url(hub, one), html_url(hub, one), quote(change.path)
    shape = {
        "sha": change.blob,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{web}/blob/{sha}/{path}",
        "raw_url": f"{web}/raw/{sha}/{path}",
        "contents_url": f"{api}/contents/{path}?ref={sha}",
    }
    return shape | ({"previous_filename": change.previous} if change.previous else {})
