"""A pause hook that a service deployment has reached.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_hook_state_change_events.html
"""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from local.ecs.configuration import USUAL_PAUSE
from local.ecs.context import clock, now

if TYPE_CHECKING:
    from local.ecs.context import Context

Record = dict[str, Any]
EVENTS = {"AWAITING_ACTION": "INFO", "SUCCEEDED": "INFO", "FAILED": "ERROR", "TIMED_OUT": "ERROR"}


class Hook:
    """Waits for ContinueServiceDeployment, or for its time-out; `action` is what was decided, "" before."""

    def __init__(self, stage: str, given: Record, second: float) -> None:
        timeout = given.get("timeoutConfiguration", {})
        seconds = timeout.get("timeoutInMinutes", USUAL_PAUSE) * 60 * second
        self.id = f"ecs-pause-{secrets.token_urlsafe(32)}"
        self.stage = stage
        self.status = "AWAITING_ACTION"
        self.action = ""
        self._timeout_action = timeout.get("action", "ROLLBACK")
        self._ends = time.monotonic() + seconds
        self._expires = now() + timedelta(seconds=seconds)

    def decide(self, action: str) -> None:
        """End the pause."""
        self.action = action
        self.status = "SUCCEEDED" if action == "CONTINUE" else "FAILED"

    def expire(self) -> bool:
        """Take the time-out's action when it is due; True if it was."""
        if self.status != "AWAITING_ACTION" or time.monotonic() < self._ends:
            return False
        self.action, self.status = self._timeout_action, "TIMED_OUT"
        return True

    def describe(self) -> Record:
        """The hook as DescribeServiceDeployments has it."""
        return {
            "hookId": self.id,
            "targetType": "PAUSE",
            "status": self.status,
            "expiresAt": self._expires,
            "timeoutAction": self._timeout_action,
        }

    def notify(self, context: Context, cluster: str, service: str, deployment: str) -> None:
        """Publish the hook's status; cluster, service and deployment are ARNs."""
        context.notify(
            "ECS Hook State Change",
            deployment,
            {
                "eventType": EVENTS[self.status],
                "eventName": f"HOOK_{self.status}",
                "hookId": self.id,
                "hookType": "PAUSE",
                "expiresAt": clock(self._expires),
                "lifecycleStage": self.stage,
                "clusterArn": cluster,
                "serviceArn": service,
                "serviceDeploymentArn": deployment,
                "updatedAt": clock(now()),
            },
        )
