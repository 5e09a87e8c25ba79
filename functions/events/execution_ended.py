"""The end of an execution: what it could not say or give back itself is said and given back here (P9)."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.builds import Builds
from functions.adapters.bus import Bus
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import Wait, WaitsTable
from functions.deployment.conclude import announcement
from functions.domain.work_items import branch_key
from functions.entry import Allow, Room
from functions.stage.acquire_lock import lock_key

if TYPE_CHECKING:
    from functions.runtime import Clients


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


ROOM = Room(
    allow=(
        *LocksTable.WRITE,
        *WaitsTable.READ,
        *WaitsTable.WRITE,
        *DeploymentsTable.READ,
        *DeploymentsTable.WRITE,
        *Builds.STOP,
        *Bus.PUT,
        *Workflows.ROLL_BACK,
    ),
    timeout_seconds=60,
)


# The failures that a deployment ends with after it announced its outcome itself.
_TOLD = ("FailedClean", "FailedDirty")


def execution_ended(
    event: dict[str, Any],
    workflows: Workflows,
    executions: Executions,
    locks: LocksTable,
    waits: WaitsTable,
    deployments: DeploymentsTable,
    builds: Builds,
    bus: Bus,
) -> dict[str, list[str]]:
    """Every step may come twice: locks and waits end once, an outcome is written once."""
    detail = event["detail"]
    execution, machine, status = detail["executionArn"], detail["stateMachineArn"], detail["status"]
    done = _end_waits(execution, waits, builds)
    given = executions.input(execution)
    if machine == workflows.deployment:
        return {"done": done + _tell(detail["name"], status, detail.get("error"), deployments, bus)}
    if "item" in given:  # the poll, which this event wakes too, tells card and people
        key = branch_key(given["item"]["repository"], given["item"]["branch"])
        locks.release(key, execution)
        return {"done": [*done, f"released {key}"]}
    environment = given["environment"]
    locks.release(lock_key(environment["name"]), execution)
    done.append(f"released {lock_key(environment['name'])}")
    parent = given.get("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID", "")
    if machine == workflows.stage and not executions.is_running(parent):
        done += _go_back(given, detail["name"], status, executions, workflows, deployments)
    return {"done": done}


def _end_waits(execution: str, waits: WaitsTable, builds: Builds) -> list[str]:
    """Builds of a dead execution are stopped, its approvals void."""
    done = []
    for wait in waits.of_execution(execution):
        if wait.wait_key.startswith("build/"):
            builds.stop(wait.wait_key.removeprefix("build/"))
        if wait.wait_key.startswith("approval/"):
            _void(wait, waits)
        else:
            waits.forget(wait.wait_key)
        done.append(f"ended {wait.wait_key}")
    return done


def _void(wait: Wait, waits: WaitsTable) -> None:
    approval = waits.approval(wait.wait_key.removeprefix("approval/"))
    if approval and approval.state == "open":
        waits.decide(replace(approval, state="void", reason="the deployment that asked was stopped"))


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


def _go_back(
    given: dict[str, Any],
    name: str,
    status: str,
    executions: Executions,
    workflows: Workflows,
    deployments: DeploymentsTable,
) -> list[str]:
    """A stage that ended with nobody above it: what it had changed goes back in an execution of its own."""
    environment = given["environment"]["name"]
    touched = [c for c in deployments.ledger(given["deploymentId"]) if c.environment == environment]
    record = deployments.get(given["deploymentId"]) or {}
    if not touched or environment in record.get("stages", {}):
        return []
    keys = ("deploymentId", "release", "environment")
    payload = {key: given[key] for key in keys} | {
        "reason": f"the stage ended as {status}",
        "breachedAt": record.get("startedAt", ""),
    }
    executions.start(workflows.rollback, f"{name}-rollback-alone", payload)
    return [f"rolling back {environment}"]
