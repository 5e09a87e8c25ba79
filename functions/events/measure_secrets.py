"""Twice a day: publish the age of each secret's value (O3).

The alarm's period is a day, so one of the two measurements may be lost.
"""

from typing import Any

from functions.adapters.clock import Clock
from functions.adapters.metrics import Metrics
from functions.adapters.secrets import SecretVersions
from functions.handler import Handler

HANDLER = Handler(allow=SecretVersions.LIST)


def measure_secrets(
    event: dict[str, Any],  # noqa: ARG001 - a schedule's event contains nothing of use
    secrets: SecretVersions,
    metrics: Metrics,
    clock: Clock,
) -> dict[str, int]:
    """Publish and return the age of each value by secret, in whole days; secrets without a value are left out."""
    now = clock.now()
    ages = {name: (now - since).days for name, since in secrets.current()}
    for name, days in ages.items():
        metrics.count("SecretAgeDays", days, secret=name)
    return ages
