"""How a service is deployed: limits and defaults of a DeploymentConfiguration.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html and the pages of its members;
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, Literal, get_args

from local.ecs import supported
from local.ecs.errors import InvalidParameterError

Record = dict[str, Any]
Strategy = Literal["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"]
PAUSABLE = frozenset(
    {
        "RECONCILE_SERVICE",
        "PRE_SCALE_UP",
        "POST_SCALE_UP",
        "POST_TEST_TRAFFIC_SHIFT",
        "PRE_PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
    }
)
LONGEST_PAUSE, USUAL_PAUSE, MOST_HOOKS, LONGEST_BAKE = 20_160, 1_440, 10, 1_440


@dataclass(frozen=True, slots=True)
class Step:
    """One shift of traffic: the percentage that meets the new revision then, and the minutes before the next step."""

    percent: float
    bake: float


@dataclass(frozen=True, slots=True)
class Configuration:
    """A checked configuration; `given` is what the API answers."""

    given: Record
    strategy: Strategy

    def hooks(self, stage: str) -> list[Record]:
        """The pause hooks of a lifecycle stage."""
        return [one for one in self.given.get("lifecycleHooks", ()) if stage in one["lifecycleStages"]]

    def steps(self) -> list[Step]:
        """The shifts of traffic to the new revision."""
        if self.strategy == "CANARY":
            own = self.given["canaryConfiguration"]
            return [Step(own["canaryPercent"], own["canaryBakeTimeInMinutes"]), Step(100, 0)]
        if self.strategy == "LINEAR":
            own = self.given["linearConfiguration"]
            by, bake = own["stepPercent"], own["stepBakeTimeInMinutes"]
            count = ceil(round(100 / by, 6))
            return [Step(min(100, by * number), bake if number < count else 0) for number in range(1, count + 1)]
        return [Step(100, 0)]

    @property
    def bake(self) -> float:
        """The minutes for which both revisions run after the last shift."""
        return float(self.given.get("bakeTimeInMinutes", 0))

    @property
    def breaker(self) -> Record:
        """The circuit breaker; {} if it is off."""
        own: Record = self.given.get("deploymentCircuitBreaker", {})
        return own if own.get("enable") else {}

    def threshold(self, desired: int) -> int:
        """How many failed tasks open the circuit breaker.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
        """
        own = self.breaker.get("thresholdConfiguration", {"type": "BOUNDED_PERCENT", "value": 50})
        share: int = max(1, ceil(desired * own["value"] / 100))
        match own["type"]:
            case "COUNT":
                return int(own["value"])
            case "UNBOUNDED_PERCENT":
                return share
            case _:
                return min(200, max(3, share))


def checked(given: Record, *, balanced: bool, shifts: bool) -> Configuration:
    """The configuration with its defaults. `balanced`: there is a load balancer, `shifts`: with two target groups."""
    supported.only(given, supported.CONFIGURATION, "deploymentConfiguration")
    strategy: Any = given.get("strategy", "ROLLING")
    if strategy not in get_args(Strategy):
        raise InvalidParameterError(f"strategy {strategy} is none of {', '.join(get_args(Strategy))}")
    made = {"strategy": strategy, "maximumPercent": 200, "minimumHealthyPercent": 100, **given}
    if strategy != "ROLLING":
        if not (balanced and shifts):
            raise InvalidParameterError(
                f"The deployment strategy {strategy} needs a load balancer with advancedConfiguration."
            )
        if given.get("deploymentCircuitBreaker", {}).get("enable"):
            raise InvalidParameterError("The deployment circuit breaker is for the strategy ROLLING only.")
        made.setdefault("bakeTimeInMinutes", 0)
        if strategy == "BLUE_GREEN" and "bakeTimeInMinutes" not in given:
            raise InvalidParameterError("bakeTimeInMinutes must be specified with the strategy BLUE_GREEN.")
    elif given.get("lifecycleHooks"):
        raise InvalidParameterError("lifecycleHooks of the strategy ROLLING are not supported by the embedded ECS")
    _range(made.get("bakeTimeInMinutes", 0), 0, LONGEST_BAKE, "bakeTimeInMinutes")
    for name, key, percent, bake, low in (
        ("CANARY", "canaryConfiguration", ("canaryPercent", 5.0), ("canaryBakeTimeInMinutes", 10), 0.1),
        ("LINEAR", "linearConfiguration", ("stepPercent", 10.0), ("stepBakeTimeInMinutes", 6), 3.0),
    ):
        if strategy == name:
            own = {percent[0]: percent[1], bake[0]: bake[1], **given.get(key, {})}
            _range(own[percent[0]], low, 100, percent[0])
            if round(own[percent[0]] * 10, 6) % 1:
                raise InvalidParameterError(f"{percent[0]} must be a multiple of 0.1")
            _range(own[bake[0]], 0, LONGEST_BAKE, bake[0])
            made[key] = own
        elif key in given:
            raise InvalidParameterError(f"{key} is for the strategy {name} only")
    made["lifecycleHooks"] = _hooks(given.get("lifecycleHooks", []))
    return Configuration(made, strategy)


def _hooks(given: list[Record]) -> list[Record]:
    if len(given) > MOST_HOOKS:
        raise InvalidParameterError(f"At most {MOST_HOOKS} pause hooks are allowed.")
    for one in given:
        if one.get("targetType", "AWS_LAMBDA") != "PAUSE":
            raise InvalidParameterError("lifecycleHooks: AWS_LAMBDA hooks are not supported by the embedded ECS")
        supported.only(one, supported.HOOK, "a PAUSE hook")
        wrong = sorted(set(one.get("lifecycleStages", ())) - PAUSABLE)
        if wrong or not one.get("lifecycleStages"):
            raise InvalidParameterError(f"PAUSE hooks can't be configured at {', '.join(wrong) or 'no stage'}")
        _range(one.get("timeoutConfiguration", {}).get("timeoutInMinutes", 1), 1, LONGEST_PAUSE, "timeoutInMinutes")
    return given


def _range(value: float, low: float, high: float, name: str) -> None:
    if not low <= value <= high:
        raise InvalidParameterError(f"{name} must be between {low} and {high}, it is {value}")
