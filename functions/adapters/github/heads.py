"""The heads of all repositories in one query, and the newest refs of one, at a point of GitHub's budget each (P2).

5,000 points an hour: https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.adapters.github.graphql import GraphQL
from functions.domain.reconciliation import Listed

# GitHub ends a query after 10 seconds.
_MOST_REPOSITORIES = 50


class Heads(GraphQL):
    """Both are read each minute or every few, for all repositories of the stack: a fault waits for the next run."""

    longest_wait_seconds = 0.0

    def of(self, repositories: Sequence[str], branch: str) -> dict[str, str]:
        """The newest commit of this branch in each repository; those without it, and those not found, are left out."""
        found: dict[str, str] = {}
        for start in range(0, len(repositories), _MOST_REPOSITORIES):
            some = repositories[start : start + _MOST_REPOSITORIES]
            variables = {"ref": f"refs/heads/{branch}"}
            for place, repository in enumerate(some):
                variables[f"o{place}"], _, variables[f"n{place}"] = repository.partition("/")
            data = self.run("heads", variables, some[0], heads_document(len(some)))
            for place, repository in enumerate(some):
                ref = (data.get(f"r{place}") or {}).get("ref")
                if ref:
                    found[repository] = ref["target"]["oid"]
        return found

    def listed(self, repository: str, *, branches: bool) -> Listed | None:
        """The newest tags, newest first, and the branches if they are wanted; None if the repository is not found."""
        owner, _, name = repository.partition("/")
        found = self.run("refs", {"owner": owner, "name": name, "branches": branches}, repository)["repository"]
        if found is None:
            return None
        tags, heads = found["tags"], found.get("branches")
        return Listed(
            {**_named("refs/tags/", tags), **(_named("refs/heads/", heads) if heads else {})},
            all_tags=not tags["pageInfo"]["hasNextPage"],
            all_branches=not (heads and heads["pageInfo"]["hasNextPage"]),
        )


def heads_document(count: int) -> str:
    """A query about so many repositories: GraphQL has no list of them by name."""
    places = range(count)
    names = "".join(f", $o{place}: String!, $n{place}: String!" for place in places)
    wanted = "ref(qualifiedName: $ref) { target { oid } }"
    asked = (f"r{n}: repository(owner: $o{n}, name: $n{n}, followRenames: false) {{ {wanted} }}" for n in places)
    return "\n".join([f"query Heads($ref: String!{names}) {{ rateLimit {{ cost }}", *asked, "}"])


def _named(start: str, refs: Mapping[str, Any]) -> dict[str, str]:
    return {start + one["name"]: one["target"]["oid"] for one in refs["nodes"]}
