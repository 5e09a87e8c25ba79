"""Pull requests get one comment and one check, and nothing is started (P13)."""

import json
from typing import Any
from unittest.mock import patch

import pytest
from github import Auth, Github

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.pull_plans import PullPlans
from functions.domain.owners import Claim
from functions.domain.plans import Plan, StagePlan, recorded
from functions.domain.pull_plans import marker
from functions.domain.releases import Release
from functions.domain.requests import Request, push_name
from functions.handler import encode
from local.github import LocalGitHub
from local.github.records import Issue
from tests.functions.deployment.test_plan_release import MANIFEST
from tests.functions.samples import ENVIRONMENT, detail, environment
from tests.functions.stack import MACHINES, Stack
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy

TEST = environment(name="test", approval=False)


@pytest.fixture(autouse=True)
def _settings(stack: Stack) -> None:
    begin = {
        "Arguments": {"repositories": [encode(Claim(REPOSITORY))]},
        "Assign": {"environments": [encode(TEST), encode(ENVIRONMENT)]},
    }
    stack.client("stepfunctions").update_state_machine(
        stateMachineArn=MACHINES["deployment"], definition=json.dumps({"States": {"Begin": begin}})
    )


@pytest.fixture
def pull(hub: LocalGitHub, copy: WorkingCopy) -> Issue:
    """A pull request that changes a service."""
    copy.commit("first", {"delivery.yml": MANIFEST, "src/a.py": "1"})
    copy.push()
    copy.git("switch", "--quiet", "--create", "topic")
    copy.commit("topic", {"src/a.py": "2"})
    copy.push()
    return opened(hub, "topic")


def opened(hub: LocalGitHub, head: str) -> Issue:
    """Open a pull request of a branch."""
    with Github(base_url=hub.api_url, auth=Auth.Token(TOKEN), lazy=True) as client:
        number = client.get_repo(REPOSITORY).create_pull(base="main", head=head, title="Topic", body="").number
    found = hub.repository(REPOSITORY).issue(number)
    assert found
    return found


def plan(stack: Stack, number: int) -> Any:
    """Run the handler as the webhook invokes it."""
    return stack.run("events.plan_pull_requests", {"repository": REPOSITORY, "number": number})


def test_a_pull_request_gets_one_comment_that_is_kept_current(
    stack: Stack, hub: LocalGitHub, copy: WorkingCopy, pull: Issue
) -> None:
    """P13: a second event changes nothing, a push changes the comment, and nothing is deployed."""
    for _ in range(2):
        assert plan(stack, pull.number)["outcome"] == "planned"
    (comment,) = pull.comments
    first = comment.body
    assert first.startswith(marker(copy.git("rev-parse", "HEAD")))
    assert "A merge deploys 2 in test, then 2 in production" in first
    sha = copy.commit("break it", {"delivery.yml": "name: 7\n"})
    copy.push()
    plan(stack, pull.number)
    (comment,) = pull.comments
    assert comment.body.startswith(marker(sha))
    assert "delivery.yml is invalid" in comment.body
    assert [(one.context, one.state) for one in hub.repository(REPOSITORY).statuses][-1] == ("kiro/plan", "failure")
    assert stack.executions("deployment") == []


def test_an_app_sets_a_check_run(stack: Stack, hub: LocalGitHub, pull: Issue) -> None:
    """P13: the check `kiro/plan` has the plan as its summary."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    hub.add_app("12", 34, public.decode())
    credential = {"appId": "12", "installationId": "34", "privateKey": private.decode()}
    stack.client("secretsmanager").put_secret_value(SecretId="kiro-github", SecretString=json.dumps(credential))
    plan(stack, pull.number)
    (run,) = hub.repository(REPOSITORY).check_runs
    assert (run.name, run.status, run.conclusion) == ("kiro/plan", "completed", "success")
    assert run.summary
    assert run.summary in pull.comments[0].body
    assert hub.repository(REPOSITORY).statuses == []


def test_an_event_that_is_late_plans_the_newest_head(stack: Stack, copy: WorkingCopy, pull: Issue) -> None:
    """A push while the plan is made: the plan is repeated."""
    moved: list[str] = []
    real = PullPlans.show

    def show(self: PullPlans, repository: str, number: int, head: str, made: Any) -> None:
        real(self, repository, number, head, made)
        if not moved:
            moved.append(copy.commit("more", {"src/b.py": "1"}))
            copy.push()

    with patch.object(PullPlans, "show", show):
        plan(stack, pull.number)
    assert pull.comments[0].body.startswith(marker(moved[0]))


def test_double_comments_are_cleaned_and_those_of_others_kept(stack: Stack, hub: LocalGitHub, pull: Issue) -> None:
    """Anybody may write the marker: only the platform's own comments are changed or deleted."""
    hub.add_token("eves", "eve", "eve@example.com")
    with Github(base_url=hub.api_url, auth=Auth.Token("eves"), lazy=True) as client:
        client.get_repo(REPOSITORY).get_issue(pull.number).create_comment(f"{marker('0' * 40)}\nAll is well")
    with Github(base_url=hub.api_url, auth=Auth.Token(TOKEN), lazy=True) as client:
        for _ in range(3):
            client.get_repo(REPOSITORY).get_issue(pull.number).create_comment(f"{marker('0' * 40)}\nold")
    hub.respond_with("DELETE", ".*/issues/comments/.*", 404, body={"message": "Not Found"})  # another run was faster
    plan(stack, pull.number)
    assert len(pull.comments) == 3
    plan(stack, pull.number)
    theirs, ours = pull.comments
    assert theirs.body.endswith("All is well")
    assert "A merge deploys" in ours.body


def test_nothing_of_a_fork_is_built(stack: Stack, hub: LocalGitHub, copy: WorkingCopy, pull: Issue) -> None:
    """P13: it is planned from what GitHub's API says of its files."""
    hub.create_repository("eve/hello-service")
    copy.git("remote", "add", "fork", copy.git("remote", "get-url", "origin").replace("acme/", "eve/"))
    copy.commit("fork", {"src/a.py": "3"})
    copy.push("fork", "topic")
    theirs = opened(hub, "eve:topic")
    plan(stack, theirs.number)
    assert "This is from a fork: nothing of it was built or run." in theirs.comments[0].body
    assert {call.action for call in stack.calls if call.action.startswith("codebuild")} == set()


def test_a_lost_webhook_is_made_up_for(stack: Stack, pull: Issue) -> None:
    """The schedule plans what has no plan of its head, once."""
    assert stack.run("events.plan_pull_requests", {})["pulls"] == [f"{REPOSITORY}#{pull.number}"]
    assert stack.run("events.plan_pull_requests", {}) == {"outcome": "nothing to plan", "pulls": []}
    assert len(pull.comments) == 1


def test_a_closed_pull_request_is_not_planned(stack: Stack, pull: Issue) -> None:
    """It was merged or closed before its event was handled."""
    pull.state = "closed"
    assert plan(stack, pull.number)["outcome"].startswith("not planned")
    assert pull.comments == []


def test_the_previews_of_a_build_are_added(stack: Stack, copy: WorkingCopy, pull: Issue) -> None:
    """P13: a branch that is deployed was built; its judged gates bring the previews into the plan."""
    sha, ref = copy.git("rev-parse", "HEAD"), "refs/heads/topic"
    release = Release(REPOSITORY, ref, sha)
    name = push_name(Request(REPOSITORY, ref, sha), "main")
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(name, release, "arn:e", "push")
    made = recorded(Plan("deploy", "", (StagePlan(TEST, (), ()),)))
    deployments.note(name, plan=made, gates=({"name": "tests", "outcome": "passed", "reason": "3 passed"},))
    judged = {"detail-type": "GatesJudged", "detail": detail("GatesJudged", release=release)}
    assert stack.run("events.plan_pull_requests", judged)["pulls"] == [f"{REPOSITORY}#{pull.number}"]
    assert f"Deployment `{name}` built this commit" in pull.comments[0].body
    main = detail("GatesJudged", release=Release(REPOSITORY, "refs/heads/main", sha))
    assert stack.run("events.plan_pull_requests", {"detail-type": "GatesJudged", "detail": main})["pulls"] == []
