"""The settings of a stack: typed, closed, and validated before the first resource is registered (I1)."""

import json
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from components.stack.closed import Closed
from components.stack.environment_settings import EnvironmentSettings
from components.stack.github_settings import GitHub, Url
from components.stack.repository_settings import check_pushes
from components.stack.worker_settings import Worker
from functions.domain.approvers import Approvers
from functions.domain.demands import GateName, usual
from functions.domain.triggers import TriggerRules
from functions.handler import encode
from statemachines.policies import MOST_ASKS

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]
# The retentions that CloudWatch Logs allows, in days.
Retention = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288]
# All environment variables of a function take at most 4 KB.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MOST_OF_ONE = 3000


class Backstops(Closed):
    """How often each wait reads the current state in case its event was lost, in seconds."""

    build_seconds: Annotated[int, Field(ge=5)] = 60
    """How often a build is polled when its event is lost."""
    approval_seconds: Annotated[int, Field(ge=5)] = 300
    """How often a request for approval is polled when its event is lost."""
    lock_seconds: Annotated[int, Field(ge=5)] = 60
    """How often a lock is requested again when its event is lost."""
    watch_seconds: Annotated[int, Field(ge=5)] = 30
    """How often a watch reads alarms and health, also without an event."""
    enhanced_seconds: Annotated[int, Field(ge=5)] = 600
    """How often an enhanced watch reads alarms and health, also without an event."""
    unfreeze_seconds: Annotated[int, Field(ge=5)] = 3600
    """How often a release that waits for an unfreeze reads the freeze, also without an event."""
    push_seconds: Annotated[int, Field(ge=5)] = 60
    """How old a branch head without a deployment must be before it is started without its webhook."""


class Vpc(Closed):
    """The VPC that builds run in, instead of CodeBuild's own network, which can reach the whole internet."""

    id: Annotated[str, StringConstraints(pattern=r"^vpc-[0-9a-f]+$")]
    """The VPC."""
    subnets: tuple[Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]+$")], ...] = Field(
        min_length=1, max_length=16
    )
    """Private subnets with a route (NAT or endpoints) to GitHub, S3, CloudWatch Logs, CodeBuild, KMS and Secrets
    Manager, and to everything that builds install or change."""
    security_groups: tuple[Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]+$")], ...] = Field(
        min_length=1, max_length=5
    )
    """Security groups that allow outbound traffic and no inbound traffic."""


class CodeBuild(Closed):
    """The machines that builds run on."""

    compute_type: Literal["small", "medium", "large"] = "small"
    """The compute type of a build."""
    image: str = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    """The image of a build."""
    vpc: Vpc | None = None
    """The network that builds run in; default: CodeBuild's own network."""


class Settings(Closed):
    """The keys of `Pulumi.<stack>.yaml` under `kiro-worker:`."""

    github: GitHub
    """The GitHub instance, its repositories and its board."""
    environments: tuple[EnvironmentSettings, ...] = Field(min_length=1)
    """The environments that a release is deployed to, in this order."""
    worker: Worker = Worker()
    """How board items are worked on."""
    poll_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    """How often the board is polled, in minutes."""
    drift_minutes: Annotated[int, Field(ge=1, le=720)] = 15
    """How often what runs is compared with what is recorded, in minutes; a difference is notified once."""
    notification_email: Email | None = None
    """The e-mail address that is subscribed to all three topics; default: none."""
    lock_mode: Literal["superseded", "queued", "parallel"] = "superseded"
    """Which waiting release enters an environment next: the newest of its repository (`superseded`), each in turn
    (`queued`), or each in turn with a lock per repository (`parallel`)."""
    backstops: Backstops = Backstops()
    """How often waits read the current state without an event."""
    retain_stateful: bool = False
    """Whether tables, bucket, key and secrets are kept when the stack is destroyed; required for `production`."""
    log_retention_days: Retention = 90
    """How long logs are kept, in days."""
    codebuild: CodeBuild = CodeBuild()
    """The machines that builds run on."""
    console: bool = True
    """Whether the stack has the console, a page that shows what moves and what waits; `kiro-worker open` opens it."""
    security_hub: bool = False
    """Whether findings of scanners are imported into AWS Security Hub; enable Security Hub in this account first."""
    budget_usd: Annotated[int, Field(ge=1)] = 500
    """The monthly budget, in US dollars."""
    budget_email: Email | None = None
    """The e-mail address that is notified at 80 % spent and when the forecast exceeds the budget; default: the topic
    `deployments`."""
    alarms: Literal["basic", "strict"] = "strict"
    """Which alarms watch over the platform: all (`strict`), or critical ones without warnings (`basic`)."""
    runbook_url: Url | None = None
    """The address of `docs/runbooks` where people can read it; messages and alarms link to its pages, and name their
    path by default."""

    def runbook(self, page: str = "") -> str:
        """The address of a runbook, or its path in this repository; of all runbooks without a page."""
        base = (self.runbook_url or "docs/runbooks").rstrip("/")
        return f"{base}/{page}.md" if page else base

    def approvers(self) -> list[str]:
        """The e-mail addresses that are sent personal links, without duplicates."""
        everybody = {who for one in self.environments for who in one.approvers if not who.startswith("@")}
        return sorted(everybody)

    def approvers_json(self) -> str:
        """Who may approve for each environment, as the approval page reads it (`functions/domain/approvers.py`)."""
        found = {
            one.name: Approvers(
                {who: one.approver_logins.get(who, "") for who in one.approvers},
                one.approvals_needed,
                one.author_may_approve,
                one.approver_identities,
                one.approver_slack_users,
            )
            for one in self.environments
        }
        return json.dumps(encode(found), separators=(",", ":"))

    def triggers_json(self) -> str:
        """What starts a release and how far it goes, as handlers read it (`functions/domain/triggers.py`)."""
        github, names = self.github, [one.name for one in self.environments]
        candidates = github.candidate_until or ("staging" if "staging" in names else (["", *names])[-2])
        rules = TriggerRules(
            github.main_branch,
            tuple(names),
            tuple(self.protected()),
            github.main_until or "",
            candidates,
            github.branches,
        )
        return json.dumps(encode(rules), separators=(",", ":"))

    def pushed_images_json(self) -> str:
        """Which pushed images start a release, as the handler reads it (`functions/domain/image_pushes.py`)."""
        found = [one.rules for one in self.github.repositories if one.pushed_images]
        return json.dumps(encode(found), separators=(",", ":"))

    def protected(self) -> list[str]:
        """The environments that only commits of the main branch enter: by default the last one."""
        last = self.environments[-1]
        return [one.name for one in self.environments if (one is last if one.protected is None else one.protected)]

    def demanded(self, position: int) -> list[GateName]:
        """The gates that an environment demands: its setting, or what is usual at its position."""
        given = self.environments[position].demanded_gates
        return list(usual(position, len(self.environments)) if given is None else given)

    def other_accounts(self, own: str) -> list[str]:
        """The accounts of environments besides the stack's `own`, without duplicates."""
        return sorted({one.account for one in self.environments if one.account and one.account != own})

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        names = [environment.name for environment in self.environments]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"environments: {', '.join(twice)} is listed twice; names must be unique")
        size = len(self.approvers_json())
        if size > _MOST_OF_ONE:
            raise ValueError(
                "environments: approvers, approverLogins, approverIdentities and approverSlackUsers take "
                f"{size} bytes, at most {_MOST_OF_ONE} reach the approval page: list fewer addresses, or `@domain`"
            )
        self._check_each()
        self._check_triggers(names)
        for repository in self.github.repositories:
            unknown = sorted(set(repository.environments or ()) - set(names))
            if unknown:
                raise ValueError(f"github.repositories: {repository.name}: {', '.join(unknown)} is no environment here")
            check_pushes(repository, repository.environments or names, self.protected())
        size = len(self.pushed_images_json())
        if size > _MOST_OF_ONE:
            raise ValueError(
                f"github.repositories: images and pushedImages take {size} bytes, at most {_MOST_OF_ONE} reach the "
                "function that reads them: list fewer images"
            )
        for number, environment in enumerate(self.environments):
            for name, seconds, backstop in (
                ("approval", environment.approval_timeout_seconds, self.backstops.approval_seconds),
                ("enhanced", environment.enhanced_watch_seconds, self.backstops.enhanced_seconds),
                ("unfreeze", int(environment.freeze_wait_days * 86_400), self.backstops.unfreeze_seconds),
            ):
                if seconds > MOST_ASKS * backstop:
                    raise ValueError(
                        f"backstops.{name}Seconds = {backstop}: too short for the {seconds} s that "
                        f"environments[{number}] ({environment.name}) may wait; a wait polls at most {MOST_ASKS} times"
                    )
        return self

    def _check_each(self) -> None:
        """Refuse a protected environment without approval (A1), and a soak that nothing watches (G6)."""
        for number, environment in enumerate(self.environments):
            soak, watched = environment.soak_minutes, environment.enhanced_watch_seconds
            if soak * 60 > watched:
                raise ValueError(
                    f"environments[{number}].soakMinutes = {soak} needs enhancedWatchSeconds of at least {soak * 60}, "
                    f"not {watched}: the enhanced watch finds the alarms of that time"
                )
            if environment.name in self.protected() and not environment.approval:
                raise ValueError(
                    f"environments[{number}].approval must be true for {environment.name}, which is protected: a "
                    "person approves each release to it; the last one is protected unless `protected: false` is set"
                )

    def _check_triggers(self, names: list[str]) -> None:
        """Refuse a last environment that does not exist, and branches that would enter a protected environment."""
        for key, name in (("mainUntil", self.github.main_until), ("candidateUntil", self.github.candidate_until)):
            if name is not None and name not in names:
                raise ValueError(f"github.{key} = {name}: no environment here; there are {', '.join(names)}")
        if self.github.branches and names[0] in self.protected():
            raise ValueError(
                f"github.branches = {', '.join(self.github.branches)}: their pushes would enter {names[0]}, which is "
                "protected; put an environment before it, or leave branches out"
            )
