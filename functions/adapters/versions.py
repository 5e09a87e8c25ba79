"""The versions of this stack's workflows and of the functions that they call."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.clock import iso
from functions.domain.versions import Published, named
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


class Versions:
    """Reads which versions there are and which ones definitions in use name, and deletes versions."""

    SETTINGS: ClassVar[tuple[str, ...]] = (
        "DEPLOYMENT_WORKFLOW",
        "STAGE_WORKFLOW",
        "ROLLBACK_WORKFLOW",
        "ENHANCED_WATCH_WORKFLOW",
        "WORK_ITEM_WORKFLOW",
    )
    PRUNE: ClassVar[tuple[Allow, ...]] = (
        Allow(
            (
                "states:DeleteStateMachineVersion",
                "states:DescribeStateMachine",
                "states:ListExecutions",
                "states:ListStateMachineVersions",
            ),
            on="workflows",
        ),
        Allow(("states:DescribeStateMachineForExecution",), on="executions", why="an execution's ARN ends in its name"),
        Allow(("lambda:ListVersionsByFunction",), on="functions", why="the functions of this stack, by their prefixes"),
        Allow(
            ("lambda:DeleteFunction",),
            on="function-versions",
            why="versions of this stack's functions: the ARN of a function without a version does not match",
        ),
    )

    def __init__(self, states: Any, functions: Any, workflows: tuple[str, ...]) -> None:
        self._states = states
        self._functions = functions
        self._workflows = workflows

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Step Functions and Lambda in this account and region."""
        workflows = tuple(aws.setting(name) for name in cls.SETTINGS)
        return cls(aws.client("stepfunctions"), aws.client("lambda"), workflows)

    def called(self) -> frozenset[str]:
        """The ARNs that definitions name which new and running executions use, or may still come to use.

        An execution starts others by the version that its own definition names, so those definitions count, too.
        """
        found: set[str] = set()
        unread = [*map(self._definition, self._workflows), *self._running()]
        while unread:
            new = named(unread.pop()) - found
            found |= new
            unread += [self._definition(arn) for arn in new if ":stateMachine:" in arn]
        return frozenset(found)

    def published(self, called: Iterable[str]) -> Iterator[tuple[Published, ...]]:
        """The versions of each workflow, and of each function among `called` (ARNs)."""
        for workflow in self._workflows:
            yield tuple(self._of_workflow(workflow))
        for function in sorted({":".join(arn.split(":")[:7]) for arn in called if ":function:" in arn}):
            yield tuple(self._of_function(function))

    def delete(self, version: Published) -> None:
        """Delete a version; one that is gone is no error."""
        if ":stateMachine:" in version.arn:
            self._states.delete_state_machine_version(stateMachineVersionArn=version.arn)
            return
        function, _, number = version.arn.rpartition(":")
        try:
            self._functions.delete_function(FunctionName=function, Qualifier=number)
        except self._functions.exceptions.ResourceNotFoundException:
            return

    def _definition(self, arn: str) -> str:
        """The definition of a workflow, or of one version; empty if the version is gone."""
        try:
            return str(self._states.describe_state_machine(stateMachineArn=arn)["definition"])
        except self._states.exceptions.StateMachineDoesNotExist:
            return ""

    def _running(self) -> Iterator[str]:
        """The definitions of all running executions."""
        listed = self._states.get_paginator("list_executions")
        for workflow in self._workflows:
            for page in listed.paginate(stateMachineArn=workflow, statusFilter="RUNNING"):
                for one in page["executions"]:
                    answer = self._states.describe_state_machine_for_execution(executionArn=one["executionArn"])
                    yield str(answer["definition"])

    def _of_workflow(self, workflow: str) -> Iterator[Published]:
        more: dict[str, str] = {}
        while True:  # the SDK has no paginator for it
            page = self._states.list_state_machine_versions(stateMachineArn=workflow, **more)
            for one in page["stateMachineVersions"]:
                yield Published(one["stateMachineVersionArn"], iso(one["creationDate"]))
            if "nextToken" not in page:
                return
            more = {"nextToken": page["nextToken"]}

    def _of_function(self, function: str) -> Iterator[Published]:
        for page in self._functions.get_paginator("list_versions_by_function").paginate(FunctionName=function):
            for one in page["Versions"]:
                if one["Version"] != "$LATEST":
                    yield Published(f"{function}:{one['Version']}", one["LastModified"])
