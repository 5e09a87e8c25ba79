"""An agent that forges the results of its build: the platform reports them with a credential for all repositories."""

import json

import pytest

from functions.adapters.builds import BuildEnd
from functions.adapters.github.pull_requests import PullRequests
from functions.domain.errors import BadInputError
from functions.handler import encode
from local.github import LocalGitHub
from tests.functions.adapters.github.conftest import connected
from tests.functions.stack import BUCKET, Stack
from tests.local.github.support import REPOSITORY

# In a URL: of another repository, of this one but another resource, with a query, and of no commit.
HEADS = ["../../shop/statuses/" + "1" * 40, "1" * 40 + "/../../issues", "1" * 39 + "?", "main", "\uff11" * 40]


@pytest.mark.parametrize("head", HEADS)
def test_a_head_leads_nowhere_else(stack: Stack, hub: LocalGitHub, head: str) -> None:
    """An agent wants a status on a commit of another repository: its head is refused, and so is each such status."""
    forged = json.dumps({"head": head, "tasks": [], "tests": {"total": 1, "failed": [], "skipped": 0}})
    stack.client("s3").put_object(Bucket=BUCKET, Key="test/w/results.json", Body=forged.encode())
    event = {"workId": "w", "build": encode(BuildEnd("succeeded", "", "https://log")), "artifact": "test/w"}
    with pytest.raises(BadInputError, match="expected a full commit id"):
        stack.run("work_item.read_results", event)
    with connected(PullRequests, hub) as github, pytest.raises(BadInputError):
        github.set_status(REPOSITORY, head, "kiro", "success", "passed")
    assert hub.requests == []
