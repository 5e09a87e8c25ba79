"""The payload of a push event (https://docs.github.com/en/webhooks/webhook-events-and-payloads#push)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.github import shapes
from local.github.git import NO_COMMIT, GitCommit, Ref
from local.github.git import Person as GitPerson
from local.github.records import Activity, Person, Repository
from local.github.routing import Hub

_MOST_TAGS = 3  # "Events will not be created for tags when more than three tags are pushed at once."
_MOST_COMMITS = 2048


@dataclass(frozen=True)
class RefChange:
    """A branch or tag that was created (no before), deleted (no after) or moved."""

    name: str
    before: Ref | None
    after: Ref | None


def changed_refs(before: Mapping[str, Ref], after: Mapping[str, Ref]) -> list[RefChange]:
    """The refs for which a push event is sent."""
    names = sorted({*before, *after})
    changes = [RefChange(name, before.get(name), after.get(name)) for name in names]
    moved = [change for change in changes if _target(change.before) != _target(change.after)]
    tags = [change for change in moved if change.name.startswith("refs/tags/")]
    return [change for change in moved if change not in tags or len(tags) <= _MOST_TAGS]


def payloads(hub: Hub, repository: Repository, before: Mapping[str, Ref], pusher: Person) -> Iterator[dict[str, Any]]:
    """The body of every push event since `before`."""
    after = repository.git.refs()
    for change in changed_refs(before, after):
        yield _payload(hub, repository, change, before, pusher)


def activities(repository: Repository, before: Mapping[str, Ref], actor: Person, at: datetime) -> Iterator[Activity]:
    """Every move of a branch since `before`."""
    for change in changed_refs(before, repository.git.refs()):
        kind = "push" if change.before and change.after else "branch_creation" if change.after else "branch_deletion"
        if _forced(repository, change):
            kind = "force_push"
        if change.name.startswith("refs/heads/"):
            number = len(repository.activities) + 1
            yield Activity(number, change.name, _target(change.before), _target(change.after), kind, actor, at)


def _payload(
    hub: Hub, repository: Repository, change: RefChange, old_refs: Mapping[str, Ref], pusher: Person
) -> dict[str, Any]:
    commits = _new_commits(repository, change, old_refs)
    head = repository.git.commit(change.after.commit) if change.after else None
    return {
        "ref": change.name,
        "before": _target(change.before),
        "after": _target(change.after),
        "repository": _repository(hub, repository),
        "pusher": {"name": pusher.login, "email": pusher.email},
        "sender": shapes.user(hub, pusher),
        "created": change.before is None,
        "deleted": change.after is None,
        "forced": _forced(repository, change),
        "base_ref": _base_ref(change, old_refs),
        "compare": _compare(hub, repository, change, commits),
        "commits": [_commit(hub, repository, commit) for commit in commits[:_MOST_COMMITS]],
        "head_commit": _commit(hub, repository, head) if head else None,
    }


def _target(ref: Ref | None) -> str:
    return ref.target if ref else NO_COMMIT


def _new_commits(repository: Repository, change: RefChange, old_refs: Mapping[str, Ref]) -> list[GitCommit]:
    """Commits that the ref gained, oldest first: for a new branch those that no ref had before, for a tag none."""
    if change.after is None or change.name.startswith("refs/tags/"):
        return []
    known = [change.before.commit] if change.before else [ref.commit for ref in old_refs.values()]
    return repository.git.log("--reverse", change.after.commit, *(f"^{sha}" for sha in known))


def _forced(repository: Repository, change: RefChange) -> bool:
    if change.before is None or change.after is None:
        return False
    return repository.git.merge_base(change.before.commit, change.after.commit) != change.before.commit


def _base_ref(change: RefChange, old_refs: Mapping[str, Ref]) -> str | None:
    """The branch that a new ref was created from, if a branch was at that commit."""
    if change.before or not change.after:
        return None
    heads = (name for name, ref in old_refs.items() if ref.commit == change.after.commit)
    return next((name for name in sorted(heads) if name.startswith("refs/heads/")), None)


def _compare(hub: Hub, repository: Repository, change: RefChange, commits: list[GitCommit]) -> str:
    web = shapes.html_url(hub, repository)
    if change.before:
        return f"{web}/compare/{change.before.target[:12]}...{_target(change.after)[:12]}"
    if not commits:
        return f"{web}/compare/{change.name.split('/', 2)[2]}"
    first = commits[0]
    if len(commits) == 1:
        return f"{web}/commit/{first.sha}"
    return f"{web}/compare/{first.sha[:12]}{'^' if first.parents else ''}...{commits[-1].sha[:12]}"


def _person(hub: Hub, person: GitPerson) -> dict[str, str]:
    known = hub.store.person_of(person.email)
    return {"name": person.name, "email": person.email, **({"username": known.login} if known else {})}


def _commit(hub: Hub, repository: Repository, commit: GitCommit) -> dict[str, Any]:
    changes = repository.git.changes(commit.parents[0] if commit.parents else None, commit.sha)
    renamed = [change for change in changes if change.previous]
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message,
        "timestamp": commit.timestamp,
        "url": f"{shapes.html_url(hub, repository)}/commit/{commit.sha}",
        "author": _person(hub, commit.author),
        "committer": _person(hub, commit.committer),
        # A push event has a rename as one removed and one added file.
        "added": [change.path for change in changes if change.status in ("added", "renamed")],
        "removed": [change.path for change in changes if change.status == "removed"]
        + [change.previous for change in renamed if change.previous],
        "modified": [change.path for change in changes if change.status in ("modified", "changed")],
    }


def _repository(hub: Hub, repository: Repository) -> dict[str, Any]:
    """The repository as push events have it: times are numbers of seconds, and the owner has a name."""
    owner = hub.store.person(repository.owner)
    body = shapes.repository(hub, repository)
    return body | {
        "url": body["html_url"],
        "owner": {"name": owner.login, "email": owner.email, **body["owner"]},
        "created_at": int(repository.created.timestamp()),
        "pushed_at": int(repository.pushed.timestamp()),
        "stargazers": 0,
        "master_branch": repository.default_branch,
    }
