"""The reconciliation reads heads at a cost that does not grow, and starts what a forced push brought back."""

import json

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.order import History, Order
from functions.domain.releases import execution_name
from local.github import LocalGitHub
from tests.functions import builds
from tests.functions.samples import RELEASE
from tests.functions.stack import MACHINES, Stack
from tests.local.github.support import REPOSITORY, WorkingCopy


@pytest.fixture(autouse=True)
def _project(stack: Stack, hub: LocalGitHub) -> None:
    """A stack with a build project and a GitHub."""
    stack.settings["BUILD_PROJECTS"] = builds.BEGIN
    builds.create_project(stack)


def kinds(stack: Stack) -> list[str]:
    """One run; returns the kinds of its repairs."""
    return [one["kind"] for one in stack.run("events.reconcile", {})["repairs"]]


def requests(hub: LocalGitHub) -> list[str]:
    """The REST requests since the last call."""
    found = [f"{method} {path}" for method, path in hub.requests if not path.endswith("/graphql")]
    hub.requests.clear()
    return found


@pytest.mark.parametrize("subject", ["feat: one", "docs: words [skip ci]"])
def test_a_settled_head_costs_no_request(stack: Stack, hub: LocalGitHub, copy: WorkingCopy, subject: str) -> None:
    """P2: of 50 repositories each minute, only the query of all heads; also where a head starts nothing."""
    copy.commit(subject, {"a": "1"})
    copy.push()
    kinds(stack)
    kinds(stack)
    requests(hub)
    hub.store.graphql.documents.clear()
    kinds(stack)
    assert (requests(hub), hub.store.graphql.documents) == ([], ["Heads"])


def test_a_skipped_head_has_a_status_that_says_so(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """P4: a person who waits for a deployment finds out why there is none."""
    copy.commit("docs: words [skip ci]", {"a": "1"})
    copy.push()
    for _ in range(3):
        kinds(stack)
    (status,) = hub.store.repositories[REPOSITORY].statuses
    assert (status.context, status.state) == ("kiro", "success")
    assert (status.description or "").startswith("skipped: the subject of the commit message asks for it")


def test_a_lost_push_back_to_a_delivered_commit_is_started_once(stack: Stack, copy: WorkingCopy) -> None:
    """P2, P14: its first deployment has the name of the commit already; until now the bad commit stayed."""
    good = copy.commit("feat: good", {"a": "1"})
    copy.push()
    bad = copy.commit("feat: bad", {"a": "2"})
    deployments = DeploymentsTable.connect(stack.clients)
    name = execution_name(REPOSITORY, "refs/heads/main", good)
    deployments.begin(name, RELEASE, stack.execution("deployment", name), "push")
    deployments.conclude(name, "deployed", "")
    deployments.save_history(REPOSITORY, History(bad, Order(1, 1)), None)
    kinds(stack)
    assert kinds(stack)[0] == "push started"
    assert "push started" not in kinds(stack)
    (forced,) = set(stack.executions("deployment")) - {name}
    assert forced == f"{name}-{bad[:8]}"
    arn = f"{MACHINES['deployment'].replace('stateMachine', 'execution')}:{forced}"
    given = json.loads(stack.client("stepfunctions").describe_execution(executionArn=arn)["input"])
    assert (given["commit"], given["forced"], given["trigger"]) == (good, True, "reconciliation")


def test_a_renamed_repository_is_named_although_the_query_does_not_find_it(
    stack: Stack, hub: LocalGitHub, copy: WorkingCopy
) -> None:
    """J3: the REST request for it says what to change."""
    copy.commit("feat: one", {"a": "1"})
    copy.push()
    hub.store.rename_repository(REPOSITORY, "renamed")
    with pytest.raises(ExceptionGroup) as caught:
        kinds(stack)
    assert "was renamed or transferred" in str(caught.value.exceptions[0].exceptions)
    assert WaitsTable.connect(stack.clients).sightings([REPOSITORY]) == {}
