"""How board items are worked on: the group `worker` of the settings."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from components.stack.closed import Closed

# A name on the board; it goes into a filter between quotes.
Column = Annotated[str, StringConstraints(pattern=r'^[^"\\\n]{1,50}$')]


class WorkerColumns(Closed):
    """What the board calls the columns that cards move through."""

    todo: Column = "Todo"
    """Where people put what is to be worked on; oldest first it is taken from here."""
    in_progress: Column = "In Progress"
    """Where a card stands while it is worked on."""
    in_review: Column = "In Review"
    """Where a card goes whose pull request passed its gates."""
    failed: Column = "Failed"
    """Where a card goes whose attempts are used up."""

    @model_validator(mode="after")
    def _different(self) -> "WorkerColumns":
        if len({self.todo, self.in_progress, self.in_review, self.failed}) < 4:
            raise ValueError("todo, inProgress, inReview and failed must be four different columns")
        return self


class Worker(Closed):
    """How board items are worked on."""

    columns: WorkerColumns = WorkerColumns()
    """What the board calls its columns."""
    branch_field: Column = "Branch"
    """The board's text field that names an item's branch; without a value its title does."""
    reason_field: Column = "Reason"
    """The board's text field that says why an item is not in review, if the board has it."""
    branch_namespace: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/$")] = "kiro/"
    """What a branch that is worked on begins with; the git credential may push nowhere else."""
    concurrency: Annotated[int, Field(ge=1, le=20)] = 1
    """How many items are worked on at once."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """After how many failed attempts an item waits for a person."""
    agent_command: Annotated[str, StringConstraints(pattern=r"\{spec\}.*\{task\}|\{task\}.*\{spec\}")] = (
        "kiro execute-task --spec {spec} --task {task}"
    )
    """What does a task: words, split as a shell would but never given to one; {spec} and {task} are put in."""
    agent_variables: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")], ...] = ()
    """Variables of the build's image that the agent may see besides the harmless ones."""
    task_minutes: Annotated[int, Field(ge=1, le=55)] = 20
    """How long one task may take."""
    build_minutes: Annotated[int, Field(ge=5, le=480)] = 60
    """How long a whole build may take; tasks begin only while a quarter of it is left."""
    coverage_percent: Annotated[float, Field(ge=0, le=100)] = 80
    """The least test coverage, of lines and of branches, that is offered for review."""
