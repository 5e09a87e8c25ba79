"""The settings of an environment, and what runs in each of its parts."""

from collections.abc import Collection, Iterable, Mapping
from urllib.parse import urlsplit

from msgspec import field

from functions.domain.errors import ManifestError
from functions.domain.images import Image
from functions.domain.manifests import Part, fill
from functions.domain.order import Order
from functions.domain.values import Value
from functions.domain.watches import Before, manifest_of
from functions.domain.windows import Closed, Window


class Environment(Value, frozen=True):
    """The settings of one environment, carried by the deployment's definition; times in seconds.

    `on_active_alarm` is the reaction to an alarm that is in ALARM before the release changes anything;
    `on_missing_alarm_data` the reaction to an alarm without data, or to one that does not exist, at that time.
    `unhealthy_samples` is how many bad samples of a service in a row are a breach. `worse_error_percent`,
    `worse_latency_percent` and `compared_requests` are the `Limits` of comparing two versions. `deploy_project` and
    `test_project` are what the names of its projects begin with (`project_of`). Handlers change it under
    `deploy_role_arn` and read it under `read_role_arn`; with "" it is read under the caller's own role.
    `demanded_gates` are the least that a release must pass here (`functions/domain/demands.py`); `soak_minutes` is how
    long it must run here before it may enter the next environment; a manifest may leave out a `skippable` one.
    `pulumi_bucket` keeps the states of Pulumi stacks, "" for none.
    `image_repositories` are the ECR repositories (URIs) whose images may run there; empty: any.
    """

    name: str
    region: str
    deploy_role_arn: str
    deploy_project: str
    approval: bool
    approval_timeout_seconds: int
    approval_wait_seconds: int
    watch_seconds: int
    stabilise_seconds: int
    coverage_percent: float
    critical_alarms: list[str] = field(default_factory=list)
    warning_alarms: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    test_project: str = ""
    approvers: list[str] = field(default_factory=list)
    approvals_needed: int = 1
    author_may_approve: bool = True
    windows: list[Window] = field(default_factory=list)
    freezes: list[Closed] = field(default_factory=list)
    on_active_alarm: Before = "block"
    on_missing_alarm_data: Before = "ignore"
    enhanced_watch_seconds: int = 0
    unhealthy_samples: int = 3
    worse_error_percent: float = 10
    worse_latency_percent: float = 50
    compared_requests: int = 50
    freeze_wait_days: float = 14
    read_role_arn: str = ""
    demanded_gates: list[str] = field(default_factory=list)
    soak_minutes: int = 0
    skippable: bool = False
    image_repositories: list[str] = field(default_factory=list)
    pulumi_bucket: str = ""

    @property
    def account(self) -> str:
        """The AWS account of the environment, which is that of its deploy role; "" without a role."""
        return self.deploy_role_arn.split(":")[4] if self.deploy_role_arn else ""

    @property
    def build_variables(self) -> dict[str, str]:
        """The variables KIRO_… that every build for this environment gets."""
        return {"KIRO_ENVIRONMENT": self.name, "KIRO_ACCOUNT": self.account, "KIRO_REGION": self.region}

    @property
    def fill_values(self) -> dict[str, str]:
        """The values of placeholders such as `{environment}` in the manifest, for this environment."""
        return {**self.variables, "environment": self.name}


class Version(Value, frozen=True):
    """One deployed state of a part: its commit, source and artifact, and the version that its target reported.

    `source` and `artifact` are keys in the artifacts bucket. `commit` is empty for a version that was deployed outside
    the platform. `order` is the position of its release, None for such a version and for older records. `image` is the
    one that a request named; then the commit is that of the manifest. `statement` is the SHA-256 of the signed
    statement, "" for such versions and for older records.
    """

    commit: str
    deployment_id: str
    source: str
    artifact: str
    version: str
    at: str
    order: Order | None = None
    image: Image | None = None
    statement: str = ""

    @property
    def repository(self) -> str:
        """The repository (`owner/name`) whose release deployed it, "" if none did."""
        return self.source.removeprefix("sources/").rpartition("/")[0]

    @property
    def label(self) -> str:
        """The image's tag, or the beginning of the commit, for people; "" if neither is known."""
        return self.image.label if self.image else self.commit[:12]

    def is_of(self, repository: str) -> bool:
        """Whether a release of this repository (`owner/name`) deployed it."""
        return self.repository == repository


class PartState(Value, frozen=True):
    """What runs in one part of an environment, and the last version that was verified good there.

    `in_doubt` names a deployment that began to change or restore the part and has not yet recorded what runs since.
    While it is set, `running` may be wrong. It is written before the change, under the lease. `repository` is the owner
    of the record, "" in one from before the platform recorded owners.
    """

    environment: str
    part: str
    running: Version | None = None
    good: Version | None = None
    definition: Part | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    in_doubt: str = ""
    repository: str = ""

    @property
    def versions(self) -> tuple[Version, ...]:
        """What runs, and what was last verified good: what a rollback may need."""
        return tuple(version for version in (self.running, self.good) if version)

    @property
    def proven(self) -> bool:
        """Whether the running version is known and was verified good."""
        return self.running is not None and self.good == self.running and not self.in_doubt


class Freeze(Value, frozen=True):
    """Why an environment is frozen: nothing deploys there until a person unfreezes it. `since` is ISO 8601."""

    reason: str
    by: str
    since: str

    def describe(self, environment: str) -> str:
        """Who froze the environment, when and why."""
        return f"{environment} is frozen since {self.since} by {self.by}: {self.reason}"


def judged(states: Iterable[PartState], repository: str) -> tuple[PartState, ...]:
    """The parts that a watch of this repository's release judged: its own ones, unless they are in doubt."""
    return tuple(state for state in states if state.running and state.running.is_of(repository) and not state.in_doubt)


def watched(state: PartState, repository: str) -> bool:
    """Whether the alarms of a part decide about a release of this repository: its own parts, and those of nobody known.

    The owner is the recorded one, else the repository whose release runs. "" stands for all repositories.
    """
    if not repository or state.repository == repository:
        return True
    known = bool(state.repository or (state.running and state.running.source))
    return not known or (not state.repository and state.running is not None and state.running.is_of(repository))


def belongs(state: PartState, manifest: str, repository: str) -> bool:
    """Whether a part is that of a repository whose manifest has this name, or had another one before."""
    recorded = state.running is not None and state.running.is_of(repository)
    return manifest_of(state.part) == manifest or state.repository == repository or (not state.repository and recorded)


def outputs_of(part: str, states: Iterable[PartState]) -> dict[str, str]:
    """The outputs (addresses, names) of all parts of the same manifest, as one mapping."""
    siblings = (state for state in states if manifest_of(state.part) == manifest_of(part))
    return {key: value for state in siblings for key, value in state.outputs.items()}


def addresses(states: Collection[PartState], values: Mapping[str, str]) -> dict[str, str]:
    """The address of each part that has one, for a browser; `values` are those of the environment's placeholders.

    It is the folder of the part's health URL, as what was deployed declares it. A part without one, whose build left an
    output `url`, has that address, unless it is a service's.
    """
    found = {}
    for state in states:
        health = state.definition.health if state.running and state.definition else None
        if health:
            url = _filled(health.url, {**outputs_of(state.part, states), **values}).partition("?")[0]
            found[state.part] = url.rpartition("/")[0] if "/" in url.partition("//")[2] else url
    for state in states:
        if state.part not in found and state.outputs.get("url", "").rstrip("/") not in found.values():
            found[state.part] = state.outputs.get("url", "")
    return {part: url for part, url in found.items() if opens(url)}


def _filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced; "" if one of them has no value."""
    try:
        return fill(text, values, "health.url")
    except ManifestError:
        return ""


def opens(url: str) -> bool:
    """Whether a browser opens the address as a page: repositories and builds write it."""
    try:
        parts = urlsplit(url)
    except ValueError:  # an address such as `http://[`
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isascii() and url.isprintable()
