"""Starting the rollbacks that deliveries of GitHub ask for.

The code of a rollback is imported when one is asked for. It is half of what the webhook would import otherwise, and
hardly any delivery asks for one.
"""

from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.workflows import Workflows
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.domain.requests import RollbackRequest
    from functions.runtime import Clients


class RollbackRequests:
    """Starts rollbacks. Its clients are created after the signature was verified."""

    # Those of the adapters that `start_rollback` connects; a test compares them.
    SETTINGS: ClassVar[tuple[str, ...]] = (*Workflows.SETTINGS, "ENVIRONMENTS_TABLE", "DEPLOYMENTS_TABLE")
    START: ClassVar[tuple[Allow, ...]] = (
        Allow(("states:DescribeStateMachine",), on="workflow/deployment"),
        *Workflows.ROLL_BACK,
        Allow(("dynamodb:Query",), on="table/environments"),
        Allow(("dynamodb:GetItem",), on="table/deployments"),
        Allow(("dynamodb:UpdateItem",), on="table/deployments"),
        Allow(("dynamodb:Query",), on="index/deployments"),
    )

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is created yet."""
        return cls(aws)

    def start(self, wanted: "RollbackRequest", name: str) -> None:
        """Start the rollback of this name; what can't be rolled back is a BadInputError with the next step."""
        from functions.procedures.requested_rollbacks import start_rollback

        start_rollback(self._aws, wanted, name)
