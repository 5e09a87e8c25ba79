"""CheckEvidence: whether the release has the evidence that the environment demands, or waits for it (G6).

It runs before windows and approvals are read, and again after each wait: a release that was rolled back in the
environment before, while it waited for a person, does not go on.
"""

from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.workflows import EnhancedWatches
from functions.domain.environments import Environment
from functions.domain.errors import NotRecordedError
from functions.domain.events import StageHeld
from functions.domain.evidence import Entry, Former, Witness, needs_evidence, verdict
from functions.domain.manifests import own_name
from functions.domain.records import DeploymentRecord
from functions.domain.releases import Release
from functions.domain.soaks import Watched
from functions.domain.values import Value
from functions.domain.waiting import for_soak
from functions.handler import Handler
from functions.procedures.entry import SHOW, show


class Input(Value, frozen=True):
    """The environment to enter, and all environments of the stack in their order."""

    deployment_id: str
    release: Release
    environment: Environment
    environments: tuple[Environment, ...]


HANDLER = Handler(allow=(*DeploymentsTable.READ, *EnvironmentsTable.READ, *Executions.READ, *SHOW))


def check_evidence(
    event: Input,
    deployments: DeploymentsTable,
    environments: EnvironmentsTable,
    executions: Executions,
    enhanced: EnhancedWatches,
    bus: Bus,
    clock: Clock,
) -> Entry:
    """Compare the verdicts in the records with the demands; a soak that is not over is shown as a wait."""
    record, name = deployments.get(event.deployment_id), event.environment.name
    if record is None:
        raise NotRecordedError(f"{event.deployment_id}: there is no record of such a deployment")
    before = _before(event, record, deployments, environments)

    def witness(deployment_id: str, where: Environment) -> Witness:
        found = record if deployment_id == record.deployment_id else deployments.get(deployment_id)
        watched = executions.describe(enhanced.of(deployment_id, where.name)) if where.soak_minutes else None
        return Witness(
            deployment_id, found, Watched(watched.status, watched.started, watched.ended) if watched else None
        )

    known = None
    if before:
        where, ids, unproven = before
        known = Former(where, tuple(witness(one, where) for one in ids), unproven)
    entry = verdict(event.environment, record, known, clock.now())
    if entry.outcome == "soaking":
        soak = for_soak(name, entry.reason, entry.until)
        held = StageHeld(event.deployment_id, event.release, name, soak.text, clock.text(), soak.whom, soak.next)
        show(held, "waiting for a soak", deployments, bus)
    return entry


def _before(
    event: Input, record: DeploymentRecord, deployments: DeploymentsTable, environments: EnvironmentsTable
) -> tuple[Environment, tuple[str, ...], tuple[str, ...]] | None:
    """The environment that the release passed before, the deployments its parts came from, and unproven parts."""
    walked = {stage.environment for stage in record.plan.stages} if record.plan else set()
    passed = deployments.passed(event.release.repository, event.release.commit)
    names = [one.name for one in event.environments]
    earlier = event.environments[: names.index(event.environment.name)]
    where = next((one for one in reversed(earlier) if one.name in walked or one.name in passed), None)
    if where is None or not needs_evidence(where):
        return None
    ids, changed, unproven = list[str](), set[str](), list[str]()
    own = record.stages.get(where.name)
    if own and own.result == "passed":
        ids.append(record.deployment_id)
        changed = {part.name for part in record.planned[where.name].parts}
    rest = [part.name for part in record.planned[event.environment.name].parts if part.name not in changed]
    if rest and where.name not in walked:  # a newer release runs there since, and this one is not entered again
        ids.append(passed[where.name])
    elif rest:
        states = environments.parts(where.name)
        for part in rest:
            good = states[part].good if part in states else None
            # an image that was proved there before is not deployed there again, and another one may run by now
            proof = _proof(event.release, part, where.name, deployments) or (good.deployment_id if good else "")
            if proof:
                ids.append(proof)
            else:
                unproven.append(part)
    return where, tuple(dict.fromkeys(ids)), tuple(unproven)


def _proof(release: Release, part: str, where: str, deployments: DeploymentsTable) -> str:
    """The deployment whose watch the release's image of a part passed in an environment; "" without one."""
    image = release.images.get(own_name(part))
    proved = deployments.passed(release.repository, f"{own_name(part)}@{image.digest}") if image else {}
    return proved.get(where, "")
