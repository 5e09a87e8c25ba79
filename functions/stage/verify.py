"""Verify: every service of the environment answers as what was just put there."""

from dataclasses import dataclass, field

from functions.adapters.environment_health import EnvironmentHealth
from functions.domain.environments import Environment
from functions.domain.errors import NotHealthyYetError
from functions.domain.watches import Probe
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """The environment that was changed; `gone` are parts that the release leaves behind."""

    deployment_id: str
    environment: Environment
    gone: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Output:
    """What was asked, and that it was well."""

    probes: tuple[Probe, ...]


HANDLER = Handler(allow=EnvironmentHealth.READ, timeout_seconds=50)


def verify(event: Input, health: EnvironmentHealth) -> Output:
    """NotHealthyYetError names what is not well; the workflow looks again a few times."""
    probes = health.probes(event.environment, event.gone)
    sick = [probe for probe in probes if not probe.healthy]
    if sick:
        raise NotHealthyYetError("; ".join(f"{probe.part}: {probe.reason}" for probe in sick))
    return Output(probes)
