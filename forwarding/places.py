"""The accounts and regions of a stack's environments, and the command that forwards their alarm events.

CloudWatch sends an alarm's event to the default event bus of the alarm's own account and region only
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from functions.domain.environments import Environment

ALARM_SOURCE, ALARM_EVENT = "aws.cloudwatch", "CloudWatch Alarm State Change"
# The rule that forwards, in the other account or region: `kiro-pipeline-{stack}-alarms`.
RULE = "alarms"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An AWS account and a region."""

    account: str
    region: str

    def __str__(self) -> str:
        return f"{self.account}-{self.region}"


def elsewhere(environments: Iterable[Environment], own: Place) -> Mapping[Place, list[str]]:
    """The names of the environments outside the stack's `own` account and region, by their account and region."""
    found: dict[Place, list[str]] = {}
    for one in environments:
        place = Place(one.account, one.region)
        if place != own:
            found.setdefault(place, []).append(one.name)
    return found


def receiving_rule(place: Place) -> str:
    """The rule on the stack's bus that receives the events of another place, without the stack's prefix."""
    return f"{RULE}-{place}"


def command(stack: str, place: Place, bus_arn: str) -> str:
    """The command that deploys the forwarding of a place, with credentials of its account."""
    return (
        f"pulumi -C forwarding stack select --create {stack}-{place} && pulumi -C forwarding up "
        f"--config aws:region={place.region} --config account={place.account} --config eventBusArn={bus_arn}"
    )
