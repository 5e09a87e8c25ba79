"""The webhook event of a board, which GitHub sends when a card is created or edited."""

from collections.abc import Mapping
from typing import Any

from local.github import shapes
from local.github.boards import Board, Card
from local.github.records import now
from local.github.routing import Hub


def send(hub: Hub, board: Board, action: str, card: Card) -> None:
    """Send `projects_v2_item` once.

    On GitHub an organisation's webhook gets it; here the hooks of one of its repositories do: the card's, or the first.
    """
    ours = [one for one in list(hub.store.repositories.values()) if one.owner == board.owner]
    for repository in [card.repository] if card.repository else ours[:1]:
        hub.emit(repository, "projects_v2_item", _payload(hub, board, action, card))


def _payload(hub: Hub, board: Board, action: str, card: Card) -> Mapping[str, Any]:
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#projects_v2_item"""
    person = shapes.user(hub, hub.store.person(board.owner))
    kind = "DraftIssue" if card.issue is None else "PullRequest" if card.issue.pull else "Issue"
    return {
        "action": action,
        "projects_v2_item": {
            "id": card.number,
            "node_id": card.id,
            "project_node_id": board.id,
            "content_node_id": shapes.node(kind, card.issue.id if card.issue else card.number),
            "content_type": kind,
            "creator": person,
            "created_at": shapes.moment(card.created),
            "updated_at": shapes.moment(now()),
            "archived_at": None,
        },
        "organization": {"login": board.owner, "id": hub.store.person(board.owner).id},
        "sender": person,
    }
