"""Services of ECS: how a strategy is written for ECS, and what the status of a deployment means."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, assert_never

from functions.domain.comparisons import Metrics
from functions.domain.rollouts import Rollout
from functions.domain.values import Value

Strategy = Literal["rolling", "blue-green", "linear", "canary"]
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
Status = Literal[
    "PENDING",
    "SUCCESSFUL",
    "STOPPED",
    "STOP_REQUESTED",
    "IN_PROGRESS",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
]
Phase = Literal["forward", "back", "succeeded", "failed"]
# As many failed tasks in a row open ECS's circuit breaker, which only rolling deployments have.
MOST_FAILED_TASKS = 3
# The breaker belongs to rolling deployments; it is switched off by name, because a member that is left out may stay.
_NO_BREAKER = {"enable": False, "rollback": False}
# The members of a configuration that belong to a strategy; others (alarms, percentages) stay as the service has them.
_OF_STRATEGIES = (
    "strategy",
    "deploymentCircuitBreaker",
    "bakeTimeInMinutes",
    "linearConfiguration",
    "canaryConfiguration",
)
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html: everything that a task
# definition says of itself when it is described, and that may be registered again
COPIED = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
)


class Service(Value, frozen=True):
    """A service of a cluster: its task definition (`family:revision`), its configuration, and as ECS describes it."""

    cluster: str
    name: str
    definition: str
    configuration: Mapping[str, Any]
    described: Mapping[str, Any]


class TargetGroup(Value, frozen=True):
    """A target group, and the listener rule or the load balancer that sends requests to it; both are ARNs."""

    arn: str
    rule: str


class TaskEnd(Value, frozen=True):
    """A task that runs once: whether it has ended, its exit code (None if it never began), and why it ended."""

    ended: bool
    exit_code: int | None = None
    reason: str = ""


class ServiceDeployment(Value, frozen=True):
    """A service deployment: the task definitions (`family:revision`) before and after it, and where it is.

    `percent` of the requests meet the new tasks. `hook` is the id of the pause that waits, "" if none does.
    `failed_tasks` failed in a row, `task_reason` is why the last of them stopped.
    """

    arn: str
    status: Status
    target: str
    source: str = ""
    percent: float = 0
    hook: str = ""
    reason: str = ""
    failed_tasks: int = 0
    task_reason: str = ""

    @property
    def phase(self) -> Phase:
        """Whether ECS goes forward, goes back, or has ended the deployment."""
        match self.status:
            case "PENDING" | "IN_PROGRESS":
                return "forward"
            case "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS":
                return "back"
            case "SUCCESSFUL":
                return "succeeded"
            case "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED":
                return "failed"
            case _:
                assert_never(self.status)

    @property
    def broken(self) -> str:
        """Why the new tasks will never serve; "" as long as they may. Only the strategies without a breaker ask."""
        if self.failed_tasks < MOST_FAILED_TASKS or self.percent > 0:
            return ""
        return f"{self.failed_tasks} tasks failed in a row: {self.task_reason or 'no reason is known'}"


def copy_of(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What of a task definition is registered again; empty members are those that were never given."""
    return {name: definition[name] for name in COPIED if definition.get(name) not in (None, "", [], {})}


def rollout_of(found: ServiceDeployment, strategy: Strategy) -> Rollout:
    """A deployment as the platform sees it. A rollout that ECS takes back has failed, also before it is back."""
    if found.phase == "succeeded":
        return Rollout("done", found.target, 100, found.arn)
    if found.phase in ("back", "failed"):
        return Rollout("failed", found.target, found.percent, found.arn, found.reason or f"ECS says {found.status}")
    if strategy != "rolling" and found.broken:
        return Rollout("failed", found.target, found.percent, found.arn, found.broken)
    outcome: Any = "paused" if found.hook else "underway"
    return Rollout(outcome, found.target, found.percent, found.arn)


def metrics_of(group: TargetGroup) -> Metrics | None:
    """The metrics of a target group, by the ends of ARNs; None behind a Network Load Balancer, which counts none.

    A request that got no answer is no HTTPCode_Target_5XX_Count: the load balancer answers it by itself.
    """
    # …:listener-rule/app/{name}/{id}/{listener}/{rule}, …:loadbalancer/app/{name}/{id}
    balancer = "/".join(group.rule.rpartition(":")[2].split("/")[1:4])
    if not balancer.startswith("app/"):
        return None
    dimensions = {"TargetGroup": group.arn.rpartition(":")[2], "LoadBalancer": balancer}
    errors = ("HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount")
    return Metrics("AWS/ApplicationELB", "RequestCount", errors, "TargetResponseTime", 1000, dimensions)


def mistake_in_strategy(strategy: Strategy, steps: Sequence[int]) -> str:
    """Why these steps do not fit the strategy, and the next step; "" if they do."""
    match strategy:
        case "rolling" | "blue-green":
            return f"strategy {strategy} has no steps: leave them out, or write canary or linear" if steps else ""
        case "canary":
            return "" if len(steps) == 1 else "strategy canary has one step: write a single percentage, such as [10]"
        case "linear":
            even = bool(steps) and list(steps) == list(range(steps[0], 100, steps[0]))
            return "" if even else "strategy linear has equal steps up to 100: write them all, such as [25, 50, 75]"
        case _:
            assert_never(strategy)


def configuration(
    strategy: Strategy, steps: Sequence[int], now: Mapping[str, Any], pause_minutes: int
) -> dict[str, Any]:
    """The DeploymentConfiguration of a change; `now` is the service's own, `pause_minutes` how long a pause may last.

    ECS pauses before each shift of requests, or after the only one of blue/green; a pause that nobody ends goes back.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
    """
    kept = _kept(now)
    hooks = kept.pop("lifecycleHooks")

    def paused(stage: str) -> list[dict[str, Any]]:
        timeout = {"timeoutInMinutes": pause_minutes, "action": "ROLLBACK"}
        return [*hooks, {"targetType": "PAUSE", "lifecycleStages": [stage], "timeoutConfiguration": timeout}]

    match strategy:
        case "rolling":
            breaker = {**now.get("deploymentCircuitBreaker", {}), "enable": True, "rollback": True}
            return {**kept, "strategy": "ROLLING", "deploymentCircuitBreaker": breaker, "lifecycleHooks": hooks}
        case "blue-green":
            shift = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "deploymentCircuitBreaker": _NO_BREAKER}
            return {**kept, **shift, "lifecycleHooks": paused("POST_PRODUCTION_TRAFFIC_SHIFT")}
        case "canary":
            own = {"canaryConfiguration": {"canaryPercent": float(steps[0]), "canaryBakeTimeInMinutes": 0}}
            shift = {"strategy": "CANARY", "bakeTimeInMinutes": 0, "deploymentCircuitBreaker": _NO_BREAKER, **own}
        case "linear":
            own = {"linearConfiguration": {"stepPercent": float(steps[0]), "stepBakeTimeInMinutes": 0}}
            shift = {"strategy": "LINEAR", "bakeTimeInMinutes": 0, "deploymentCircuitBreaker": _NO_BREAKER, **own}
        case _:
            assert_never(strategy)
    return {**kept, **shift, "lifecycleHooks": paused("PRE_PRODUCTION_TRAFFIC_SHIFT")}


def way_back(strategy: Strategy, now: Mapping[str, Any]) -> dict[str, Any]:
    """The DeploymentConfiguration of a rollback: all requests at once, without a pause."""
    if strategy == "rolling":
        return configuration("rolling", (), now, 0)
    shift = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "deploymentCircuitBreaker": _NO_BREAKER}
    return {**_kept(now), **shift}


def _kept(now: Mapping[str, Any]) -> dict[str, Any]:
    """What a service's own configuration keeps: all but the members of strategies, and the pauses."""
    hooks = [one for one in now.get("lifecycleHooks", ()) if one.get("targetType") != "PAUSE"]
    return {**{name: value for name, value in now.items() if name not in _OF_STRATEGIES}, "lifecycleHooks": hooks}
