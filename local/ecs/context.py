"""What all parts of the endpoint share: the account, the clock, images, processes' folder and events."""

from __future__ import annotations

import secrets
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local.ecs.images import Images

Record = dict[str, Any]


@dataclass
class Context:
    """One account in one region.

    `second` is how long a second of AWS's times (bake times, intervals, grace periods) lasts here. Calls and the
    scheduler hold `lock` while they read or change anything.
    """

    region: str
    account: str
    images: Images
    root: Path
    publish: Callable[[Record], None]
    second: float
    lock: threading.RLock = field(default_factory=threading.RLock)

    def arn(self, resource: str) -> str:
        """The ARN of a resource such as `service/shop/api`."""
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"

    def notify(self, detail_type: str, resource: str, detail: Record) -> None:
        """Publish an event of ECS about a resource (an ARN)."""
        self.publish(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": detail_type,
                "source": "aws.ecs",
                "account": self.account,
                "time": clock(now()),
                "region": self.region,
                "resources": [resource],
                "detail": detail,
            }
        )


def now() -> datetime:
    """The time of a change."""
    return datetime.now(UTC)


def clock(at: datetime) -> str:
    """A time as events have it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id() -> str:
    """The id of a task, a revision or a deployment: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def short(name: str) -> str:
    """The last part of an ARN, or a name as it is."""
    return name.rpartition("/")[2]
