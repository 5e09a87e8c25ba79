"""The end of an execution: what it could not say or give back itself is said and given back here (P9).

Handlers and workflows end their own things on every way they know. What is left are executions that were stopped, timed
out or broke: from the console, by a limit, by a fault nobody foresaw.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.builds import Builds
from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.deployment.conclude import announcement
from functions.domain.environments import Freeze
from functions.domain.reconciliation import Ended
from functions.domain.releases import Release
from functions.domain.work_items import branch_key
from functions.handler import Allow, Handler, decode
from functions.procedures.waits import END, end_all
from functions.rollback import record_rollback

if TYPE_CHECKING:
    from functions.runtime import Clients

# The failures that a deployment ends with after it announced its outcome itself.
_TOLD = ("FailedClean", "FailedDirty")


class Workflows:
    """The ARNs of this stack's workflows."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("DEPLOYMENT_WORKFLOW", "STAGE_WORKFLOW", "ROLLBACK_WORKFLOW")
    ROLL_BACK: ClassVar[tuple[Allow, ...]] = (Allow(("states:StartExecution",), on="workflow/rollback"),)

    def __init__(self, deployment: str, stage: str, rollback: str) -> None:
        self.deployment = deployment
        self.stage = stage
        self.rollback = rollback

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Settings of this function."""
        return cls(*(aws.setting(name) for name in cls.SETTINGS))


HANDLER = Handler(
    allow=(
        *LocksTable.WRITE,
        *END,
        *DeploymentsTable.READ,
        *DeploymentsTable.WRITE,
        *EnvironmentsTable.WRITE,
        *Executions.STOP,
        *Bus.PUT,
        *EnvironmentsTable.WRITE,
        *Workflows.ROLL_BACK,
    ),
    timeout_seconds=60,
)


def execution_ended(
    event: dict[str, Any],
    workflows: Workflows,
    executions: Executions,
    locks: LocksTable,
    waits: WaitsTable,
    deployments: DeploymentsTable,
    environments: EnvironmentsTable,
    builds: Builds,
    bus: Bus,
    clock: Clock,
) -> dict[str, list[str]]:
    """Every step may come twice: locks and waits end once, an outcome is written once."""
    detail = event["detail"]
    execution, machine, name, status = (detail[k] for k in ("executionArn", "stateMachineArn", "name", "status"))
    done = end_all(execution, waits, builds)
    if machine == workflows.deployment:
        done += _end_stages(name, status, detail.get("error"), deployments, executions, workflows)
        done += _tell(name, status, detail.get("error"), deployments, bus)
    elif machine == workflows.stage:
        given = executions.input(execution)
        goes = _touched(given, deployments) and not _went_back(name, executions, workflows)
        back = _go_back(given, name, status, executions, workflows) if goes else []
        # The lock stays with its dead owner until the rollback takes it: nobody comes between.
        done += back or _release(given, execution, locks)
    elif machine == workflows.rollback:
        given = executions.input(execution)
        done += _freeze(given, executions.describe(execution), status, deployments, environments, bus, clock)
        done += _release(given, execution, locks)
    elif "item" in (given := executions.input(execution)):  # the poll, which this event wakes too, tells the card
        key = branch_key(given["item"]["repository"], given["item"]["branch"])
        locks.release(key, execution)
        done.append(f"released {key}")
    return {"done": done}


def _end_stages(
    deployment_id: str,
    status: str,
    error: str | None,
    deployments: DeploymentsTable,
    executions: Executions,
    workflows: Workflows,
) -> list[str]:
    """Stages of a stopped deployment are stopped; one that ended before, and left its way back to it, goes back.

    Where a deployment that spoke had started the way back, its end is final: restored, or frozen for a person.
    """
    planned = ((deployments.get(deployment_id) or {}).get("plan") or {}).get("stages", [])
    machine = workflows.stage.replace(":stateMachine:", ":execution:")
    done = []
    for name in (f"{deployment_id}-{stage['environment']}" for stage in planned):
        execution = f"{machine}:{name}"
        if executions.is_running(execution):
            executions.stop(execution, f"its deployment ended as {status}")
            done.append(f"stopped {execution}")
        elif (
            _has_failed(execution, executions)
            and _touched(executions.input(execution), deployments)
            and not (error in _TOLD and _went_back(name, executions, workflows))
        ):
            done += _go_back(executions.input(execution), name, status, executions, workflows)
    return done


def _went_back(stage: str, executions: Executions, workflows: Workflows) -> bool:
    """Whether a stage's deployment has started its way back."""
    return executions.named(workflows.rollback, f"{stage}-full-rollback") is not None


def _has_failed(execution: str, executions: Executions) -> bool:
    """A stage that came to its own end has told it to its deployment, also when it could not write it."""
    found = executions.describe(execution)
    return found is not None and found.status != "SUCCEEDED"


def _tell(deployment_id: str, status: str, error: str | None, deployments: DeploymentsTable, bus: Bus) -> list[str]:
    """A deployment that ended without its word: the word is written and announced, and noted once it was."""
    record = deployments.get(deployment_id) or {}
    if error in _TOLD or record.get("told"):
        return []
    outcome = {"ABORTED": "aborted", "TIMED_OUT": "timed out"}.get(status, "failed")
    stood = deployments.conclude(deployment_id, outcome, f"the execution ended as {status} before it could conclude")
    bus.put("DeploymentFinished", announcement(deployment_id, stood))
    deployments.note(deployment_id, told=True)
    return [f"told {stood['outcome']}"]


def _touched(given: dict[str, Any], deployments: DeploymentsTable) -> bool:
    """Whether a stage had begun to change its environment, and not said how that ended."""
    environment = given["environment"]["name"]
    record = deployments.get(given["deploymentId"]) or {}
    entries = any(c.environment == environment for c in deployments.ledger(given["deploymentId"]))
    return entries and environment not in record.get("stages", {})


def _go_back(given: dict[str, Any], name: str, status: str, executions: Executions, workflows: Workflows) -> list[str]:
    """What a stage had changed goes back in an execution of its own, unless its deployment lives and does it."""
    if executions.is_running(_parent(given)):
        return ["left to the deployment to roll back"]
    payload = {key: given[key] for key in ("deploymentId", "release", "environment")} | {
        "reason": f"the stage ended as {status}",
        "breachedAt": "",
    }
    rollback, started = executions.start(workflows.rollback, f"{name}-rollback-alone", payload)
    return [f"rolling back {given['environment']['name']}"] if started or executions.is_running(rollback) else []


def _release(given: dict[str, Any], execution: str, locks: LocksTable) -> list[str]:
    key = locks.key(given["environment"]["name"], given["release"]["repository"])
    locks.release(key, execution)
    return [f"released {key}"]


def _freeze(
    given: dict[str, Any],
    rollback: Ended | None,
    status: str,
    deployments: DeploymentsTable,
    environments: EnvironmentsTable,
    bus: Bus,
    clock: Clock,
) -> list[str]:
    """A rollback that ended without its word: the environment is unknown, and people know.

    Whoever waits for it goes on; where that is a stage, the full rollback that follows unfreezes what it restores.
    """
    name, deployment_id, now = given["environment"]["name"], given["deploymentId"], clock.text()
    facts = (deployments.get(deployment_id) or {}).get(f"rollback_{name}")
    # An end that was recorded before this rollback began was another one's.
    if facts and (rollback is None or facts["verifiedAt"] >= rollback.started):
        return []
    reason = f"the rollback of {deployment_id} ended as {status}: nobody knows how far it came"
    environments.freeze(name, Freeze(reason, f"rollback of {deployment_id}", now))
    ended = record_rollback.Output(
        deployment_id,
        decode(Release, given["release"]),
        name,
        "unknown",
        reason,
        given["reason"],
        given["breachedAt"] or now,
        now,
        now,
    )
    bus.put("RollbackFinished", ended)
    unknown = {"result": "unknown", "reason": reason, "cause": given["reason"], "verifiedAt": now}
    deployments.note(deployment_id, status="unknown", **{f"rollback_{name}": unknown})
    return [f"froze {name}"]


def _parent(given: dict[str, Any]) -> str:
    """The execution that started this one; empty when nobody did."""
    return str(given.get("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID", ""))
