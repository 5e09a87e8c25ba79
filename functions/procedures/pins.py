"""Whether pins keep out a release that was planned before they were set (R14)."""

from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.pins import left_out
from functions.domain.records import DeploymentRecord


def kept_out(record: DeploymentRecord | None, environment: str, environments: EnvironmentsTable) -> str:
    """Why a release may no longer change what it has planned in an environment; "" if it may.

    Pins of the environment and of those that it walks before count, as when it was planned. What it descends from is
    in its record, so nothing is read from GitHub.
    """
    planned = record.planned.get(environment) if record else None
    if record is None or planned is None:
        return ""
    names = [stage.environment for stage in record.plan.stages] if record.plan else []
    walked = names[: names.index(environment) + 1] if environment in names else [environment]
    pins = {name: environments.pins(name) for name in walked}
    reasons = left_out(walked, pins, planned.descends_from)[environment]
    return "; ".join(dict.fromkeys(reasons[part.name] for part in planned.parts if part.name in reasons))
