"""Checks of an account that need AWS: quotas, definitions, mails, cost tags, forwarding; all read-only (T1)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws.operator import WORKFLOWS
from forwarding.places import RULE, Place, command, elsewhere, receiving_rule
from functions.adapters.definitions import carried
from functions.domain.values import Value
from functions.runtime import Clients

Outcome = Literal["right", "note", "wrong", "unknown"]
# With fewer, releases wait for builds, and handlers are throttled.
_FEW_BUILDS, _FEW_FUNCTIONS = 3, 100
_TOPICS = ("deployments", "approvals", "rollbacks")
# The tag by which the budget filters costs (components/platform/monitoring.py).
_COST_TAG = "Environment"
# An alarm that changes its state less often than this is no sign of a missing forwarding.
_ARRIVED_DAYS = 14
_GONE = ("StateMachineDoesNotExist", "NotFound", "NotFoundException", "ResourceNotFoundException")


class Finding(Value, frozen=True):
    """The result of one check; `said` explains it. `unknown` means that AWS could not be read."""

    what: str
    outcome: Outcome
    said: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """The account and region in which the stack is, or will be."""

    aws: Clients
    stack: str
    account: str
    region: str
    partition: str

    def findings(self) -> Iterator[Finding]:
        """The results of all checks; one that fails is `unknown`, and the others are made nevertheless."""
        checks: Mapping[str, Callable[[], Iterator[Finding]]] = {
            "concurrent builds": self._builds,
            "concurrent functions": self._functions,
            "definitions": self._definitions,
            "mails": self._mails,
            "cost tag": self._cost_tag,
            "alarm events": self._alarm_events,
        }
        for what, check in checks.items():
            try:
                yield from check()
            except ClientError as error:
                code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
                said = f"there is no stack {self.stack} yet" if code in _GONE else f"{error.operation_name}: {message}"
                yield Finding(what, "unknown", said)
            except BotoCoreError as error:
                yield Finding(what, "unknown", str(error))

    def _builds(self) -> Iterator[Finding]:
        """The quota of concurrent builds; each compute type has its own.

        https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html
        """
        wanted = f"Concurrently running builds for Linux/{self._size()} environment"
        pages = self.aws.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="codebuild")
        found = [one["Value"] for page in pages for one in page["Quotas"] if one["QuotaName"] == wanted]
        if not found:
            yield Finding("concurrent builds", "unknown", f"Service Quotas lists no {wanted!r}")
            return
        outcome: Outcome = "wrong" if found[0] < 1 else "note" if found[0] < _FEW_BUILDS else "right"
        advice = {"wrong": "no build can run", "note": "builds wait for each other", "right": ""}[outcome]
        yield Finding("concurrent builds", outcome, _quota(found[0], advice, wanted))

    def _size(self) -> str:
        """The compute type of the stack's build projects, such as `Small`, which is also that of a stack to come."""
        client, begin = self.aws.client("codebuild"), f"kiro-pipeline-{self.stack}-build-"
        pages = client.get_paginator("list_projects").paginate()
        names = [name for page in pages for name in page["projects"] if name.startswith(begin)]
        projects = client.batch_get_projects(names=names[:1])["projects"] if names else []
        compute = projects[0]["environment"]["computeType"] if projects else "BUILD_GENERAL1_SMALL"
        return str(compute.rpartition("_")[2].title())

    def _functions(self) -> Iterator[Finding]:
        """The quota of concurrent functions, which is lower in new accounts.

        https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
        """
        limit = self.aws.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
        few = limit < _FEW_FUNCTIONS
        advice = "further invocations are throttled, and retried for some minutes" if few else ""
        outcome: Outcome = "note" if few else "right"
        yield Finding("concurrent functions", outcome, _quota(limit, advice, "Concurrent executions"))

    def _definitions(self) -> Iterator[Finding]:
        """The validation of the deployed definitions by Step Functions."""
        sfn = self.aws.client("stepfunctions")
        for name in (pattern.format(self.stack) for pattern in WORKFLOWS.values()):
            machine = sfn.describe_state_machine(stateMachineArn=self._arn("states", f"stateMachine:{name}"))
            answer = sfn.validate_state_machine_definition(
                definition=machine["definition"], type="STANDARD", severity="WARNING"
            )
            said = "; ".join(f"{one.get('location', '')} {one['message']}" for one in answer["diagnostics"])
            outcome: Outcome = "wrong" if answer["result"] == "FAIL" else "note" if said else "right"
            yield Finding(f"definition of {name}", outcome, said)

    def _mails(self) -> Iterator[Finding]:
        sns = self.aws.client("sns")
        for topic in (f"kiro-pipeline-{self.stack}-{one}" for one in _TOPICS):
            pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self._arn("sns", topic))
            found = [one for page in pages for one in page["Subscriptions"]]
            pending = [one["Endpoint"] for one in found if not one["SubscriptionArn"].startswith("arn:")]
            said = f"not confirmed by {', '.join(pending)}: open the link in the mail" if pending else ""
            yield Finding(f"mails of {topic}", "wrong" if pending else "right", said)

    def _cost_tag(self) -> Iterator[Finding]:
        """Whether the cost tag is active. Billing lists it within 24 hours after its first use, in the payer's account.

        https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html. It is no resource of the
        program, since the first `pulumi up` would fail:
        https://github.com/hashicorp/terraform-provider-aws/issues/29068
        """
        found = self.aws.client("ce").list_cost_allocation_tags(TagKeys=[_COST_TAG])["CostAllocationTags"]
        if any(one["Status"] == "Active" for one in found):
            yield Finding("cost tag", "right")
            return
        then = "" if found else ", which is possible a day after the first `pulumi up`"
        said = f"a budget counts nothing until {_COST_TAG} is activated under Billing, Cost allocation tags{then}"
        yield Finding("cost tag", "note", said)

    def _alarm_events(self) -> Iterator[Finding]:
        """Whether the alarm events of environments in other accounts and regions are forwarded to the stack."""
        workflow = self._arn("states", f"stateMachine:{WORKFLOWS['deployment'].format(self.stack)}")
        for place, names in elsewhere(carried(self.aws, workflow)[0], Place(self.account, self.region)).items():
            what = f"alarm events of {', '.join(names)} ({place.region}, account {place.account})"
            then = f"watches notice alarms only when they poll; deploy the forwarding: {self._command(place)}"
            if place.account == self.account:
                missing = self._not_forwarded(place)
                yield Finding(what, "wrong" if missing else "right", f"{missing}: {then}" if missing else "")
            elif self._arrived(place):
                yield Finding(what, "right", f"arrived within {_ARRIVED_DAYS} days")
            else:
                yield Finding(
                    what, "note", f"none arrived within {_ARRIVED_DAYS} days; if nothing forwards them, {then}"
                )

    def _command(self, place: Place) -> str:
        return command(self.stack, place, self._bus_arn())

    def _bus_arn(self) -> str:
        return self._arn("events", f"event-bus/kiro-pipeline-{self.stack}-events")

    def _not_forwarded(self, place: Place) -> str:
        """Why no rule in another region of the stack's account forwards to the stack; "" if one does."""
        events, rule = self.aws.client("events", region=place.region), f"kiro-pipeline-{self.stack}-{RULE}"
        try:
            state = events.describe_rule(Name=rule)["State"]
        except events.exceptions.ResourceNotFoundException:
            return f"the rule {rule} does not exist in {place.region}"
        if state == "DISABLED":
            return f"the rule {rule} in {place.region} is disabled"
        pages = events.get_paginator("list_targets_by_rule").paginate(Rule=rule)
        there = self._bus_arn() in {target["Arn"] for page in pages for target in page["Targets"]}
        return "" if there else f"the rule {rule} in {place.region} does not send to {self._bus_arn()}"

    def _arrived(self, place: Place) -> bool:
        """Whether an alarm event of another account has arrived; its rules are not readable from this account.

        Metrics with both dimensions are those of a custom event bus:
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
        """
        dimensions = {
            "EventBusName": f"kiro-pipeline-{self.stack}-events",
            "RuleName": f"kiro-pipeline-{self.stack}-{receiving_rule(place)}",
        }
        now = datetime.now(UTC)
        found = self.aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Events",
            MetricName="TriggeredRules",
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - timedelta(days=_ARRIVED_DAYS),
            EndTime=now,
            Period=86_400,
            Statistics=["Sum"],
        )
        return any(one["Sum"] for one in found["Datapoints"])

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def _quota(value: float, advice: str, name: str) -> str:
    return f"{value:g}: {advice}; request an increase of {name!r} in Service Quotas" if advice else f"{value:g}"
