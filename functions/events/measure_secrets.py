"""Twice a day: how old is what each secret holds (O3)?

CloudWatch looks at a day at a time; of two measurements in a day one may be lost.
"""

from typing import Any

from functions.adapters.clock import Clock
from functions.adapters.metrics import Metrics
from functions.adapters.secrets import SecretVersions
from functions.handler import Handler

HANDLER = Handler(allow=SecretVersions.LIST)


def measure_secrets(
    event: dict[str, Any],  # noqa: ARG001 - a schedule says nothing
    secrets: SecretVersions,
    metrics: Metrics,
    clock: Clock,
) -> dict[str, int]:
    """The age of each value in whole days; a secret without a value has none."""
    now = clock.now()
    ages = {name: (now - since).days for name, since in secrets.current()}
    for name, days in ages.items():
        metrics.count("SecretAgeDays", days, secret=name)
    return ages
