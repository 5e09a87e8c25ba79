"""A rollback that a person asks for, by the command `kiro-worker rollback` or by a `repository_dispatch` (R7).

A whole release goes back by its own ledger. Named parts, or a named version, go back by a ledger that is written here
([decision 007](../../docs/decisions/007-an-operators-rollback-is-a-ledger.md)).
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from functions.adapters import definitions
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions, execution_arn
from functions.adapters.workflows import Workflows
from functions.domain.environments import Environment, PartState, Version
from functions.domain.errors import BadInputError
from functions.domain.releases import Release
from functions.domain.requests import RollbackRequest
from functions.domain.rollback import Compensation
from functions.domain.values import Value

if TYPE_CHECKING:
    from functions.runtime import Clients

# How many records an error searches for versions to name.
_MOST_NAMED = 200


class StartedRollback(Value, frozen=True):
    """A rollback that was started: its execution (an ARN), the deployment whose ledger it uses, and its entries."""

    execution: str
    ledger_of: str
    back: tuple[Compensation, ...]


class Rollbacks(Value, frozen=True):
    """The adapters that a rollback needs; `workflow` is an ARN.

    `places` are the environments whose records are read: those of the stack, and perhaps former ones.
    """

    environments: Sequence[Environment]
    places: Iterable[str]
    workflow: str
    running: EnvironmentsTable
    deployments: DeploymentsTable
    executions: Executions
    clock: Clock

    def start(self, wanted: RollbackRequest, name: str) -> StartedRollback:
        """Start the rollback of this name; what can't be rolled back is a BadInputError with the next step."""
        environment = next((one for one in self.environments if one.name == wanted.environment), None)
        if environment is None:
            known = ", ".join(one.name for one in self.environments)
            raise BadInputError(f"the stack has no environment {wanted.environment!r}; there are {known}")
        states = self._states(wanted)
        wanted = replace(wanted, part=full_name(wanted.part, states))
        if wanted.part and wanted.part not in states:
            raise BadInputError(
                f"{environment.name} has no part {wanted.part!r}; there are {', '.join(sorted(states))}"
            )
        chosen = [states[wanted.part]] if wanted.part else list(states.values())
        undone = wanted.deployment or _last(chosen)
        reason = f"requested by {wanted.by}" + (f": {wanted.reason}" if wanted.reason else "")
        if wanted.part or wanted.to:
            known_release = self._release(undone)
            ours = [
                one
                for one in chosen
                if not known_release or (one.running and one.running.is_of(known_release.repository))
            ]
            steps = self._steps(ours, wanted, undone)
            release = known_release or Release("", "", steps[0][0].running.commit if steps[0][0].running else "")
            self._write_ledger(name, release, steps, reason, "dispatch" if wanted.repository else "operator")
            ledger_of = name
        else:
            release = self._own_ledger(environment.name, undone)
            ledger_of = undone
        payload = {
            "deploymentId": ledger_of,
            "release": release,
            "environment": environment,
            "reason": reason,
            "breachedAt": self.clock.text(),
            "agreed": True,
        }
        execution, _ = self.executions.start(self.workflow, name, payload)
        entries = (entry for entry in self.deployments.ledger(ledger_of) if entry.environment == environment.name)
        return StartedRollback(execution, ledger_of, tuple(sorted(entries, key=lambda one: -one.order)))

    def _states(self, wanted: RollbackRequest) -> dict[str, PartState]:
        """The parts that run in the environment: all, or those of the repository that asks."""
        states = {name: one for name, one in self.running.parts(wanted.environment).items() if one.running}
        if wanted.repository:
            states = {name: one for name, one in states.items() if one.running and one.running.is_of(wanted.repository)}
        if not states:
            whose = f" of {wanted.repository}" if wanted.repository else ""
            raise BadInputError(f"nothing{whose} runs in {wanted.environment}: there is nothing to roll back")
        return states

    def _own_ledger(self, environment: str, deployment_id: str) -> Release:
        """The release of a deployment; a BadInputError if its ledger has no entry of this environment."""
        release = self._release(deployment_id)
        if release is None:
            raise BadInputError(f"no deployment is called {deployment_id!r}; `kiro-worker history` lists them")
        if not any(entry.environment == environment for entry in self.deployments.ledger(deployment_id)):
            raise BadInputError(f"{deployment_id} changed nothing in {environment}; name the commit to go back to")
        return release

    def _steps(self, states: list[PartState], wanted: RollbackRequest, undone: str) -> list[tuple[PartState, Version]]:
        """Each part with its version to restore: the named one, else its last known good, else the one before."""
        # Where something else runs than what is recorded, going back to the record is a change, too.
        drifts = self.running.drifts(wanted.environment)
        named = self._named(states, wanted, drifts) if wanted.to else {}
        found: list[tuple[PartState, Version]] = []
        for state in states:
            if wanted.to:
                fits = named[state.part]
            elif state.good and not state.proven:
                fits = [state.good]
            else:
                mine = [e for e in self.deployments.ledger(undone) if e.environment == wanted.environment]
                fits = [e.before for e in mine if e.part.name == state.part and e.before]
            target = max(fits, key=lambda version: version.at, default=None)
            if target and (state.in_doubt or state.part in drifts or target != state.running):
                found.append((state, target))
        if not found:
            newest = islice(self.deployments.newest(self.places), _MOST_NAMED)
            ledgers = (entry for record in newest for entry in record.ledger.values())
            before = [entry.before for entry in ledgers if entry.environment == wanted.environment and entry.before]
            ran = sorted({version.label for version in before if version.label})
            what = f"no version of {wanted.to} ran" if wanted.to else "there is no version to go back to"
            raise BadInputError(f"{what} in {wanted.environment}; known: {', '.join(ran) or 'none'}")
        return found

    def _named(
        self, states: list[PartState], wanted: RollbackRequest, drifts: Collection[str]
    ) -> dict[str, list[Version]]:
        """The versions of each part that `wanted.to` names: its last known good, and those of ledgers.

        Records are read newest first, until each part has one. A tag may be delivered before or after its commit ran.
        """
        names, fits = [wanted.to], {state.part: list[Version]() for state in states}
        others: dict[str, list[tuple[str, Version]]] = {}

        def sort_in(part: str, version: Version) -> None:
            if _is_named(version, names):
                fits[part].append(version)
            elif not version.image:
                others.setdefault(version.commit, []).append((part, version))

        for state in states:
            if state.good:
                sort_in(state.part, state.good)
            if state.running and state.part in drifts:
                sort_in(state.part, state.running)
        for record in self.deployments.newest(self.places):
            if all(fits.values()):
                break
            if record.release and record.release.ref == f"refs/tags/{wanted.to}":
                names.append(record.release.commit)
                for part, version in others.pop(record.release.commit, []):
                    fits[part].append(version)
            for entry in record.ledger.values():
                if entry.environment == wanted.environment and entry.part.name in fits and entry.before:
                    sort_in(entry.part.name, entry.before)
        return fits

    def _write_ledger(
        self, name: str, release: Release, steps: list[tuple[PartState, Version]], reason: str, trigger: str
    ) -> None:
        """Write a record with the ledger; it is concluded at once, because the rollback records its own end."""
        self.deployments.begin(name, release, execution_arn(self.workflow, name), trigger)
        # Undone in reverse: services go back before the infrastructure they run on.
        ordered = sorted(steps, key=lambda step: not step[0].part.endswith("/infrastructure"))
        for order, (state, target) in enumerate(ordered):
            if state.definition is None:
                raise BadInputError(f"{state.part} has no recorded definition; deploy the wanted commit instead")
            at = self.clock.text()
            entry = Compensation(
                state.environment, order, state.definition, target, state.definition, at, state.running
            )
            self.deployments.write_ledger(name, entry)
        self.deployments.conclude(name, "rollback", reason)

    def _release(self, deployment_id: str) -> Release | None:
        record = self.deployments.get(deployment_id)
        return record.release if record else None


def start_rollback(aws: "Clients", wanted: RollbackRequest, name: str) -> StartedRollback:
    """Start the rollback of this name with the clients of a function."""
    workflows = Workflows.connect(aws)
    environments, _ = definitions.carried(aws, workflows.deployment)
    rollbacks = Rollbacks(
        environments,
        [one.name for one in environments],
        workflows.rollback,
        EnvironmentsTable.connect(aws),
        DeploymentsTable.connect(aws),
        Executions.connect(aws),
        Clock.connect(aws),
    )
    return rollbacks.start(wanted, name)


def full_name(given: str, names: Collection[str]) -> str:
    """The full name of a part; `hello` is enough where only one repository has a part of that name."""
    matching = [name for name in names if name.endswith(f"/{given}")]
    return matching[0] if given and len(matching) == 1 else given


def _last(states: list[PartState]) -> str:
    """The deployment that changed an environment last; one that began a change and recorded no end has precedence."""
    doubts = sorted(state.in_doubt for state in states if state.in_doubt)
    return doubts[0] if doubts else max((s.running.at, s.running.deployment_id) for s in states if s.running)[1]


def _is_named(version: Version, names: Sequence[str]) -> bool:
    """Whether a person means this version: by the tag or digest of its image, else by the beginning of its commit."""
    if version.image:
        return names[0] in (version.image.tag, version.image.digest)
    return bool(version.commit) and version.commit.startswith(tuple(names))
