"""The GraphQL endpoint: the part of GitHub's published schema that the worker uses (`schema.graphql`).

Every document is counted and costs one point; when no points are left, the answer is RATE_LIMITED, as on GitHub.
"""

import re
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync
from werkzeug.wrappers import Response

from local.github import shapes
from local.github.boards import Board, Card, Value
from local.github.graphql_boards import NOT_FOUND, add_draft, add_item, unresolved
from local.github.graphql_refs import repository_fields
from local.github.records import Comment, Issue, Repository
from local.github.routing import Call, Routes, reply

ROUTES = Routes()
_FILTER = re.compile(r'status:"([^"]*)"')
_FILTER_ARGUMENT = re.compile(r", query: String(?=\): ProjectV2ItemConnection)")
_MOST = 100


@cache
def schema(*, filters: bool) -> GraphQLSchema:
    """The schema; without `filters` the argument that filters a board's items is missing."""
    text = Path(__file__).with_name("schema.graphql").read_text("utf-8")
    return build_schema(text if filters else _FILTER_ARGUMENT.sub("", text))


@ROUTES.add("POST", "/api/graphql", "metadata:read")
def query(call: Call) -> Response:
    """Answer a GraphQL document."""
    body, usage = call.body("query"), call.store.graphql
    name = re.search(r"\b(?:query|mutation)\s+(\w+)", body["query"])
    with call.store.lock:
        usage.documents.append(name[1] if name else "")
        limited = usage.used >= usage.limit
        usage.used += not limited
    headers = {
        "X-RateLimit-Limit": str(usage.limit),
        "X-RateLimit-Remaining": str(usage.limit - usage.used),
        "X-RateLimit-Used": str(usage.used),
        "X-RateLimit-Reset": str(int(usage.resets)),
        "X-RateLimit-Resource": "graphql",
    }
    if limited:
        error = {"type": "RATE_LIMITED", "message": "API rate limit already exceeded"}
        return reply({"errors": [error]}, 200, headers)
    result = graphql_sync(
        schema(filters=usage.filters), body["query"], _Root(call).fields(), variable_values=body.get("variables") or {}
    )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [{"type": (e.extensions or {}).get("type"), **e.formatted} for e in result.errors]
    return reply(answer, 200, headers)


class _Root:
    """The root of queries and mutations; graphql-core calls the callables with their arguments."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._store = call.store

    def fields(self) -> dict[str, Any]:
        """The root value."""
        return {
            "rateLimit": self._rate_limit,
            "repository": self._repository,
            "repositoryOwner": self._owner,
            "node": self._node,
            "nodes": self._nodes,
            "addProjectV2DraftIssue": lambda _, **given: {"projectItem": self._added(add_draft, given["input"])},
            "addProjectV2ItemById": lambda _, **given: {"item": self._added(add_item, given["input"])},
            "updateProjectV2ItemFieldValue": self._update,
            "convertPullRequestToDraft": lambda _, **given: self._draft(given["input"], draft=True),
            "markPullRequestReadyForReview": lambda _, **given: self._draft(given["input"], draft=False),
        }

    def _rate_limit(self, _: Any, **__: Any) -> dict[str, Any]:
        usage = self._store.graphql
        reset = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(usage.resets))
        return {"cost": 1, "remaining": usage.limit - usage.used, "resetAt": reset}

    def _repository(self, _: Any, owner: str, name: str, **__: Any) -> dict[str, Any]:
        """A repository with its refs; the former name of one is not followed."""
        found = self._store.repositories.get(f"{owner}/{name}")
        if found is None or not self._call.token.sees(found.full_name):
            raise GraphQLError(
                f"Could not resolve to a Repository with the name '{owner}/{name}'.", extensions=NOT_FOUND
            )
        return repository_fields(found)

    def _owner(self, _: Any, login: str) -> dict[str, Any] | None:
        if login not in self._store.people:
            return None
        return {
            "__typename": "Organization",
            "login": login,
            "projectV2": lambda _, number: self._board(login, number),
        }

    def _board(self, login: str, number: int) -> dict[str, Any] | None:
        found = self._store.boards.get((login, number))
        if found is None:
            raise GraphQLError(f"Could not resolve to a ProjectV2 with the number {number}.", extensions=NOT_FOUND)
        return self._project(found)

    def _project(self, board: Board) -> dict[str, Any]:
        return {
            "id": board.id,
            "items": lambda _, **given: self._items(board, **given),
            "field": lambda _, name: _field(board, name),
        }

    def _items(
        self, board: Board, first: int = 0, after: str | None = None, query: str = "", **_: Any
    ) -> dict[str, Any]:
        if not 1 <= first <= _MOST:
            raise GraphQLError(
                f"Requesting {first} records on the `items` connection exceeds the `first` limit of 100."
            )
        wanted = _FILTER.search(query or "")
        cards = [c for c in board.cards.values() if not wanted or board.column_of(c) == wanted[1]]
        start = int(after) if after else 0
        end = start + first
        return {
            "nodes": [self._item(board, card) for card in cards[start:end]],
            "pageInfo": {"hasNextPage": end < len(cards), "endCursor": str(min(end, len(cards)))},
        }

    def _item(self, board: Board, card: Card) -> dict[str, Any]:
        return {
            "__typename": "ProjectV2Item",
            "id": card.id,
            "createdAt": shapes.moment(card.created),
            "isArchived": card.archived,
            "project": lambda _: self._project(board),
            "content": lambda _: _content(card),
            "fieldValueByName": lambda _, name: _value(card.values.get(name), name),
        }

    def _node(self, _: Any, id: str) -> dict[str, Any] | None:  # noqa: A002 - GitHub's name
        board, card = self._card(id)
        return self._item(board, card)

    def _nodes(self, _: Any, ids: list[str]) -> list[dict[str, Any]]:
        """Issues, pull requests and comments; https://docs.github.com/graphql/reference/interfaces#comment."""
        if len(ids) > _MOST:
            raise GraphQLError(
                f"You may not provide more than 100 node ids; you provided {len(ids)}.",
                extensions={"type": "ARGUMENT_LIMIT"},
            )
        written = {made["id"]: made for made in self._written()}
        for one in ids:
            if one not in written:
                raise unresolved(one)
        return [written[one] for one in ids]

    def _written(self) -> Iterator[dict[str, Any]]:
        for repository in self._store.repositories.values():
            for issue in repository.issues if self._call.token.sees(repository.full_name) else ():
                yield self._authored("PullRequest" if issue.pull else "Issue", issue)
                yield from (self._authored("IssueComment", comment) for comment in issue.comments)

    def _authored(self, kind: str, written: Issue | Comment) -> dict[str, Any]:
        own = written.author == self._call.user
        return {"__typename": kind, "id": shapes.node(kind, written.id), "viewerDidAuthor": own}

    def _card(self, item_id: str) -> tuple[Board, Card]:
        for board in self._store.boards.values():
            if item_id in board.cards:
                return board, board.cards[item_id]
        raise unresolved(item_id)

    def _added(self, add: Callable[..., tuple[Board, Card]], given: dict[str, Any]) -> dict[str, Any]:
        self._require("organization_projects")
        return self._item(*add(self._store, self._call.token, given))

    def _update(self, _: Any, **given: Any) -> dict[str, Any]:
        self._require("organization_projects")
        change = given["input"]
        board, card = self._card(change["itemId"])
        name = change["fieldId"].removeprefix(f"{board.id}/")
        option = change["value"].get("singleSelectOptionId")
        text = board.columns[int(option)] if option is not None else change["value"]["text"]
        board.write(card, name, text)
        return {"projectV2Item": self._item(board, card)}

    def _draft(self, given: dict[str, Any], *, draft: bool) -> dict[str, Any]:
        self._require("pull_requests")
        for repository in self._store.repositories.values():
            for issue in repository.issues:
                if issue.pull and shapes.node("PullRequest", issue.id) == given["pullRequestId"]:
                    if draft and not repository.has_drafts:
                        raise GraphQLError(
                            "Draft pull requests are not supported in this repository.",
                            extensions={"type": "UNPROCESSABLE"},
                        )
                    issue.pull.draft = draft
                    return {"pullRequest": _pull(repository, issue)}
        raise GraphQLError("Could not resolve to a PullRequest", extensions=NOT_FOUND)

    def _require(self, area: str) -> None:
        if not self._call.token.may(area, "write"):
            raise GraphQLError("Resource not accessible by personal access token", extensions={"type": "FORBIDDEN"})


def _field(board: Board, name: str) -> dict[str, Any] | None:
    if name == "Status":
        options = [{"id": str(place), "name": column} for place, column in enumerate(board.columns)]
        return {
            "__typename": "ProjectV2SingleSelectField",
            "id": f"{board.id}/Status",
            "options": lambda _, names=None: [one for one in options if names is None or one["name"] in names],
        }
    if name in board.texts:
        return {"__typename": "ProjectV2Field", "id": f"{board.id}/{name}", "dataType": "TEXT"}
    return None


def _value(value: Value | None, name: str) -> dict[str, Any] | None:
    if value is None:
        return None
    if name == "Status":
        since = shapes.moment(value.since)
        return {"__typename": "ProjectV2ItemFieldSingleSelectValue", "name": value.text, "updatedAt": since}
    return {"__typename": "ProjectV2ItemFieldTextValue", "text": value.text}


def _content(card: Card) -> dict[str, Any]:
    if card.issue is None or card.repository is None:
        return {"__typename": "DraftIssue", "title": card.title, "body": card.body}
    if card.issue.pull:
        return _pull(card.repository, card.issue)
    return {"__typename": "Issue", **_shared(card.repository, card.issue)}


def _pull(repository: Repository, issue: Issue) -> dict[str, Any]:
    assert issue.pull is not None  # noqa: S101 - for the type checker; callers have checked
    return {
        "__typename": "PullRequest",
        **_shared(repository, issue),
        "headRefName": issue.pull.head,
        "isCrossRepository": False,
        "isDraft": issue.pull.draft,
    }


def _shared(repository: Repository, issue: Issue) -> dict[str, Any]:
    return {"number": issue.number, "title": issue.title, "repository": {"nameWithOwner": repository.full_name}}
