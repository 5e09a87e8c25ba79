"""ReachEnvironment: the release has passed the environments before; it ends the waits of older ones here (P3, P14)."""

from typing import Literal

from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.events import StagePinned
from functions.domain.locks import Contender
from functions.domain.order import Mark, Order, is_newer
from functions.domain.plans import StagePlan, is_outdated, pins_of
from functions.domain.records import PlannedChange
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import Handler
from functions.procedures.entry import announce
from functions.procedures.locks import overtaken_by
from functions.procedures.older_releases import END_WAITS, end_waits
from functions.procedures.pins import kept_out


class Input(Value, frozen=True):
    """The deployment that reaches the environment of a stage of its plan; `execution` is its own.

    `source` and `artifact` are keys in the artifacts bucket, the second is "" if nothing was built.
    """

    deployment_id: str
    execution: str
    release: Release
    stage: StagePlan
    source: str
    artifact: str


class Output(Value, frozen=True):
    """What follows.

    `change`: the plan changes parts. `unchanged`: it changes nothing, and the release has passed. `superseded`: a newer
    release reached or passed the environment. `occupied`: an older release is changing parts that the plan leaves as
    they were: wait for it. `outdated`: since the plan was made, another release has changed such parts, or a part that
    it changes was pinned: plan again.
    """

    outcome: Literal["change", "unchanged", "superseded", "occupied", "outdated"]
    reason: str = ""


HANDLER = Handler(
    allow=(
        *EnvironmentsTable.WRITE,
        *DeploymentsTable.READ,
        *DeploymentsTable.WRITE,
        *Executions.READ,
        *LocksTable.WRITE,
        *END_WAITS,
        *Bus.PUT,
    ),
    timeout_seconds=50,
)


def reach_environment(
    event: Input,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    executions: Executions,
    locks: LocksTable,
    waits: WaitsTable,
    tokens: TaskTokens,
    bus: Bus,
    clock: Clock,
) -> Output:
    """Record that the release reached or passed the environment, end older waits, and compare the plan with it.

    What the stage will change is recorded, too: a stage begins only with that. The passage is written before the lock
    is read: an older release reads it after it has got the lock.
    """
    stage, release, order = event.stage, event.release, event.release.order
    where, repository = stage.environment.name, release.repository
    follows = Output("change" if stage.parts else "unchanged")
    if stage.parts:
        parts = tuple(chosen.part for chosen in stage.parts)
        planned = PlannedChange(
            parts, stage.gone, stage.after_deploy, event.source, event.artifact, stage.images, stage.descends_from
        )
        deployments.note(event.deployment_id, **{f"planned_{where}": planned})
        if kept_out(deployments.get(event.deployment_id), where, environments):
            return Output("outdated")
    if order is None:  # begun before the platform recorded orders
        return follows
    newer = overtaken_by(repository, order, where, environments, executions)
    if newer:
        return Output("superseded", newer)
    pinned = pins_of((stage,))
    # What a pin keeps out has not passed: it takes the place of no older release, and the next one may need it.
    if (stage.parts or not pinned) and not (stage.parts and locks.keeps_all):
        mark = Mark(order, event.deployment_id, release.commit, event.execution)
        environments.note_passage(where, repository, mark, "arrived" if stage.parts else "passed")
        end_waits(where, repository, mark, waits, locks, tokens)
    owner = locks.read(locks.key(where, repository)).owner
    if owner and executions.is_running(owner.execution) and _comes_before(owner, repository, order):
        others = _planned(owner, where, deployments) - {chosen.part.name for chosen in stage.parts}
        if others:
            return Output("occupied", f"{owner.deployment_id} is changing {', '.join(sorted(others))} in {where}")
    if is_outdated(stage, environments.parts(where), repository):
        return Output("outdated")
    if pinned:
        announce(StagePinned(event.deployment_id, release, where, pinned, clock.text()), bus)
    record = None if stage.parts else deployments.get(event.deployment_id)
    # An image that is left out here was proved here before, or a later one of its service is here.
    if record and record.is_whole_in(where) and not release.images:
        deployments.note_passed(where, release, event.deployment_id)
    return follows


def _comes_before(owner: Contender, repository: str, order: Order) -> bool:
    """Whether the owner of the lock is a release that this one replaces: an older one, or one of another branch."""
    if owner.repository != repository or owner.rollback:
        return False
    beside = owner.order is not None and owner.order.branch and not owner.order.services and not order.branch
    return is_newer(order, owner.order) or bool(beside)


def _planned(owner: Contender, environment: str, deployments: DeploymentsTable) -> set[str]:
    """The parts that the owner of the lock changes in the environment, according to its record."""
    record = deployments.get(owner.deployment_id)
    stages = record.plan.stages if record and record.plan else ()
    return {part for stage in stages if stage.environment == environment for part in stage.parts}
