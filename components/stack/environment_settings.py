"""One environment that releases are deployed to: an entry of `environments` in the settings."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from components.stack.closed import Closed
from components.stack.repository_settings import ImageRepository
from functions.domain.approvers import Approvers, repeated
from functions.domain.demands import GateName

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,15}$")]
Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9](-?[A-Za-z0-9])*$", max_length=39)]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:[\w-]+:iam::\d{12}:role/.+$")]
# Who calls AWS: a user, or the session of a role, as `aws sts get-caller-identity` prints it.
CallerArn = Annotated[
    str, StringConstraints(pattern=r"^arn:[\w-]+:(iam::\d{12}:user/\S+|sts::\d{12}:assumed-role/[^/\s]+/[^/\s]+)$")
]
# https://docs.slack.dev/reference/objects/user-object: `U…`, or `W…` in an Enterprise organisation.
SlackUser = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{6,20}$")]
PolicyArn = Annotated[str, StringConstraints(pattern=r"^arn:[\w-]+:iam::(\d{12}|aws):policy/.+$")]
WallClock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Seconds = Annotated[int, Field(ge=0)]


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin")
    return name


def _moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("must be a time with its offset, such as 2026-12-24T00:00:00+01:00")
    return text


def _ascii(text: str) -> str:
    if not text.isascii():
        raise ValueError("must be ASCII, because other letters may only look like those of another address")
    return text


Approver = Annotated[str, StringConstraints(pattern=r"^[^@\s]*@[^@\s]+$"), AfterValidator(_ascii)]


class DeploymentWindow(Closed):
    """A weekly period in which deployments may enter the environment."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(min_length=1)
    """The days on which the window opens."""
    opens: WallClock
    """The time at which the window opens, HH:MM."""
    closes: WallClock
    """The time at which the window closes, HH:MM; a time at or before `opens` is on the next day."""
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """The time zone of `opens` and `closes`, such as `Europe/Berlin`."""


class DeploymentFreeze(Closed):
    """A period in which only emergency deployments may enter the environment."""

    starts: Annotated[str, AfterValidator(_moment)]
    """The start of the freeze, ISO 8601 with offset."""
    ends: Annotated[str, AfterValidator(_moment)]
    """The end of the freeze, ISO 8601 with offset."""
    reason: Annotated[str, StringConstraints(min_length=1)]
    """The reason that messages show."""


class EnvironmentSettings(Closed):
    """One environment that releases are deployed to; all durations in seconds."""

    name: Name
    """The name of the environment; unique in the stack."""
    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = None
    """The AWS account of the environment; default: the account of the stack."""
    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")] | None = None
    """The region of the environment; default: the region of the stack."""
    deploy_role_arn: RoleArn | None = None
    """The role that the platform and the environment's commands (buildspecs) assume to deploy; required for another
    account, otherwise created by the stack for the platform only."""
    read_role_arn: RoleArn | None = None
    """The role that the platform assumes to read alarms and what runs; required with `deployRoleArn`, and another role
    of the same account."""
    protected: bool | None = None
    """Whether only commits of the main branch enter, each approved by a person; default: only the last environment."""
    approval: bool = False
    """Whether a person approves each release before it is deployed; required for a protected environment."""
    approvers: tuple[Approver, ...] = ()
    """Who may approve: e-mail addresses, each sent a personal link, or `@domain` for a whole domain by a shared link;
    empty: anybody with the shared link."""
    approvals_needed: Annotated[int, Field(ge=1, le=10)] = 1
    """How many different people must approve; more than one need personal links, so no `@domain`."""
    author_may_approve: bool = True
    """Whether an approval by who made, pushed or merged the release counts; `false` needs personal links and logins."""
    approver_logins: dict[Approver, Login] = Field(default_factory=dict)
    """The GitHub login of each approver, by address; required where `authorMayApprove` is false."""
    approver_identities: dict[Approver, CallerArn] = Field(default_factory=dict)
    """The AWS identity of each approver who may use `kiro-worker approve`, by address: the ARN that `aws sts
    get-caller-identity` prints. Name only roles whose sessions are named after the person, as IAM Identity Center
    does; whoever assumes another role chooses the name."""
    approver_slack_users: dict[Approver, SlackUser] = Field(default_factory=dict)
    """The Slack user of each approver who may use the buttons in Slack, by address: the member id in the profile."""
    approval_timeout_seconds: Annotated[int, Field(ge=60, le=7 * 86_400)] = 86_400
    """How long a request for approval stays open before it expires."""
    approval_wait_seconds: Seconds = 0
    """The shortest time between a request for approval and a decision."""
    watch_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """How long alarms and health are watched after a deployment, before the next stage starts."""
    unhealthy_samples: Annotated[int, Field(ge=1, le=10)] = 3
    """How many bad samples of a service in a row roll a release back: bad answers, where the next follows in seconds,
    or comparisons of two versions."""
    worse_error_percent: Annotated[float, Field(gt=0, le=100)] = 10
    """At a step of a rollout, a sample is bad if more than so many percentage points more requests fail with the new
    version than with the old one."""
    worse_latency_percent: Annotated[float, Field(gt=0, le=1000)] = 50
    """At a step of a rollout, a sample is bad if the average latency of the new version is longer than that of the old
    one by more than so many percent, and by more than 50 ms."""
    compared_requests: Annotated[int, Field(ge=1, le=100_000)] = 50
    """How many requests each version must have met for a sample that compares them."""
    windows: tuple[DeploymentWindow, ...] = ()
    """Deployment windows; default: deployments may enter at any time."""
    freezes: tuple[DeploymentFreeze, ...] = ()
    """Periods in which only emergency deployments may enter."""
    freeze_wait_days: Annotated[float, Field(ge=0.01, le=31)] = 14
    """How many days a release waits for the unfreeze of an environment that a person or a rollback froze; then it ends
    as `held`."""
    on_active_alarm: Literal["block", "ask", "ignore"] = "block"
    """The reaction to an alarm that is in ALARM before the release changes anything: `block` fails the stage, `ask`
    requests approval, `ignore` continues. For an emergency `block` is `ask`."""
    on_missing_alarm_data: Literal["block", "ask", "ignore"] = "ignore"
    """The reaction to an alarm that does not exist or has no data before the release changes anything. A first release
    creates its own alarms."""
    enhanced_watch_seconds: Annotated[int, Field(ge=0, le=7 * 86_400)] = 0
    """How long alarms are watched after the stage passed; the next deployment ends it. 0: no enhanced watch."""
    stabilise_seconds: Seconds = 60
    """How long a rollback waits before it verifies the environment."""
    coverage_percent: Annotated[float, Field(ge=0, le=100)] = 80
    """The lowest test coverage, of lines and of branches, that is accepted, in percent."""
    demanded_gates: tuple[GateName, ...] | None = None
    """The gates that a release must pass for the environment; a repository may add gates and take none away. Default:
    `tests`, `coverage` and `security`, with `integration` in the first environment, `smoke` in the last, and `e2e` and
    `performance` in those between. `[]`: none."""
    soak_minutes: Annotated[int, Field(ge=0, le=7 * 1440)] = 0
    """How long a release must run here without a critical alarm before it enters the next environment, in minutes;
    needs `enhancedWatchSeconds` of that time, which finds the alarms. An emergency does not wait. 0: not at all."""
    skippable: bool = False
    """Whether the `environments` of a manifest may leave it out and name a later one."""
    critical_alarms: tuple[str, ...] = ()
    """Alarms that roll a release back when they are in ALARM, of whichever repository it is."""
    warning_alarms: tuple[str, ...] = ()
    """Alarms that pause a release for review when they are in ALARM, of whichever repository it is."""
    variables: dict[str, str] = Field(default_factory=dict)
    """Variables for `delivery.yml` placeholders and builds."""
    functions: tuple[Annotated[str, StringConstraints(pattern=r"^[\w-]{1,64}$")], ...] = ()
    """The Lambda functions that may be delivered to the environment; the deploy role can change no others."""
    ecs_services: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+/[A-Za-z0-9_-]+$")], ...] = ()
    """The ECS services that may be delivered to the environment, each as `cluster/service`; the deploy role can change
    no others."""
    ecs_task_role_arns: tuple[RoleArn, ...] = ()
    """The task and execution roles of these services; the deploy role can pass no others to their tasks."""
    image_repositories: tuple[ImageRepository, ...] = ()
    """The ECR repositories (URIs) whose images these services may run, and the only ones that the read role sees;
    default: those that manifests name."""
    pulumi_bucket: Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$")] = ""
    """The S3 bucket, in the environment's account and region, that keeps the states of Pulumi stacks; needs
    `pulumiKeyArn`. Empty: no stacks are delivered to the environment."""
    pulumi_key_arn: Annotated[str, StringConstraints(pattern=r"^(arn:[\w-]+:kms:[a-z0-9-]+:\d{12}:key/[\w-]+)?$")] = ""
    """The KMS key of this bucket and of the secrets in these stacks (`awskms://…`)."""
    deploy_policy_arns: tuple[PolicyArn, ...] = ()
    """Managed policies for the commands (buildspecs) that deploy to the environment."""

    @model_validator(mode="after")
    def _possible(self) -> "EnvironmentSettings":
        self._check_roles()
        self._check_approvers()
        if bool(self.pulumi_bucket) != bool(self.pulumi_key_arn):
            raise ValueError("pulumiBucket and pulumiKeyArn belong together: give both or none")
        if self.approval_wait_seconds >= self.approval_timeout_seconds:
            raise ValueError(
                "approvalWaitSeconds must be less than approvalTimeoutSeconds: otherwise no decision is possible"
            )
        return self

    def _check_roles(self) -> None:
        """Refuse an environment of another account without its two roles, which are two and of that account (I7)."""
        roles = {"deployRoleArn": self.deploy_role_arn, "readRoleArn": self.read_role_arn}
        if self.account is None and not any(roles.values()):
            return
        for key, arn in roles.items():
            whose = f"account {self.account}" if self.account else "an environment with a role of its own"
            if arn is None:
                raise ValueError(
                    f"{key} is missing: {whose} needs two roles that the platform can assume, deployRoleArn to change "
                    "it and readRoleArn to read it"
                )
            if self.account != arn.split(":")[4]:
                raise ValueError(f"account must be given with {key}, and be the account of that role: {arn}")
        if self.deploy_role_arn == self.read_role_arn:
            raise ValueError(
                f"readRoleArn = {self.read_role_arn} is the deploy role, too; functions that only read would hold a "
                "role that changes: name another role, which only reads"
            )

    def _check_identities(self) -> None:
        """Refuse AWS identities and Slack users of people who are no approvers, and one that stands for several."""
        known = Approvers(dict.fromkeys(self.approvers, ""))
        for key, what, given in (
            ("approverIdentities", "AWS identity", self.approver_identities),
            ("approverSlackUsers", "Slack user", self.approver_slack_users),
        ):
            stray = sorted(one for one in given if not self.approvers or not known.admits(one, personal=True))
            if stray:
                raise ValueError(f"{key}: {', '.join(stray)} is not listed in approvers")
            if len({*given.values()}) < len(given):
                raise ValueError(f"{key} names one {what} for several addresses; each stands for a person")

    def _check_approvers(self) -> None:
        """Refuse approvers who can't be told apart where their number or the authors of a release matter (A3)."""
        twice = repeated(self.approvers)
        if twice:
            raise ValueError(
                f"approvers: {', '.join(twice)} is listed twice; upper case and `+…` make no other person of an address"
            )
        stray = sorted(set(self.approver_logins) - set(self.approvers))
        if stray:
            raise ValueError(f"approverLogins: {', '.join(stray)} is not listed in approvers")
        self._check_identities()
        if self.approvals_needed == 1 and self.author_may_approve:
            return
        shared = [one for one in self.approvers if one.startswith("@")]
        if shared:
            raise ValueError(
                f"approvers: {', '.join(shared)} gets a shared link, which does not say who uses it; name each address "
                "where approvalsNeeded is more than 1 or authorMayApprove is false"
            )
        if self.approvals_needed > len(self.approvers):
            raise ValueError(
                f"approvers lists {len(self.approvers)} addresses and approvalsNeeded demands {self.approvals_needed} "
                "people (authorMayApprove = false at least 1); list each address"
            )
        without = [one for one in self.approvers if one not in self.approver_logins]
        if without and not self.author_may_approve:
            raise ValueError(
                f"approverLogins lacks {', '.join(without)}: authorMayApprove = false compares the GitHub logins of "
                "who made, pushed or merged a release with those of its approvers"
            )
        logins = [login.casefold() for login in self.approver_logins.values()]
        if len(set(logins)) < len(logins):
            raise ValueError("approverLogins names one GitHub login for several addresses; a person has one of each")
