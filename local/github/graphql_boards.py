"""Mutations of GraphQL that put cards on a board.

https://docs.github.com/en/issues/planning-and-tracking-with-projects/automating-your-project/using-the-api-to-manage-projects
"""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError

from local.github import shapes
from local.github.boards import Board, Card
from local.github.records import Issue, Repository, Token
from local.github.store import Store

NOT_FOUND = {"type": "NOT_FOUND"}


def add_draft(store: Store, _: Token, given: Mapping[str, Any]) -> tuple[Board, Card]:
    """`addProjectV2DraftIssue`: a card without an issue, in no column."""
    board = _board(store, given["projectId"])
    return board, board.add(given["title"], body=given.get("body") or "")


def add_item(store: Store, token: Token, given: Mapping[str, Any]) -> tuple[Board, Card]:
    """`addProjectV2ItemById`: the card of an issue or pull request, in no column; one that is there stays as it is."""
    board = _board(store, given["projectId"])
    repository, issue = _content(store, token, given["contentId"])
    there = next((card for card in board.cards.values() if card.issue is issue), None)
    return board, there or board.add(issue.title, repository=repository, issue=issue)


def _board(store: Store, node: str) -> Board:
    found = next((board for board in store.boards.values() if board.id == node), None)
    if found is None:
        raise unresolved(node)
    return found


def _content(store: Store, token: Token, node: str) -> tuple[Repository, Issue]:
    for repository in store.repositories.values():
        for issue in repository.issues if token.sees(repository.full_name) else ():
            if node == shapes.node("PullRequest" if issue.pull else "Issue", issue.id):
                return repository, issue
    raise unresolved(node)


def unresolved(node: str) -> GraphQLError:
    """The error about an id that is unknown, or that the token may not see."""
    return GraphQLError(f"Could not resolve to a node with the global id of '{node}'", extensions=NOT_FOUND)
