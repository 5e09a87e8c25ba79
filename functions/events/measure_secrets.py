"""Twice a day: publish the age of each secret's value (O3), and remove the value before it after 30 days (T2).

The alarm's period is a day, so one of the two measurements may be lost.
"""

from typing import Any

from functions.adapters.clock import Clock
from functions.adapters.metrics import Metrics
from functions.adapters.secrets import SecretVersions
from functions.domain.rotation import previous_is_over
from functions.handler import Handler

HANDLER = Handler(allow=SecretVersions.ROTATE)


def measure_secrets(
    event: dict[str, Any],  # noqa: ARG001 - a schedule's event contains nothing of use
    secrets: SecretVersions,
    metrics: Metrics,
    clock: Clock,
) -> dict[str, int]:
    """Publish and return the age of each value by secret, in whole days; secrets without a value are left out.

    A secret that fails does not stop the others, and is raised at the end.
    """
    now = clock.now()
    ages: dict[str, int] = {}
    failed: list[Exception] = []
    for name in secrets.names:
        try:
            since, previous = secrets.labelled(name)
            if since is None:
                continue
            ages[name] = (now - since).days
            metrics.count("SecretAgeDays", ages[name], secret=name)
            if previous and previous_is_over(since, now):
                # AWS refuses it if a value was stored meanwhile, so the one before that keeps its days.
                secrets.forget(name, previous)
        except Exception as error:  # raised below, after all secrets
            failed.append(error)
    if failed:
        raise ExceptionGroup("secrets could not be measured or rotated; the next run repeats it", failed)
    return ages
