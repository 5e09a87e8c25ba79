"""One environment that a release walks through: an entry of `environments` in the settings."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from components.stack.closed import Closed

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,15}$")]
Approver = Annotated[str, StringConstraints(pattern=r"^[^@\s]*@[^@\s]+$")]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:[\w-]+:iam::\d{12}:role/.+$")]
PolicyArn = Annotated[str, StringConstraints(pattern=r"^arn:[\w-]+:iam::(\d{12}|aws):policy/.+$")]
WallClock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Seconds = Annotated[int, Field(ge=0)]


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin")
    return name


def _moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("must be a moment with its offset, such as 2026-12-24T00:00:00+01:00")
    return text


class DeploymentWindow(Closed):
    """A weekly span in which deployments may enter."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(min_length=1)
    """The days on which it opens."""
    opens: WallClock
    """When it opens, HH:MM."""
    closes: WallClock
    """When it closes, HH:MM; at or before `opens` means on the next day."""
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """The time zone of both, such as `Europe/Berlin`."""


class DeploymentFreeze(Closed):
    """A span in which no deployment enters."""

    starts: Annotated[str, AfterValidator(_moment)]
    """Its first moment, ISO 8601 with offset."""
    ends: Annotated[str, AfterValidator(_moment)]
    """The first moment after it."""
    reason: Annotated[str, StringConstraints(min_length=1)]
    """What people are told."""


class EnvironmentSettings(Closed):
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
    variables: dict[str, str] = Field(default_factory=dict)
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
