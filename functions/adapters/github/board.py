"""The board (GitHub Projects v2): reads a column, moves a card, writes a reason onto it (W1, W3, W8)."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Self

from msgspec.structs import replace

from functions.adapters.github.connection import stored_credential
from functions.adapters.github.graphql import GraphQL
from functions.adapters.project_config import ProjectConfig, ProjectConfigs
from functions.domain.errors import BadInputError, GitHubSwitchedOffError
from functions.domain.texts import cut
from functions.domain.values import Value
from functions.domain.work_items import Columns, Item
from functions.handler import Allow, decode

if TYPE_CHECKING:
    from functions.runtime import Clients

_KINDS: Mapping[str, Any] = {"Issue": "issue", "PullRequest": "pull request", "DraftIssue": "draft"}
_LONGEST_REASON = 1000


class Names(Value, frozen=True):
    """The owner and number of the board (0: no board is configured), and the names of its fields and columns."""

    owner: str
    number: int
    status_field: str
    branch_field: str
    reason_field: str
    columns: Columns


class Board(GraphQL):
    """One board. Whether its server can filter items is queried once and cached while the Lambda is warm.

    Which board it is, the settings say, and before them a parameter that people may change.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = (*GraphQL.SETTINGS, "BOARD", *ProjectConfigs.SETTINGS)
    USE: ClassVar[tuple[Allow, ...]] = (*GraphQL.USE, *ProjectConfigs.READ)

    def __init__(
        self,
        api_url: str,
        credential: Callable[[], str],
        settings: Names,
        config: Callable[[], ProjectConfig],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(api_url, credential, sleep)
        self._settings = settings
        self._config = config
        self._filters: bool | None = None

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The board of this stack."""
        names = decode(Names, json.loads(aws.setting("BOARD")))
        return cls(
            aws.setting("GITHUB_API_URL"), lambda: stored_credential(aws), names, ProjectConfigs.connect(aws).current
        )

    @property
    def names(self) -> Names:
        """The board and the names of its fields and columns, as they are now."""
        config, names = self._config(), self._settings
        todo = config.target_status_column or names.columns.todo
        return replace(
            names,
            owner=config.organization or names.owner,
            number=config.project_number or names.number,
            status_field=config.status_field or names.status_field,
            columns=replace(names.columns, todo=todo),
        )

    def items(self, column: str) -> Iterator[Item]:
        """The items of a column, read page by page; they are filtered again here, after the server's filter."""
        names = self.names
        filtered = self._server_filters()
        variables: dict[str, Any] = {
            "owner": names.owner,
            "number": names.number,
            "statusField": names.status_field,
            "branchField": names.branch_field,
            "after": None,
            **({"filter": f'{names.status_field.lower().replace(" ", "-")}:"{column}"'} if filtered else {}),
        }
        while True:
            page = self._page("board_items_filtered" if filtered else "board_items", variables)
            for node in page["nodes"] or []:
                if node and not node["isArchived"] and (node["status"] or {}).get("name") == column:
                    yield _item(node)
            if not page["pageInfo"]["hasNextPage"]:
                return
            variables["after"] = page["pageInfo"]["endCursor"]

    def place(self, item_id: str) -> tuple[str, str]:
        """The column of a card, and since when (ISO 8601); both are "" if it is not on the board."""
        names = self.names
        fields = {"statusField": names.status_field, "reasonField": names.reason_field}
        card = self.run("card", {"item": item_id, **fields}, f"card {item_id}")["node"]
        status = (card or {}).get("status") or {}
        return status.get("name", ""), str(status.get("updatedAt", ""))

    def move(self, item_id: str, column: str, reason: str | None = None) -> str:
        """Move a card into a column (empty: leave it), and write the reason if the board has a field for it.

        Returns when the card entered its column (ISO 8601), "" if it is no longer on the board.
        """
        names = self.names
        fields = {"statusField": names.status_field, "reasonField": names.reason_field}
        card = self.run("card", {"item": item_id, **fields}, f"card {item_id}")["node"]
        if not card:
            return ""  # a person took it off the board
        project, status = card["project"], card["status"] or {}
        since = str(status.get("updatedAt", ""))
        shared = {"project": project["id"], "item": item_id}
        if column and status.get("name") != column:
            option = self._option(project, column)
            moved = {**shared, "field": project["status"]["id"], "option": option, "statusField": names.status_field}
            answer = self.run("move_card", moved, f"card {item_id}")["updateProjectV2ItemFieldValue"]
            since = answer["projectV2Item"]["status"]["updatedAt"]
        if reason is not None and (project["reason"] or {}).get("dataType") == "TEXT":
            text = {**shared, "field": project["reason"]["id"], "text": cut(reason, _LONGEST_REASON)}
            self.run("write_reason", text, f"card {item_id}")
        return since

    def set_draft(self, pull_request: str, *, draft: bool) -> None:
        """Make a pull request (by its node id) a draft, or mark it as ready for review.

        Where the repository has no drafts, it stays ready for review.
        """
        name = "to_draft" if draft else "ready_for_review"
        with suppress(GitHubSwitchedOffError):
            self.run(name, {"pullRequest": pull_request}, "pull request")

    def _page(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        names = self.names
        owner = self.run(document, variables, f"board {names.owner}/{names.number}")["repositoryOwner"]
        board = (owner or {}).get("projectV2")
        if not board:
            raise BadInputError(
                f"the board {names.number} of {names.owner} does not exist, or the credential may not read it: check "
                "kiro-worker:github.organisation and projectNumber and the parameter github-project-config, and grant "
                "`project`"
            )
        page: dict[str, Any] = board["items"]
        return page

    def _option(self, project: Mapping[str, Any], column: str) -> str:
        options = {one["name"]: one["id"] for one in (project["status"] or {}).get("options") or []}
        if column not in options:
            raise BadInputError(
                f"the board's field {self.names.status_field!r} has no option {column!r} "
                f"(it has {', '.join(options) or 'none'}): add it, or name another in kiro-worker:worker.columns"
            )
        return str(options[column])

    def _server_filters(self) -> bool:
        if self._filters is None:
            kind = self.run("filter_support", {}, "schema")["__type"] or {"fields": []}
            arguments = [one["name"] for field in kind["fields"] if field["name"] == "items" for one in field["args"]]
            self._filters = "query" in arguments
        return self._filters


def _item(node: Mapping[str, Any]) -> Item:
    """The item of a card; its branch is the card's field, else the branch of its pull request, else the title."""
    content = node["content"] or {"__typename": "DraftIssue", "title": ""}  # null: the credential may not read it
    head = "" if content.get("isCrossRepository") else content.get("headRefName", "")
    named = ((node["branch"] or {}).get("text") or "").strip()
    return Item(
        item_id=node["id"],
        kind=_KINDS[content["__typename"]],
        title=content["title"],
        branch=named or head or content["title"].strip(),
        created_at=node["createdAt"],
        status_since=node["status"]["updatedAt"],
        repository=(content.get("repository") or {}).get("nameWithOwner", ""),
        number=content.get("number", 0),
    )
