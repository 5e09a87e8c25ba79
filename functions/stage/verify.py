"""Verify: every service of the environment is healthy and answers with the expected commit."""

from dataclasses import dataclass, field

from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Environment
from functions.domain.errors import NotHealthyYetError
from functions.domain.watches import Probe
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """The environment that was changed; `gone` are parts that the manifest no longer names."""

    deployment_id: str
    environment: Environment
    gone: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Output:
    """The probes, all healthy."""

    probes: tuple[Probe, ...]


HANDLER = Handler(allow=EnvironmentsTable.READ, timeout_seconds=50)


def verify(event: Input, health: EnvironmentHealth) -> Output:
    """Probe the services; raises NotHealthyYetError, which the workflow retries, with the reasons."""
    probes = health.probes(event.environment, event.gone)
    unhealthy = [probe for probe in probes if not probe.healthy]
    if unhealthy:
        raise NotHealthyYetError("; ".join(f"{probe.part}: {probe.reason}" for probe in unhealthy))
    return Output(probes)
