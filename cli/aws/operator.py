"""Access to a stack: names follow the naming rule (I8), account and region come from the caller's credentials."""

from dataclasses import dataclass

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.exceptions import ConnectionError as Unreachable

from cli.aws.caller import caller
from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.definitions import carried
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.adapters.work_items_table import WorkItemsTable
from functions.domain.environments import Environment
from functions.domain.errors import BadInputError
from functions.domain.owners import Claim
from functions.runtime import Clients

_TABLES = ("deployments", "environments", "locks", "waits")
WORKFLOWS = {
    "deployment": "kiro-pipeline-{}-deployment",
    "stage": "kiro-pipeline-{}-stage",
    "rollback": "kiro-pipeline-{}-rollback",
    "enhanced_watch": "kiro-pipeline-{}-enhanced-watch",
    "work_item": "kiro-worker-{}-work-item",
}
# This function has the settings of GitHub, the repositories and every table; the operator's commands read them there.
_SETTINGS_OF = "events-reconcile"


class OutOfReachError(BadInputError):
    """The command can't be done: AWS or the stack can't be reached, or a name is unknown. The text says what to try."""


@dataclass(frozen=True, slots=True)
class Operator:
    """The adapters of one stack; `who` is the ARN of the caller, `workflows` are ARNs by name."""

    stack: str
    account: str
    region: str
    who: str
    workflows: dict[str, str]
    environments: tuple[Environment, ...]
    claims: tuple[Claim, ...]
    running: EnvironmentsTable
    deployments: DeploymentsTable
    executions: Executions
    locks: LocksTable
    waits: WaitsTable
    items: WorkItemsTable
    bus: Bus
    clock: Clock
    aws: Clients

    @classmethod
    def connect(cls, stack: str) -> "Operator":
        """The stack of this name in the account and region of the environment's credentials."""
        settings = {f"{table.upper()}_TABLE": f"kiro-pipeline-{stack}-{table}" for table in _TABLES}
        settings |= {"LOCK_MODE": "superseded", "EVENT_BUS": f"kiro-pipeline-{stack}-events"}
        settings["WORK_ITEMS_TABLE"] = f"kiro-worker-{stack}-work-items"
        aws = Clients(settings)
        region, identity = caller()
        account, partition = identity["Account"], identity["Arn"].split(":")[1]
        prefix = f"arn:{partition}:states:{region}:{account}:stateMachine:"
        workflows = {workflow: prefix + name.format(stack) for workflow, name in WORKFLOWS.items()}
        return cls(
            stack,
            account,
            region,
            identity["Arn"],
            workflows,
            *carried(aws, workflows["deployment"]),
            EnvironmentsTable.connect(aws),
            DeploymentsTable.connect(aws),
            Executions.connect(aws),
            LocksTable.connect(aws),
            WaitsTable.connect(aws),
            WorkItemsTable.connect(aws),
            Bus.connect(aws),
            Clock.connect(aws),
            aws,
        )

    def informed(self, of: str = _SETTINGS_OF, family: str = "pipeline") -> Clients:
        """Clients with the settings of one of the stack's functions; secrets are ARNs, not values."""
        name = f"kiro-{family}-{self.stack}-{of}"
        found = self.aws.client("lambda").get_function_configuration(FunctionName=name)
        return Clients(found["Environment"]["Variables"])

    def environment(self, name: str) -> Environment:
        """An environment by its name; raises OutOfReachError with the known names."""
        for one in self.environments:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.environments)
        raise OutOfReachError(f"the stack {self.stack} has no environment {name!r}; there are {known}")


def explain(error: Exception, stack: str) -> str | None:
    """An error of the AWS SDK in words, with the next step; None for any other error."""
    if isinstance(error, NoCredentialsError):
        return "no AWS credentials: log in (`aws sso login`), or name a profile in AWS_PROFILE"
    if isinstance(error, NoRegionError):
        return "no region: set AWS_DEFAULT_REGION, or `aws configure set region …`"
    if isinstance(error, (Unreachable, HTTPClientError)):
        where = "a proxy, --endpoint-url and that the platform runs"
        return f"AWS can't be reached: {error}; check the network, {where}"
    if isinstance(error, ClientError):
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if code in ("ResourceNotFoundException", "StateMachineDoesNotExist"):
            return (
                f"there is no stack {stack} in this account and region ({message}); "
                "choose with --stack and AWS_DEFAULT_REGION"
            )
        if code in ("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"):
            return f"AWS does not accept these credentials ({code}): log in again (`aws sso login`)"
        return f"AWS refused {error.operation_name}: {code}: {message}"
    return str(error) if isinstance(error, BotoCoreError) else None
