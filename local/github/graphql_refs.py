"""Branches and tags in GraphQL."""

from typing import Any

from graphql import GraphQLError

from local.github.git import GitRepository, Ref
from local.github.records import Repository

_MOST = 100


def repository_fields(repository: Repository) -> dict[str, Any]:
    """The fields of a repository that documents of the platform ask for."""
    return {
        "__typename": "Repository",
        "nameWithOwner": repository.full_name,
        "ref": lambda _, qualifiedName: _ref(repository.git, qualifiedName),  # noqa: N803 - GitHub's name
        "refs": lambda _, **given: _refs(repository.git, **given),
    }


def _ref(git: GitRepository, name: str) -> dict[str, Any] | None:
    found = git.refs(name).get(name)
    return _fields(found) if found else None


def _refs(
    git: GitRepository,
    refPrefix: str,  # noqa: N803 - GitHub's name
    first: int = 0,
    orderBy: dict[str, str] | None = None,  # noqa: N803 - GitHub's name
    **_: Any,
) -> dict[str, Any]:
    """A page of the refs with this prefix, which ends with a slash, as on GitHub."""
    if not 1 <= first <= _MOST:
        raise GraphQLError(f"Requesting {first} records on the `refs` connection exceeds the `first` limit of 100.")
    found = sorted(git.refs(refPrefix.rstrip("/")).values(), key=lambda ref: ref.name)
    if orderBy and orderBy["field"] == "TAG_COMMIT_DATE":
        newest = orderBy["direction"] == "DESC"
        found.sort(key=lambda ref: git.commit(ref.commit).committer.seconds, reverse=newest)
    return {"nodes": [_fields(ref) for ref in found[:first]], "pageInfo": {"hasNextPage": len(found) > first}}


def _fields(ref: Ref) -> dict[str, Any]:
    kind = "Tag" if ref.kind == "tag" else "Commit"
    name = ref.name.split("/", 2)[2]
    return {"name": name, "target": {"__typename": kind, "oid": ref.target}}
