"""Everything that runs is ended, so that the stack can be taken down: `pulumi destroy` waits for executions."""

import time

from cli.aws.operator import Operator
from cli.facts import Facts
from functions.domain.reconciliation import Ended

# What is started by the end of another execution is started within this many looks, two seconds apart.
_QUIET_LOOKS = 8
_LOOK_SECONDS = 2.0


def stop_all(aws: Operator, reason: str) -> Facts:
    """Stop every execution but rollbacks, which are waited for: stopped half-way, an environment would be unknown.

    A stage that is stopped has changed something, and its rollback is then started by an event. Ends when nothing has
    run for some looks.
    """
    cause = f"stopped by {aws.who}: {reason}"
    stopped: dict[str, None] = {}
    ended: dict[str, None] = {}
    quiet = 0
    while quiet < _QUIET_LOOKS:
        running = [one for workflow in aws.workflows.values() for one in aws.executions.newest(workflow, "RUNNING")]
        for one in running:
            if one.workflow == aws.workflows["rollback"]:
                ended[_short(one)] = None
            else:
                aws.executions.stop(one.execution, cause)
                stopped[_short(one)] = None
        quiet = 0 if running else quiet + 1
        time.sleep(_LOOK_SECONDS)
    return {"stopped": list(stopped), "rolledBack": list(ended)}


def _short(one: Ended) -> str:
    """`kiro-pipeline-test-deployment:main-1a2b3c4d5e6f`."""
    return one.execution.split(":execution:")[-1]
