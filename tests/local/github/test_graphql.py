"""The local GitHub's GraphQL: limits, permissions and errors as on GitHub."""

from typing import Any

import pytest
import requests

from functions.adapters.github.board import Board as BoardAdapter
from functions.adapters.github.board import Names
from functions.adapters.github.errors import GitHubError, GitHubUnavailableError
from functions.adapters.project_config import ProjectConfig
from functions.domain.work_items import Columns
from local.github import LocalGitHub
from tests.local.github.support import Receiver, eventually


def adapter(hub: LocalGitHub, token: str, number: int = 1) -> BoardAdapter:
    """The product's own adapter."""
    names = Names("acme", number, "Status", "Branch", "Reason", Columns())
    made = BoardAdapter(hub.api_url, lambda: f'{{"token": "{token}"}}', names, ProjectConfig, lambda _: None)
    made.longest_wait_seconds = 0
    return made


@pytest.fixture
def token(hub: LocalGitHub) -> str:
    """A token with all permissions."""
    hub.add_token("ghp_all", "ada")
    return "ghp_all"


def test_a_page_has_at_most_a_hundred_items(hub: LocalGitHub, token: str) -> None:
    """250 items are three pages, each of which is counted and costs a point."""
    board = hub.add_board("acme")
    for number in range(250):
        board.add(f"Item {number}", "", "Todo")
    client = adapter(hub, token)
    assert [item.title for item in client.items("Todo")] == [f"Item {number}" for number in range(250)]
    assert hub.store.graphql.documents == ["FilterSupport", *["BoardItemsFiltered"] * 3]
    assert client.cost == 3


def test_used_up_points_are_a_limit(hub: LocalGitHub, token: str) -> None:
    """Without points the answer is RATE_LIMITED, with the time of new points."""
    hub.add_board("acme")
    hub.store.graphql.limit = 1
    with pytest.raises(GitHubUnavailableError) as caught:
        list(adapter(hub, token).items("Todo"))
    assert 3500 < (caught.value.retry_after_seconds or 0) <= 3600


def test_a_token_that_may_not_write_the_board_is_refused(hub: LocalGitHub, token: str) -> None:
    """The card stays in its column."""
    board = hub.add_board("acme")
    card = board.add("Item", "", "Todo")
    hub.add_token("ghp_read", "ada", permissions={"organization_projects": "read"})
    with pytest.raises(GitHubError):
        adapter(hub, "ghp_read").move(card.id, "In Review")
    assert board.column_of(card) == "Todo"


def test_a_card_that_is_gone_is_an_error_with_its_name(hub: LocalGitHub, token: str) -> None:
    """GitHub's NOT_FOUND."""
    hub.add_board("acme")
    with pytest.raises(GitHubError, match="PVTI_0"):
        adapter(hub, token).move("PVTI_0", "In Review")


def test_a_moved_card_is_sent_to_hooks(hub: LocalGitHub, token: str) -> None:
    """A moved card sends `projects_v2_item` in GitHub's form."""
    board = hub.add_board("acme")
    with Receiver() as receiver:
        hub.add_hook("acme/hello-service", receiver.url, "secret", ("projects_v2_item",))
        card = board.add("Item", "", "Todo")
        board.move(card, "In Review")
        deliveries: Any = hub.repository("acme/hello-service").hooks[0].deliveries
        eventually(lambda: len(deliveries) == 3)
        assert [one.action for one in deliveries[1:]] == ["created", "edited"]


def authored(hub: LocalGitHub, token: str, *ids: str) -> dict[str, Any]:
    """The answer about who wrote these."""
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Comment { viewerDidAuthor } } }"
    headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
    body: dict[str, Any] = {"query": query, "variables": {"ids": ids}}
    answer: dict[str, Any] = requests.post(hub.graphql_url, json=body, headers=headers, timeout=10).json()
    return answer


def written(hub: LocalGitHub, token: str, path: str, **body: str) -> str:
    """The node id of what this token's owner makes."""
    headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
    url = f"{hub.api_url}/repos/acme/hello-service/{path}"
    return str(requests.post(url, json=body, headers=headers, timeout=10).json()["node_id"])


def test_who_wrote_something_is_known(hub: LocalGitHub, token: str) -> None:
    """`viewerDidAuthor` of https://docs.github.com/graphql/reference/interfaces#comment, in the order of the ids."""
    hub.add_token("ghp_bob", "bob")
    issue = written(hub, token, "issues", title="Item")
    comment = written(hub, "ghp_bob", "issues/1/comments", body="Done")
    assert authored(hub, "ghp_bob", comment, issue)["data"]["nodes"] == [
        {"viewerDidAuthor": True},
        {"viewerDidAuthor": False},
    ]


def test_who_wrote_something_is_known_of_a_hundred_that_are_visible(hub: LocalGitHub, token: str) -> None:
    """An id more is ARGUMENT_LIMIT; what is gone, or in a repository that the token can't see, is NOT_FOUND."""
    issue = written(hub, token, "issues", title="Item")
    hub.add_token("ghp_elsewhere", "eve", repositories=["acme/other"])
    answers = [
        authored(hub, token, *[issue] * 101),
        authored(hub, token, "gone"),
        authored(hub, "ghp_elsewhere", issue),
    ]
    assert [one["errors"][0]["type"] for one in answers] == ["ARGUMENT_LIMIT", "NOT_FOUND", "NOT_FOUND"]


def sent(hub: LocalGitHub, token: str, document: str, **variables: Any) -> dict[str, Any]:
    """The answer to a document."""
    headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
    body: dict[str, Any] = {"query": document, "variables": variables}
    answer: dict[str, Any] = requests.post(hub.graphql_url, json=body, headers=headers, timeout=10).json()
    return answer


ADD_ISSUE = """mutation($board: ID!, $content: ID!) {
  addProjectV2ItemById(input: {projectId: $board, contentId: $content}) { item { id content { __typename } } }
}"""
ADD_DRAFT = """mutation($board: ID!) {
  addProjectV2DraftIssue(input: {projectId: $board, title: "Later", body: "One day."}) {
    projectItem { id content { ... on DraftIssue { title body } } }
  }
}"""


def test_an_issue_is_put_on_the_board_once(hub: LocalGitHub, token: str) -> None:
    """It is in no column; the second time its item is returned, as the guide of `graphql_boards.py` says."""
    board, issue = hub.add_board("acme"), written(hub, token, "issues", title="Item")
    first, second = (sent(hub, token, ADD_ISSUE, board=board.id, content=issue) for _ in range(2))
    ((made, card),) = board.cards.items()
    assert (
        first
        == second
        == {"data": {"addProjectV2ItemById": {"item": {"id": made, "content": {"__typename": "Issue"}}}}}
    )
    assert (card.title, board.column_of(card)) == ("Item", "")


def test_a_draft_is_put_on_the_board(hub: LocalGitHub, token: str) -> None:
    """With its text, each time another one."""
    board = hub.add_board("acme")
    answers = [sent(hub, token, ADD_DRAFT, board=board.id) for _ in range(2)]
    made = [one["data"]["addProjectV2DraftIssue"]["projectItem"] for one in answers]
    assert [one["id"] for one in made] == list(board.cards)
    assert [one["content"] for one in made] == [{"title": "Later", "body": "One day."}] * 2


def test_cards_are_for_tokens_that_may_write_boards_and_see_the_issue(hub: LocalGitHub, token: str) -> None:
    """Otherwise the board stays as it is."""
    board, issue = hub.add_board("acme"), written(hub, token, "issues", title="Item")
    hub.add_token("ghp_read", "ada", permissions={"organization_projects": "read"})
    hub.add_token("ghp_elsewhere", "eve", repositories=["acme/other"])
    answers = [
        sent(hub, "ghp_read", ADD_DRAFT, board=board.id),
        sent(hub, "ghp_elsewhere", ADD_ISSUE, board=board.id, content=issue),
        sent(hub, token, ADD_DRAFT, board="PVT_none"),
    ]
    assert [one["errors"][0]["type"] for one in answers] == ["FORBIDDEN", "NOT_FOUND", "NOT_FOUND"]
    assert not board.cards
