"""The settings of a stack: typed, closed, and refused by name before the first resource is registered (I1)."""

import json
from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from statemachines.policies import MOST_ASKS

NAMESPACE = "kiro-worker"
TAGS = ("Project", "Environment", "ManagedBy")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,15}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+[^\s]*$")]
Repository = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
Approver = Annotated[str, StringConstraints(pattern=r"^[^@\s]*@[^@\s]+$")]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:[\w-]+:iam::\d{12}:role/.+$")]
PolicyArn = Annotated[str, StringConstraints(pattern=r"^arn:[\w-]+:iam::(\d{12}|aws):policy/.+$")]
WallClock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Seconds = Annotated[int, Field(ge=0)]
# A name on the board; it goes into a filter between quotes.
Column = Annotated[str, StringConstraints(pattern=r'^[^"\\\n]{1,50}$')]
# What CloudWatch Logs takes as retention, in days.
Retention = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288]


class SettingsError(pulumi.RunError):
    """The stack's settings can't be used; every line names a key, its value and what is allowed."""


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin")
    return name


def _moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("must be a moment with its offset, such as 2026-12-24T00:00:00+01:00")
    return text


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError as error:
        raise ValueError(f"must be a network such as 192.30.252.0/22: {error}") from None
    return text


Network = Annotated[str, AfterValidator(_network)]


class _Closed(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )


class GitHub(_Closed):
    """The GitHub that is listened to and told."""

    repositories: tuple[Repository, ...] = Field(min_length=1)
    """Repositories (`owner/name`) whose pushes are delivered."""
    api_url: Url = "https://api.github.com"
    """The REST API; for GitHub Enterprise Server `https://{host}/api/v3`."""
    url: Url = "https://github.com"
    """Where people see GitHub; links in messages start with it."""
    main_branch: Annotated[str, StringConstraints(min_length=1)] = "main"
    """The branch whose pushes are delivered."""
    webhook_sources: tuple[Network, ...] = ()
    """Networks that webhooks may come from, beside being signed; from anywhere when left out. GitHub tells its own
    under `hooks` at https://api.github.com/meta, and changes them."""
    organisation: str | None = None
    """The organisation that owns the board (Projects v2)."""
    project_number: Annotated[int, Field(ge=1)] | None = None
    """The number of the board."""
    status_column: str = "Status"
    """The board's field that holds an item's state."""

    @model_validator(mode="after")
    def _whole_board(self) -> "GitHub":
        if bool(self.organisation) != bool(self.project_number):
            raise ValueError("organisation and projectNumber go together: both name the board, neither means none")
        return self


class WorkerColumns(_Closed):
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


class Worker(_Closed):
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


class DeploymentWindow(_Closed):
    """A weekly span in which deployments may enter."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(min_length=1)
    """The days on which it opens."""
    opens: WallClock
    """When it opens, HH:MM."""
    closes: WallClock
    """When it closes, HH:MM; at or before `opens` means on the next day."""
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """The time zone of both, such as `Europe/Berlin`."""


class DeploymentFreeze(_Closed):
    """A span in which no deployment enters."""

    starts: Annotated[str, AfterValidator(_moment)]
    """Its first moment, ISO 8601 with offset."""
    ends: Annotated[str, AfterValidator(_moment)]
    """The first moment after it."""
    reason: Annotated[str, StringConstraints(min_length=1)]
    """What people are told."""


class EnvironmentSettings(_Closed):
    """One environment that a release walks through; all times in seconds."""

    name: Name
    """Its name; unique in the stack."""
    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = None
    """The AWS account it lives in; the stack's own when left out."""
    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")] | None = None
    """The region it lives in; the stack's own when left out."""
    deploy_role_arn: RoleArn | None = None
    """The role to assume there; demanded for another account, made by the stack for its own."""
    approval: bool = False
    """Whether a person approves each release before it enters; demanded for `production`."""
    approvers: tuple[Approver, ...] = ()
    """Who may approve: addresses, each mailed a link of its own, or `@domain` for everybody there; empty: anybody."""
    approvals_needed: Annotated[int, Field(ge=1, le=10)] = 1
    """How many different people approve."""
    author_may_approve: bool = True
    """Whether the author of the release counts among them."""
    approval_timeout_seconds: Annotated[int, Field(ge=60, le=7 * 86_400)] = 86_400
    """How long an approval waits before it expires."""
    approval_wait_seconds: Seconds = 0
    """How long after the request a decision counts at the earliest."""
    watch_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """How long alarms are watched after a deployment."""
    windows: tuple[DeploymentWindow, ...] = ()
    """When deployments may enter; at any time when left out."""
    freezes: tuple[DeploymentFreeze, ...] = ()
    """Spans in which none may, but emergencies."""
    ringing_alarms: Literal["block", "ask", "ignore"] = "block"
    """What follows when alarms ring before a release has changed anything: end it, ask a person, or go on."""
    blind_alarms: Literal["block", "ask", "ignore"] = "ignore"
    """What follows when alarms do not exist or have no data then; a first release makes its alarms itself."""
    enhanced_watch_seconds: Annotated[int, Field(ge=0, le=7 * 86_400)] = 0
    """How long they are watched on, beside the next releases; 0 for not at all."""
    stabilise_seconds: Seconds = 60
    """How long a rollback settles before it is verified."""
    coverage_percent: Annotated[float, Field(ge=0, le=100)] = 80
    """The least test coverage, of lines and of branches, that may enter."""
    critical_alarms: tuple[str, ...] = ()
    """Alarms whose ringing rolls a release back."""
    warning_alarms: tuple[str, ...] = ()
    """Alarms whose ringing pauses a release for review."""
    variables: dict[str, str] = {}
    """What manifests and builds may refer to by name."""
    functions: tuple[Annotated[str, StringConstraints(pattern=r"^[\w-]{1,64}$")], ...] = ()
    """The Lambda functions that are delivered here; the deploy role may change these and no other."""
    deploy_policy_arns: tuple[PolicyArn, ...] = ()
    """Managed policies for what this environment's commands (buildspecs) need."""

    @model_validator(mode="after")
    def _possible(self) -> "EnvironmentSettings":
        if self.name == "production" and not self.approval:
            raise ValueError("approval must be true for production: no release enters it unseen")
        if self.account and not self.deploy_role_arn:
            raise ValueError(f"deployRoleArn is missing: account {self.account} is entered through a role of its own")
        if self.deploy_role_arn and self.account != self.deploy_role_arn.split(":")[4]:
            raise ValueError("account must be given with deployRoleArn, and be the account of that role")
        if self.approvals_needed > max(1, sum(not one.startswith("@") for one in self.approvers)):
            raise ValueError("approvalsNeeded needs as many addresses in approvers: with one link one could be two")
        if self.approval_wait_seconds >= self.approval_timeout_seconds:
            raise ValueError("approvalWaitSeconds must be less than approvalTimeoutSeconds: nothing could be decided")
        return self


class Backstops(_Closed):
    """How long a wait trusts events before it reads the truth again, in seconds."""

    build_seconds: Annotated[int, Field(ge=5)] = 60
    """For builds."""
    approval_seconds: Annotated[int, Field(ge=5)] = 300
    """For approvals."""
    lock_seconds: Annotated[int, Field(ge=5)] = 60
    """For locks."""
    watch_seconds: Annotated[int, Field(ge=5)] = 30
    """For watches: alarms and health are read this often also without an event."""
    enhanced_seconds: Annotated[int, Field(ge=5)] = 600
    """For enhanced watches."""
    push_seconds: Annotated[int, Field(ge=5)] = 60
    """For pushes: a branch head that has started nothing for so long is started without its webhook."""


class CodeBuild(_Closed):
    """The machines that builds run on."""

    compute_type: Literal["small", "medium", "large"] = "small"
    """Their size."""
    image: str = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    """Their image."""


class Settings(_Closed):
    """Everything that `Pulumi.<stack>.yaml` may say under `kiro-worker:`."""

    github: GitHub
    """The GitHub that is listened to and told."""
    environments: tuple[EnvironmentSettings, ...] = Field(min_length=1)
    """The environments a release walks through, in this order."""
    worker: Worker = Worker()
    """How board items are worked on."""
    poll_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    """How often the board is read."""
    notification_email: Email | None = None
    """Who gets the mails of all three topics; nobody when left out."""
    lock_mode: Literal["superseded", "queued", "parallel"] = "superseded"
    """Of releases that wait for an environment: the newest of a repository goes on (superseded), each in turn
    (queued), or each in turn with repositories not waiting for one another (parallel)."""
    backstops: Backstops = Backstops()
    """How long waits trust events."""
    retain_stateful: bool = False
    """Whether tables, bucket, key and secrets outlive the stack; demanded for the stack `production`."""
    log_retention_days: Retention = 90
    """How long logs are kept."""
    codebuild: CodeBuild = CodeBuild()
    """The machines that builds run on."""
    security_hub: bool = False
    """Whether what scanners find is imported into AWS Security Hub; enable that in this account and region first."""
    budget_usd: Annotated[int, Field(ge=1)] = 500
    """The month's budget."""
    budget_email: Email | None = None
    """Who is told when the budget runs out; without one no budget is made."""
    runbook_url: Url = "https://github.com/kiro-worker/kiro-worker/blob/main/docs/runbooks"
    """Where messages send people who have to act."""

    def approvers(self) -> list[str]:
        """Everybody who gets a link of their own, once."""
        everybody = {who for one in self.environments for who in one.approvers if not who.startswith("@")}
        return sorted(everybody)

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        names = [environment.name for environment in self.environments]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"environments: {', '.join(twice)} is there twice; names must be unique")
        for number, environment in enumerate(self.environments):
            for name, seconds, backstop in (
                ("approval", environment.approval_timeout_seconds, self.backstops.approval_seconds),
                ("enhanced", environment.enhanced_watch_seconds, self.backstops.enhanced_seconds),
            ):
                if seconds > MOST_ASKS * backstop:
                    raise ValueError(
                        f"backstops.{name}Seconds = {backstop}: too short for the {seconds} s that environments[{number}]"
                        f" ({environment.name}) may wait; a wait asks {MOST_ASKS} times at most"
                    )
        return self


def read(stack: str) -> Settings:
    """The settings of the running stack; every fault is named at once, in one SettingsError."""
    settings = parse(_given(), stack)
    tags: dict[str, str] = (pulumi.Config("aws").get_object("defaultTags") or {}).get("tags", {})
    missing = [tag for tag in TAGS if tag not in tags]
    if missing or tags["Environment"] != stack:
        raise SettingsError(
            f"aws:defaultTags = {json.dumps(tags)}: needs the tags {', '.join(TAGS)}, Environment being {stack} (I8)"
        )
    return settings


def parse(given: dict[str, str], stack: str) -> Settings:
    """Settings from texts as Pulumi hands them over: strings as they are, anything else as JSON."""
    values = {key: _value(text) for key, text in given.items()}
    try:
        settings = Settings.model_validate_json(json.dumps(values))
    except ValidationError as error:
        lines = [_explain(fault) for fault in error.errors()]
        raise SettingsError(f"the settings of stack {stack} can't be used:\n  " + "\n  ".join(lines)) from None
    if stack == "production" and not settings.retain_stateful:
        raise SettingsError(
            f"the settings of stack {stack} can't be used:\n  {NAMESPACE}:retainStateful = false: "
            "must be true in production, where tables, bucket, key and secrets outlive the stack"
        )
    return settings


def _given() -> dict[str, str]:
    """Every key of our namespace; the SDK reads single keys only, and an unknown one must not pass unseen."""
    everything = {**get_config_env(), **CONFIG.get()}
    prefix = f"{NAMESPACE}:"
    found = {key.removeprefix(prefix): str(value) for key, value in everything.items() if key.startswith(prefix)}
    secret = [key for key in found if is_config_secret(prefix + key)]
    if secret:
        raise SettingsError(
            f"{prefix}{secret[0]} = [secret]: no setting is a secret; put secret values into Secrets Manager"
        )
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _explain(fault: ErrorDetails) -> str:
    """`kiro-worker:environments[2].approval = false: what is allowed`."""
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in fault["loc"]).lstrip(".")
    key = f"{NAMESPACE}:{place}" if place else NAMESPACE
    if fault["type"] == "extra_forbidden":
        return f"{key} = {_short(fault['input'])}: unknown; known here: {', '.join(_known_beside(fault['loc']))}"
    if fault["type"] == "missing":
        return f"{key}: missing; {fault['msg'].lower()}"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{key} = {_short(fault['input'])}: {message}"


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _known_beside(place: tuple[int | str, ...]) -> list[str]:
    """The keys that are allowed where an unknown one was found."""
    inner: dict[str, type[BaseModel]] = {
        "github": GitHub,
        "environments": EnvironmentSettings,
        "backstops": Backstops,
        "codebuild": CodeBuild,
        "worker": Worker,
    }
    model: type[BaseModel] = inner[str(place[0])] if len(place) > 1 else Settings
    if place[:2] == ("worker", "columns") and len(place) > 2:
        model = WorkerColumns
    return sorted(str(field.alias) for field in model.model_fields.values())
