"""Cards of the laptop's board, made through the APIs of the local GitHub as a person or a script does on GitHub."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.platform import PlatformError
from local.settings import BOARD, ORGANISATION

_BOARD = """query Board($owner: String!, $number: Int!, $column: String!) {
  repositoryOwner(login: $owner) {
    ... on ProjectV2Owner {
      projectV2(number: $number) {
        id
        status: field(name: "Status") { ... on ProjectV2SingleSelectField { id options(names: [$column]) { id } } }
        branch: field(name: "Branch") { ... on ProjectV2Field { id } }
      }
    }
  }
}"""
_ADD = """mutation Add($board: ID!, $content: ID!) {
  addProjectV2ItemById(input: {projectId: $board, contentId: $content}) { item { id } }
}"""
_WRITE = """mutation Write($board: ID!, $card: ID!, $field: ID!, $value: ProjectV2FieldValue!) {
  updateProjectV2ItemFieldValue(input: {projectId: $board, itemId: $card, fieldId: $field, value: $value}) {
    projectV2Item { id }
  }
}"""


@dataclass(frozen=True, slots=True)
class Made:
    """A card and its issue: the node id of the card, the number and the address of the issue."""

    card: str
    number: int
    address: str


def add(where: Mapping[str, Any], repository: str, title: str, *, branch: str, body: str, column: str) -> Made:
    """Open an issue and put its card into a column; `where` is what `Platform.describe` returned.

    The column comes last: the worker looks at the card only then. PlatformError with GitHub's reason if it refuses.
    """
    given = {"owner": ORGANISATION, "number": BOARD, "column": column}
    board = _query(where, _BOARD, given)["repositoryOwner"]["projectV2"]
    options = board["status"]["options"]
    if not options:
        raise PlatformError(f"the board has no column {column!r}")
    issue = _post(where, f"{where['githubApi']}/repos/{repository}/issues", {"title": title, "body": body})
    added = _query(where, _ADD, {"board": board["id"], "content": issue["node_id"]})
    card = added["addProjectV2ItemById"]["item"]["id"]
    fields = [(board["branch"]["id"], {"text": branch})] if branch else []
    for field, value in (*fields, (board["status"]["id"], {"singleSelectOptionId": options[0]["id"]})):
        _query(where, _WRITE, {"board": board["id"], "card": card, "field": field, "value": value})
    return Made(card, issue["number"], issue["html_url"])


def _query(where: Mapping[str, Any], document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    answer = _post(where, f"{where['github']}/api/graphql", {"query": document, "variables": variables})
    if "errors" in answer:
        raise PlatformError(f"the local GitHub refused: {answer['errors'][0]['message']}")
    data: dict[str, Any] = answer["data"]
    return data


def _post(where: Mapping[str, Any], address: str, body: Mapping[str, Any]) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {where['githubToken']}", "content-type": "application/json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            reason = json.load(error).get("message", error.reason)
        raise PlatformError(f"the local GitHub refused {address}: {reason}") from error
    return found
