"""What a build is to apply, as the function that starts it says (`functions/targets/pulumi.py`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

from ..work_item.errors import WorkError


@dataclass(frozen=True)
class Order:
    """`locks` is a prefix and `runs` a key in the bucket; `folder` is that of Pulumi.yaml, `stack` is the full name."""

    backend: str
    bucket: str
    region: str
    locks: str
    runs: str
    stack: str
    folder: str
    config: Mapping[str, str]
    message: str


def read(environment: Mapping[str, str]) -> Order:
    """The order in the variable KIRO_PULUMI; a WorkError without it: the build was started by hand."""
    try:
        given = json.loads(environment["KIRO_PULUMI"])
        return Order(**{one.name: given[one.name] for one in fields(Order)})
    except (KeyError, ValueError) as error:
        raise WorkError(f"only a workflow can start this build, because it says what to apply: {error}") from None
