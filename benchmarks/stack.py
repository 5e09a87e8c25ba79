"""A stack on moto and a local GitHub: calls and requests are counted while a handler runs.

AWS is as strict as on a laptop (local/strict): a list comes in two pages, and of a batch one item is left out. The
counts are therefore the most that a stack needs.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto import mock_aws

from local.github import LocalGitHub
from local.github.git import Person
from tests.functions.stack import Stack, opened

TOKEN = "ghp_" + "b" * 36
AUTHOR = Person("Ada", "ada@example.com", 1)


@dataclass(frozen=True, slots=True)
class Calls:
    """What one run of a handler asked GitHub and DynamoDB."""

    github: int
    reads: int
    writes: int


@dataclass(frozen=True, slots=True)
class Counting:
    """A stack and its GitHub."""

    stack: Stack
    hub: LocalGitHub

    def run(self, handler: str, event: Any) -> tuple[Calls, Any]:
        """Run a handler, and count; returns the counts and its answer."""
        self.hub.requests.clear()
        self.stack.calls.clear()
        answer = self.stack.run(handler, event)
        actions = [call.action for call in self.stack.calls if call.action.startswith("dynamodb:")]
        reads = sum(action.endswith(("GetItem", "Query", "Scan")) for action in actions)
        return Calls(len(self.hub.requests), reads, len(actions) - reads), answer


@contextmanager
def counting() -> Iterator[Counting]:
    """Until the end of the block."""
    with tempfile.TemporaryDirectory() as folder, LocalGitHub(Path(folder)) as hub, mock_aws(), opened() as stack:
        hub.add_token(TOKEN, "kiro-worker")
        stack.settings["GITHUB_API_URL"] = hub.api_url
        stack.client("secretsmanager").create_secret(Name="kiro-github", SecretString=json.dumps({"token": TOKEN}))
        yield Counting(stack, hub)
