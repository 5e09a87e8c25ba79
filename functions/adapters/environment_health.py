"""Reads the alarms of an environment and probes its services."""

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, ClassVar, Self, assert_never

from functions.adapters.alarms import Alarms
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.health import HealthProbe, Target
from functions.domain.environments import Environment, PartState, outputs_of, watched
from functions.domain.errors import ManifestError
from functions.domain.manifests import Health, Part, fill
from functions.domain.watches import AlarmChange, AlarmReading, CloudWatch, Monitor, Probe
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


class EnvironmentHealth:
    """Alarms are those of the environment, which belong to no repository, and of the parts recorded as running there.

    With a `repository`, parts of other repositories are left out: their alarms decide about their own releases. ""
    stands for all repositories. `without` names parts to leave out, such as those that a release no longer has.
    `paused` is a part whose rollout is paused, as the release defines it: its alarms count beside those of the version
    before.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = EnvironmentsTable.SETTINGS
    READ: ClassVar[tuple[Allow, ...]] = (*EnvironmentsTable.READ, *Alarms.READ)

    def __init__(self, environments: EnvironmentsTable, alarms: Alarms, health: HealthProbe) -> None:
        self._environments = environments
        self._alarms = alarms
        self._health = health

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The environments of this stack."""
        return cls(EnvironmentsTable.connect(aws), Alarms.connect(aws), HealthProbe.connect(aws))

    def concerns(
        self,
        change: AlarmChange,
        environment: Environment,
        repository: str,
        without: Container[str] = (),
        paused: Part | None = None,
    ) -> bool:
        """Whether the event is of one of these alarms.

        Names are unique in one account and region of CloudWatch, and among the monitors of one environment.
        """
        match change.origin:
            case CloudWatch(account, region):
                critical, warning = self.alarm_names(environment, repository, without, paused)
                here = (account, region) == (environment.account, environment.region)
                return here and change.name in (*critical, *warning)
            case Monitor(name):
                reported = self._environments.outside_alarms(environment.name)
                return name == environment.name and change.name in {alarm.name for alarm in reported}
            case _:
                assert_never(change.origin)

    def alarm_names(
        self, environment: Environment, repository: str, without: Container[str] = (), paused: Part | None = None
    ) -> tuple[list[str], list[str]]:
        """The names of critical and of warning alarms in CloudWatch: of the environment and of its parts."""
        critical, warning = list(environment.critical_alarms), list(environment.warning_alarms)
        states = self._environments.parts(environment.name).values()
        recorded = [
            state.definition
            for state in states
            if state.definition and state.part not in without and watched(state, repository)
        ]
        for part in (*recorded, *([paused] if paused else [])):
            critical += self._filled(environment, part, part.critical_alarms)
            warning += self._filled(environment, part, part.warning_alarms)
        return sorted(set(critical)), sorted(set(warning))

    def alarms(
        self, environment: Environment, repository: str, without: Container[str] = (), paused: Part | None = None
    ) -> tuple[AlarmReading, ...]:
        """The current state of each of these alarms, those of monitors outside AWS included."""
        outside = (alarm.reading for alarm in self._environments.outside_alarms(environment.name))
        return (*self._alarms.read(environment, *self.alarm_names(environment, repository, without, paused)), *outside)

    def probes(self, environment: Environment, without: Container[str] = ()) -> tuple[Probe, ...]:
        """Probes every service of the environment; it must answer as the running commit, if that is known.

        In a rollout it is not: the part is in doubt, and its requests meet two versions. Nor is it of an image that a
        request named: it is of another repository, and ECS says that its digest runs.
        """
        states = self._environments.parts(environment.name)
        wanted = [
            _target(environment, state, health, outputs_of(state.part, states.values()))
            for state, health in _with_health(states.values())
            if state.part not in without
        ]
        wrong = [one for one in wanted if isinstance(one, Probe)]
        return (*wrong, *self._health.probe([one for one in wanted if isinstance(one, Target)]))

    def _filled(self, environment: Environment, part: Part, names: list[str]) -> list[str]:
        return [fill(name, environment.fill_values, f"{part.name}: alarms") for name in names]


def _target(environment: Environment, state: PartState, health: Health, outputs: dict[str, str]) -> Target | Probe:
    """The service to probe; an unhealthy probe if its URL can't be filled in."""
    values = {**outputs, **environment.fill_values}
    try:
        url = fill(health.url, values, f"services.{state.part}.health.url")
    except ManifestError as error:
        return Probe(state.part, healthy=False, reason=str(error))
    running = None if state.in_doubt or (state.running and state.running.image) else state.running
    known = running.commit if running else ""
    return Target(state.part, url, known or None, health.version_field)


def _with_health(states: Iterable[PartState]) -> Iterable[tuple[PartState, Health]]:
    return ((s, s.definition.health) for s in states if s.running and s.definition and s.definition.health)
