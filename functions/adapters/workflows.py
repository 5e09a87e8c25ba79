"""The ARNs of this stack's workflows, and starting deployments."""

from typing import TYPE_CHECKING, ClassVar, Self

from functions.handler import Allow

if TYPE_CHECKING:
    from functions.domain.requests import Request
    from functions.runtime import Clients


class Workflows:
    """The ARNs of the workflows that change environments."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("DEPLOYMENT_WORKFLOW", "STAGE_WORKFLOW", "ROLLBACK_WORKFLOW")
    ROLL_BACK: ClassVar[tuple[Allow, ...]] = (Allow(("states:StartExecution",), on="workflow/rollback"),)

    def __init__(self, deployment: str, stage: str, rollback: str) -> None:
        self.deployment = deployment
        self.stage = stage
        self.rollback = rollback

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The ARNs in this function's settings."""
        return cls(*(aws.setting(name) for name in cls.SETTINGS))


class EnhancedWatches:
    """The executions that watch an environment after a release has passed."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("ENHANCED_WATCH_WORKFLOW",)

    def __init__(self, workflow: str) -> None:
        self._start = workflow.replace(":stateMachine:", ":execution:") + ":"

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The executions of this stack's workflow."""
        return cls(aws.setting("ENHANCED_WATCH_WORKFLOW"))

    def of(self, deployment_id: str, environment: str) -> str:
        """The ARN that the watch of a deployment in an environment has, as the workflow `stage` names it."""
        return f"{self._start}{deployment_id}-{environment}-enhanced"

    def owns(self, execution: str) -> bool:
        """Whether an execution (an ARN) is an enhanced watch."""
        return execution.startswith(self._start)


class WorkItemWorkflow:
    """The workflow that is started for each item of the board."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WORK_ITEM_WORKFLOW",)
    START: ClassVar[tuple[Allow, ...]] = (Allow(("states:StartExecution",), on="workflow/work_item"),)

    def __init__(self, arn: str) -> None:
        self.arn = arn

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The ARN in this function's settings."""
        return cls(aws.setting("WORK_ITEM_WORKFLOW"))


class Deployments:
    """Starts deployments. The client is created with the first one: in a webhook, after the signature was verified."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("DEPLOYMENT_WORKFLOW", "REPOSITORIES")
    START: ClassVar[tuple[Allow, ...]] = (Allow(("states:StartExecution",), on="workflow/deployment"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is created yet."""
        return cls(aws)

    @property
    def repositories(self) -> frozenset[str]:
        """The repositories whose pushes are delivered."""
        return frozenset(self._aws.setting("REPOSITORIES").split(","))

    def start(self, name: str, request: "Request") -> bool:
        """Start a deployment; False if an execution of this name has ended already. A name starts only once."""
        from functions.adapters.executions import Executions

        executions = Executions.connect(self._aws)
        return executions.start(self._aws.setting("DEPLOYMENT_WORKFLOW"), name, request)[1]
