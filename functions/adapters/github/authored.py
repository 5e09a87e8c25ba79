"""What the platform wrote itself: anybody may write its markers into an issue or comment."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from functions.adapters.github.documents import document, send

if TYPE_CHECKING:
    from github.Issue import Issue
    from github.IssueComment import IssueComment
    from github.Repository import Repository

Written = TypeVar("Written", "Issue", "IssueComment")
_MOST = 100  # GitHub refuses more ids in one request


def authored(repo: "Repository", found: Iterable[Written], about: str) -> Iterator[Written]:
    """Those that the holder of the credential wrote; one request for each hundred, and none without any.

    `about` names the repository in errors.
    GraphQL answers this for tokens and for Apps; REST's `GET /user` refuses an App's installation.
    https://docs.github.com/graphql/reference/interfaces#comment
    """
    left = iter(found)
    while batch := list(islice(left, _MOST)):
        ids = [one.node_id for one in batch]
        # In the order of the ids; the ids of older objects have another form in REST than in GraphQL.
        # https://docs.github.com/graphql/guides/migrating-graphql-global-node-ids
        nodes = send(repo, document("authored"), {"ids": ids}, about)["nodes"]
        yield from (one for one, node in zip(batch, nodes, strict=True) if node["viewerDidAuthor"])
