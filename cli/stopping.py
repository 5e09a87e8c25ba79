"""Stops all executions of a stack, so that it can be destroyed: `pulumi destroy` waits for running executions."""

import time

import typer

from cli.aws.operator import Operator
from cli.facts import Facts
from cli.output import Form, Output
from cli.session import Reason, Yes, confirm, do
from functions.domain.reconciliation import Ended

# The end of an execution may start another one, which happens within this many queries, two seconds apart.
_IDLE_QUERIES = 8
_QUERY_SECONDS = 2.0


def stop_all(context: typer.Context, reason: Reason, yes: Yes = False, output: Output = Form.TABLE) -> None:
    """Stop all executions and wait for rollbacks. Run it before `pulumi destroy`, which waits for executions."""
    confirm(context, "stop all executions", lambda aws: [*aws.environments], output, yes=yes)
    do(context, lambda aws: _stop(aws, reason), _stopped, output)


def _stopped(done: Facts) -> str:
    lines = [f"stopped {one}" for one in done["stopped"]] + [f"{one} has ended" for one in done["rolledBack"]]
    return "\n".join([*lines, "no execution runs any more"])


def _stop(aws: Operator, reason: str) -> Facts:
    """Stop all executions except rollbacks, and wait for those: a stopped rollback leaves its environment unknown.

    If a stopped stage has changed something, an event starts its rollback. Therefore the command returns only when
    several queries in a row have found no running execution.
    """
    cause = f"stopped by {aws.who}: {reason}"
    stopped: dict[str, None] = {}
    ended: dict[str, None] = {}
    idle = 0
    while idle < _IDLE_QUERIES:
        running = [one for workflow in aws.workflows.values() for one in aws.executions.newest(workflow, "RUNNING")]
        for one in running:
            if one.workflow == aws.workflows["rollback"]:
                ended[_short(one)] = None
            else:
                aws.executions.stop(one.execution, cause)
                stopped[_short(one)] = None
        idle = 0 if running else idle + 1
        time.sleep(_QUERY_SECONDS)
    return {"stopped": list(stopped), "rolledBack": list(ended)}


def _short(one: Ended) -> str:
    """Workflow and name, such as `kiro-pipeline-test-deployment:main-81c0b2a3-1a2b3c4d5e6f`."""
    return one.execution.split(":execution:")[-1]
