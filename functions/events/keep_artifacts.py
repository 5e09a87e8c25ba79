"""Once a day: keeps what a rollback or a build would need from the expiry of the artifacts bucket (I3, R4).

Objects expire by their age. What runs, what is the last known good and the programs of builds may be older than that.
They are written anew before, as the version that the gates judged.
"""

import logging
from datetime import timedelta
from typing import Any

from functions.adapters.artifacts import Artifacts
from functions.adapters.build_programs import BuildPrograms
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environment_names import EnvironmentNames
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.values import Value
from functions.handler import Handler

HANDLER = Handler(
    allow=(*EnvironmentsTable.READ, *DeploymentsTable.READ, *Artifacts.RENEW), timeout_seconds=300, memory_mb=512
)
# Of the 90 days after which objects expire (components/stack/storage.py): thirty runs have their chance.
RENEWED_AT = timedelta(days=60)
_LOG = logging.getLogger(__name__)


class Output(Value, frozen=True):
    """The keys that were written anew, and those that are needed and missing."""

    renewed: tuple[str, ...]
    missing: tuple[str, ...]


def keep_artifacts(
    event: dict[str, Any],  # noqa: ARG001 - a schedule's event contains nothing of use
    names: EnvironmentNames,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    artifacts: Artifacts,
    programs: BuildPrograms,
    clock: Clock,
) -> Output:
    """Write them anew, one after the other; a run that breaks off leaves the rest to the next one."""
    states = [state for name in names.names for state in environments.parts(name).values()]
    sources = {version.source for state in states for version in state.versions}
    built = {version.artifact for state in states for version in state.versions}
    versions = {key: deployments.judged_version(key) for key in built - {""}}
    versions |= dict.fromkeys((sources | set(programs.keys)) - {""}, "")
    renewed, missing = [], []
    for key, version in sorted(versions.items()):
        done = artifacts.renew(key, version, clock.now() - RENEWED_AT)
        if done == "missing":
            _LOG.warning("missing", extra={"key": key})
            missing.append(key)
        elif done == "renewed":
            renewed.append(key)
    return Output(tuple(renewed), tuple(missing))
