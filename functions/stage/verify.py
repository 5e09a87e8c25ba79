"""Verify: every service of the release is healthy and answers with the expected commit."""

from typing import Literal

from msgspec import field

from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Environment
from functions.domain.values import Value
from functions.domain.watches import Sampling, judge_health
from functions.handler import Handler


class Input(Value, frozen=True):
    """The environment that was changed; `gone` are parts that the manifest no longer names.

    `own` is the name in the release's manifest: its parts decide, unhealthy parts of other manifests are only named.
    """

    deployment_id: str
    environment: Environment
    gone: list[str] = field(default_factory=list)
    own: str = ""


class Output(Value, frozen=True):
    """`unhealthy`: the workflow verifies again, because a service may start slowly; the reason names the services."""

    outcome: Literal["healthy", "unhealthy"]
    reason: str


HANDLER = Handler(allow=EnvironmentsTable.READ, timeout_seconds=50)


def verify(event: Input, health: EnvironmentHealth) -> Output:
    """Probe the services once."""
    probes = health.probes(event.environment, event.gone)
    return Output(*judge_health(probes, Sampling(event.own)))
