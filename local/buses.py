"""Event buses of several accounts and regions: clients for each, and who may send to a bus.

EventBridge delivers to a bus in another account or region with the role of the target. A bus in another account must
admit that account in its policy, too:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html and eb-cross-region.html
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator

from local.clients import Clients

Record = dict[str, Any]


@dataclass(frozen=True)
class Bus:
    """One event bus."""

    account: str
    region: str
    name: str = "default"

    @classmethod
    def of(cls, arn: str) -> Bus:
        """The bus of an ARN."""
        _, _, _, region, account, resource = arn.split(":", 5)
        return cls(account, region, resource.removeprefix("event-bus/"))

    @property
    def arn(self) -> str:
        """The ARN of the bus."""
        return f"arn:aws:events:{self.region}:{self.account}:event-bus/{self.name}"


class Buses:
    """The buses of an emulator; `home` are clients of its own account."""

    def __init__(self, home: Clients) -> None:
        self._home = home
        self._account = str(home.client("sts").get_caller_identity()["Account"])
        self._clients: dict[tuple[str, str], Clients] = {(self._account, home.region): home}
        self._lock = threading.Lock()

    def clients(self, account: str, region: str) -> Clients:
        """The clients of an account and region."""
        with self._lock:
            if (account, region) not in self._clients:
                other = "" if account == self._account else account
                self._clients[account, region] = Clients(self._home.endpoint, region, account=other)
            return self._clients[account, region]

    def close(self) -> None:
        """Close the clients of other accounts and regions."""
        for clients in self._clients.values():
            if clients is not self._home:
                clients.close()

    def require_access(self, source: Bus, target: Record, event: Record) -> None:
        """Raise ClientError or ValueError unless EventBridge may deliver an event of one bus to the bus of a target."""
        to, role = Bus.of(target["Arn"]), target.get("RoleArn", "")
        if (to.account, to.region) == (source.account, source.region):
            return
        self._put(source, role, to, event)
        if to.account != source.account and not admitted(self._policy(to), to, role, event):
            raise ValueError(f"the policy of {to.arn} does not admit this event of {role}")

    def _put(self, source: Bus, role: str, to: Bus, event: Record) -> None:
        """Put the event under the role: if it may not, the emulator raises AccessDeniedException.

        Like AWS, the emulator then refuses an entry with a source of AWS's own, so that nothing arrives twice.
        """
        sender = self.clients(source.account, to.region)
        taken = sender.client("sts").assume_role(RoleArn=role, RoleSessionName="eventbridge")["Credentials"]
        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
            "EventBusName": to.arn,
        }
        acting = sender.acting_as(taken)
        acting.client("events").put_events(Entries=[entry])
        acting.close()

    def _policy(self, bus: Bus) -> str | None:
        policy: str | None = (
            self.clients(bus.account, bus.region).client("events").describe_event_bus(Name=bus.name).get("Policy")
        )
        return policy


def admitted(policy: str | None, to: Bus, role: str, event: Record) -> bool:
    """Whether the policy of a bus (JSON) lets a role of another account put an event to it."""
    context = iam_evaluator.EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=role.split(":")[4],
        action="events:PutEvents",
        resource_arn=to.arn,
        region=to.region,
        service_context={"events:source": event["source"], "events:detail-type": event["detail-type"]},
    )
    return bool(iam_evaluator.evaluate_resource_policy(policy, context).decision == "Allow")
