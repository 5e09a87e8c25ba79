"""The checks of `doctor` for an account. Responses are validated with the service models; moto lacks these calls."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from msgspec.structs import replace

from cli.aws.account import Account, Finding
from cli.aws.operator import WORKFLOWS
from functions.domain.environments import Environment
from functions.handler import encode
from functions.runtime import Clients
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import ACCOUNT, REGION

SERVICES = ("ce", "cloudwatch", "codebuild", "events", "lambda", "service-quotas", "sns", "stepfunctions")
SMALL = "Concurrently running builds for Linux/Small environment"


class Answers:
    """A stubbed client for each service; a question without an answer is refused."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        made = {name: session.client(name) for name in SERVICES}  # type: ignore[call-overload]
        self._stubs = {name: Stubber(client) for name, client in made.items()}
        self.regions: set[str] = set()

        def client(_: Clients, service: str, *, region: str = "") -> Any:
            self.regions |= {region} - {""}
            return made[service]

        monkeypatch.setattr(Clients, "client", client)

    def __enter__(self) -> "Answers":
        self._open = ExitStack()
        for stub in self._stubs.values():
            self._open.enter_context(stub)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, service: str, operation: str, answer: dict[str, Any]) -> None:
        """What the next call of a service is answered."""
        self._stubs[service].add_response(operation, answer)

    def refuse(self, service: str, operation: str, code: str) -> None:
        """The next call of a service is refused."""
        self._stubs[service].add_client_error(operation, code, "no")

    def quotas(self, builds: float, functions: int, size: str = "BUILD_GENERAL1_SMALL") -> None:
        """What the account may run at a time."""
        environment = {"computeType": size, "type": "LINUX_CONTAINER", "image": "i"}
        name = "kiro-pipeline-test-build-0a1b2c3d"
        self.add("codebuild", "list_projects", {"projects": ["theirs", name] if size else ["theirs"]})
        if size:
            self.add("codebuild", "batch_get_projects", {"projects": [{"name": name, "environment": environment}]})
        others = [{"QuotaName": SMALL.replace("Small", other), "Value": 50.0} for other in ("Medium", "Large")]
        self.add("service-quotas", "list_service_quotas", {"Quotas": others, "NextToken": "more"})
        self.add("service-quotas", "list_service_quotas", {"Quotas": [{"QuotaName": SMALL, "Value": builds}]})
        self.add("lambda", "get_account_settings", {"AccountLimit": {"ConcurrentExecutions": functions}})

    def stack(
        self,
        *diagnostics: dict[str, str],
        pending: str = "",
        tags: tuple[str, ...] = ("Active",),
        environments: tuple[Environment, ...] = (),
    ) -> None:
        """A stack that is there, its workflows, mails, cost tag and environments."""
        for name in WORKFLOWS.values():
            arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name.format('test')}"
            self.add("stepfunctions", "describe_state_machine", _machine(arn, "{}"))
            result = "FAIL" if any(one["severity"] == "ERROR" for one in diagnostics) else "OK"
            said = {"result": result, "diagnostics": list(diagnostics)}
            self.add("stepfunctions", "validate_state_machine_definition", said)
        for _ in range(3):
            known = [{"Endpoint": "a@example.com", "SubscriptionArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t:1"}]
            waits = [{"Endpoint": pending, "SubscriptionArn": "PendingConfirmation"}] if pending else []
            self.add("sns", "list_subscriptions_by_topic", {"Subscriptions": [*known, *waits]})
        keys = [{"TagKey": "Environment", "Status": status, "Type": "UserDefined"} for status in tags]
        self.add("ce", "list_cost_allocation_tags", {"CostAllocationTags": keys})
        definition = {"States": {"Begin": {"Assign": {"environments": encode(list(environments))}}}}
        self.add("stepfunctions", "describe_state_machine", _machine("a", json.dumps(definition)))


def _machine(arn: str, definition: str) -> dict[str, Any]:
    machine = {"stateMachineArn": arn, "name": "n", "definition": definition, "roleArn": "r" * 20}
    return {**machine, "type": "STANDARD", "creationDate": 0}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """Nothing is answered yet."""
    with Answers(monkeypatch) as made:
        yield made


def findings() -> dict[str, Finding]:
    """The findings by check."""
    return {one.what: one for one in Account(Clients({}), "test", ACCOUNT, REGION, "aws").findings()}


def test_an_account_that_is_ready(answers: Answers) -> None:
    """Sufficient quotas, valid definitions, confirmed mails, an active cost tag."""
    answers.quotas(60, 1000)
    answers.stack()
    found = findings()
    assert {one.outcome for one in found.values()} == {"right"}
    assert len([what for what in found if what.startswith("definition of ")]) == len(WORKFLOWS)


@pytest.mark.parametrize(("builds", "outcome", "said"), [(0, "wrong", "0: no build"), (1, "note", "1: builds wait")])
def test_a_new_account_has_notes_on_its_quotas(answers: Answers, builds: float, outcome: str, said: str) -> None:
    """For the compute type of the stack, or the default one before the stack exists."""
    answers.quotas(builds, 10, size="")
    answers.refuse("stepfunctions", "describe_state_machine", "StateMachineDoesNotExist")
    answers.refuse("sns", "list_subscriptions_by_topic", "NotFound")
    answers.refuse("ce", "list_cost_allocation_tags", "AccessDeniedException")
    answers.refuse("stepfunctions", "describe_state_machine", "StateMachineDoesNotExist")
    found = findings()
    assert found["concurrent builds"].outcome == outcome
    assert found["concurrent builds"].said.startswith(said)
    assert SMALL in found["concurrent builds"].said
    assert found["concurrent functions"].outcome == "note"
    assert found["concurrent functions"].said.startswith("10: further invocations are throttled")


def test_a_check_that_fails_is_unknown(answers: Answers) -> None:
    """No stack yet, a quota with another name, a call that is refused; the other checks are made."""
    answers.quotas(60, 1000, size="BUILD_GENERAL1_2XLARGE")
    answers.refuse("stepfunctions", "describe_state_machine", "StateMachineDoesNotExist")
    answers.refuse("sns", "list_subscriptions_by_topic", "NotFound")
    answers.refuse("ce", "list_cost_allocation_tags", "AccessDeniedException")
    answers.refuse("stepfunctions", "describe_state_machine", "StateMachineDoesNotExist")
    unknown = {what: one.said for what, one in findings().items() if one.outcome == "unknown"}
    assert unknown == {
        "concurrent builds": "Service Quotas lists no 'Concurrently running builds for Linux/2Xlarge environment'",
        "definitions": "there is no stack test yet",
        "mails": "there is no stack test yet",
        "cost tag": "ListCostAllocationTags: no",
        "alarm events": "there is no stack test yet",
    }


def test_what_step_functions_says_of_a_definition_is_shown(answers: Answers) -> None:
    """Errors are wrong and warnings a note, both with their place."""
    answers.quotas(60, 1000)
    one = {"severity": "ERROR", "code": "C", "message": "no such field", "location": "/States/Begin"}
    answers.stack(one, pending="b@example.com", tags=("Inactive",))
    found = findings()
    stage = found["definition of kiro-pipeline-test-stage"]
    assert (stage.outcome, stage.said) == ("wrong", "/States/Begin no such field")
    mails = found["mails of kiro-pipeline-test-approvals"]
    assert (mails.outcome, mails.said) == ("wrong", "not confirmed by b@example.com: open the link in the mail")
    assert found["cost tag"].outcome == "note"
    assert "counts nothing until Environment is activated" in found["cost tag"].said


def test_a_tag_that_billing_has_not_seen_cannot_be_activated_yet(answers: Answers) -> None:
    """https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html: up to 24 hours."""
    answers.quotas(60, 1000)
    answers.stack(tags=())
    assert findings()["cost tag"].said.endswith("which is possible a day after the first `pulumi up`")


FAR = replace(ENVIRONMENT, region="us-east-1")
FOREIGN = replace(FAR, deploy_role_arn="arn:aws:iam::999999999999:role/deploy")
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/kiro-pipeline-test-events"


def alarm_events(answers: Answers) -> Finding:
    """The finding on alarm events of an environment in another account or region."""
    answers.quotas(60, 1000)
    (found,) = [one for what, one in findings().items() if what.startswith("alarm events of production (us-east-1")]
    return found


@pytest.mark.parametrize(
    ("state", "target", "outcome", "said"),
    [
        ("ENABLED", BUS, "right", ""),
        ("ENABLED", BUS.replace("test", "other"), "wrong", f"the rule {{}} in us-east-1 does not send to {BUS}"),
        ("DISABLED", BUS, "wrong", "the rule {} in us-east-1 is disabled"),
        ("", "", "wrong", "the rule {} does not exist in us-east-1"),
    ],
)
def test_the_forwarding_of_another_region_is_read_there(
    answers: Answers, state: str, target: str, outcome: str, said: str
) -> None:
    """I7: a rule that is missing or sends elsewhere is wrong, with the command that deploys it."""
    answers.stack(environments=(ENVIRONMENT, FAR))
    if not state:
        answers.refuse("events", "describe_rule", "ResourceNotFoundException")
    else:
        answers.add("events", "describe_rule", {"Name": "kiro-pipeline-test-alarms", "State": state})
    if state == "ENABLED":
        answers.add("events", "list_targets_by_rule", {"Targets": [{"Id": "stack", "Arn": target}]})
    found = alarm_events(answers)
    why = found.said.rpartition(": watches notice")[0]
    assert (found.outcome, why) == (outcome, said.format("kiro-pipeline-test-alarms"))
    assert not said or found.said.endswith(
        f"pulumi -C forwarding stack select --create test-{ACCOUNT}-us-east-1 && pulumi -C forwarding up "
        f"--config aws:region=us-east-1 --config account={ACCOUNT} --config eventBusArn={BUS}"
    )
    assert answers.regions == {"us-east-1"}


@pytest.mark.parametrize(("counted", "outcome"), [([0.0, 2.0], "right"), ([], "note")])
def test_events_of_another_account_are_counted_where_they_arrive(
    answers: Answers, counted: list[float], outcome: str
) -> None:
    """The other account's rules can't be read; none that arrived may mean that no alarm has changed."""
    answers.stack(environments=(FOREIGN,))
    answers.add("cloudwatch", "get_metric_statistics", {"Label": "l", "Datapoints": [{"Sum": one} for one in counted]})
    found = alarm_events(answers)
    assert found.outcome == outcome
    assert ("--config account=999999999999" in found.said) == (outcome == "note")
    assert not answers.regions
