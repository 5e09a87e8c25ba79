"""The group `worker` of the settings: how board items are worked on."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from components.stack.closed import Closed
from functions.buildspecs.work_item.agents.base import Agent, AgentName
from functions.buildspecs.work_item.agents.registry import agent_of
from functions.handler import camel

# A name on the board; it is put between quotes in GitHub's item filter.
Column = Annotated[str, StringConstraints(pattern=r'^[^"\\\n]{1,50}$')]


class WorkerColumns(Closed):
    """The names of the board's columns."""

    todo: Column = "Todo"
    """The column of items to be worked on; the oldest item is taken first."""
    in_progress: Column = "In Progress"
    """The column of items that are being worked on."""
    in_review: Column = "In Review"
    """The column of items whose pull request passed its gates."""
    failed: Column = "Failed"
    """The column of items that failed `attempts` times."""

    @model_validator(mode="after")
    def _different(self) -> "WorkerColumns":
        if len({self.todo, self.in_progress, self.in_review, self.failed}) < 4:
            raise ValueError("todo, inProgress, inReview and failed must be four different columns")
        return self


class Worker(Closed):
    """How board items are worked on."""

    columns: WorkerColumns = WorkerColumns()
    """The names of the board's columns."""
    branch_field: Column = "Branch"
    """The board's text field that holds the branch of an item; if it is empty, the title names the branch."""
    reason_field: Column = "Reason"
    """The board's text field for the reason why an item is not in review; optional on the board."""
    branch_namespace: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/$")] = "kiro/"
    """The prefix of all branches that are worked on; the git credential may push to no other branch."""
    git_credential: Literal["token", "app"] = "token"
    """What the secret `git` holds: a token, which CodeBuild gives to the build, or the key of a GitHub App, from which
    the build gets a new token for each push."""
    concurrency: Annotated[int, Field(ge=1, le=20)] = 1
    """How many items are worked on at the same time."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """The number of failed attempts after which an item waits for a person."""
    agent: AgentName = "command"
    """The agent: a preset with installation, command line and key (docs/agents.md), or `command` for `agentCommand`."""
    agent_version: Annotated[str, StringConstraints(pattern=r"^(\d+\.\d+\.\d+[\w.-]*)?$")] = ""
    """The version that is installed; default: the one that this release of Kiro Worker was tried with."""
    agent_budget_usd: Annotated[float, Field(ge=0, le=1000)] = 0
    """What one task may cost, in US dollars; 0 is no limit. Only `claude` can keep it."""
    agent_command: Annotated[str, StringConstraints(pattern=r"\{prompt\}|\{spec\}.*\{task\}|\{task\}.*\{spec\}")] = (
        "kiro execute-task --spec {spec} --task {task}"
    )
    """The command of the agent `command` that works on one task. It is split like a shell command but runs without a
    shell; `{spec}`, `{task}`, `{title}` and `{prompt}` are replaced."""
    agent_key_variable: Annotated[str, StringConstraints(pattern=r"^([A-Z][A-Z0-9_]*)?$")] = ""
    """The variable in which `agentCommand` gets the value of the secret `agent`; default: it gets none."""
    agent_variables: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")], ...] = ()
    """Environment variables of the build that are passed to the agent, besides `PATH`, `HOME` and the like."""
    task_minutes: Annotated[int, Field(ge=1, le=55)] = 20
    """The time limit of one task, in minutes."""
    build_minutes: Annotated[int, Field(ge=5, le=480)] = 60
    """The time limit of a whole build, in minutes; no task starts in its last quarter."""
    coverage_percent: Annotated[float, Field(ge=0, le=100)] = 80
    """The lowest test coverage, of lines and of branches, of a pull request that is offered for review, in percent."""

    def preset(self) -> Agent:
        """What the build knows of the agent."""
        return agent_of(self.agent, self.agent_command, self.agent_key_variable)

    @model_validator(mode="after")
    def _of_one_agent(self) -> "Worker":
        """Refuse settings that the agent does not use, because who sets them expects an effect."""
        preset = self.preset()
        for key, used in (
            ("agent_command", self.agent == "command"),
            ("agent_key_variable", self.agent == "command"),
            ("agent_version", bool(preset.version)),
            ("agent_budget_usd", preset.budget),
        ):
            if key in self.model_fields_set and getattr(self, key) and not used:
                raise ValueError(f"{camel(key)} has no effect with agent = {self.agent}; remove it, or change agent")
        return self
