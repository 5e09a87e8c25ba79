"""What only AWS knows of an account: quotas, its validation of definitions, mails, cost tags; all by reading (T1)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws.operator import WORKFLOWS
from functions.runtime import Clients

Outcome = Literal["right", "note", "wrong", "unknown"]
# Below these, releases wait for builds, and handlers for one another.
_FEW_BUILDS, _FEW_FUNCTIONS = 3, 100
_TOPICS = ("deployments", "approvals", "rollbacks")
# What the budget counts by: components/platform/monitoring.py.
_COST_TAG = "Environment"
_GONE = ("StateMachineDoesNotExist", "NotFound", "NotFoundException", "ResourceNotFoundException")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was asked; `unknown` is what AWS did not answer, and why."""

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
        """Every look; one that fails says so and hides no other."""
        looks: Mapping[str, Callable[[], Iterator[Finding]]] = {
            "builds at a time": self._builds,
            "functions at a time": self._functions,
            "definitions": self._definitions,
            "mails": self._mails,
            "cost tag": self._cost_tag,
        }
        for what, look in looks.items():
            try:
                yield from look()
            except ClientError as error:
                code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
                said = f"there is no stack {self.stack} yet" if code in _GONE else f"{error.operation_name}: {message}"
                yield Finding(what, "unknown", said)
            except BotoCoreError as error:
                yield Finding(what, "unknown", str(error))

    def _builds(self) -> Iterator[Finding]:
        """https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html: a quota for each size of machine."""
        wanted = f"Concurrently running builds for Linux/{self._size()} environment"
        pages = self.aws.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="codebuild")
        found = [one["Value"] for page in pages for one in page["Quotas"] if one["QuotaName"] == wanted]
        if not found:
            yield Finding("builds at a time", "unknown", f"Service Quotas lists no {wanted!r}")
            return
        outcome: Outcome = "wrong" if found[0] < 1 else "note" if found[0] < _FEW_BUILDS else "right"
        advice = {"wrong": "no build can run", "note": "builds wait for one another", "right": ""}[outcome]
        yield Finding("builds at a time", outcome, _quota(found[0], advice, wanted))

    def _size(self) -> str:
        """Of the machine that the stack's build project uses; the default before there is one."""
        name = f"kiro-pipeline-{self.stack}-build"
        projects = self.aws.client("codebuild").batch_get_projects(names=[name])["projects"]
        compute = projects[0]["environment"]["computeType"] if projects else "BUILD_GENERAL1_SMALL"
        return str(compute.rpartition("_")[2].title())

    def _functions(self) -> Iterator[Finding]:
        """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: new accounts have fewer."""
        limit = self.aws.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
        few = limit < _FEW_FUNCTIONS
        advice = "more than that at a time are throttled, and tried again for some minutes" if few else ""
        yield Finding("functions at a time", "note" if few else "right", _quota(limit, advice, "Concurrent executions"))

    def _definitions(self) -> Iterator[Finding]:
        """As Step Functions itself validates them, which no tool on this machine does."""
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
            said = f"not confirmed by {', '.join(pending)}: open the mail's link" if pending else ""
            yield Finding(f"mails of {topic}", "wrong" if pending else "right", said)

    def _cost_tag(self) -> Iterator[Finding]:
        """A key can be activated once billing has seen it, up to 24 hours after its first use; in the payer's account.

        https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html. Were it a resource of the
        program, the first `pulumi up` would fail: https://github.com/hashicorp/terraform-provider-aws/issues/29068
        """
        found = self.aws.client("ce").list_cost_allocation_tags(TagKeys=[_COST_TAG])["CostAllocationTags"]
        if any(one["Status"] == "Active" for one in found):
            yield Finding("cost tag", "right")
            return
        then = "" if found else ", which is possible a day after the first `pulumi up`"
        said = f"a budget counts nothing until {_COST_TAG} is activated under Billing, Cost allocation tags{then}"
        yield Finding("cost tag", "note", said)

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def _quota(value: float, advice: str, name: str) -> str:
    return f"{value:g}: {advice}; ask for more of {name!r} in Service Quotas" if advice else f"{value:g}"
