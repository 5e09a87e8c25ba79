"""Cold starts of all functions: their code and clients, against the clients alone and against frameworks.

All functions are tried once; the one that compares worst is then measured in turns.
"""

from collections.abc import Callable, Sequence
from functools import cache

from benchmarks.interpreters import PROJECT, cpu_ms, init, run
from benchmarks.measure import Measure, Ratio, Samples, alternate

_FOLDERS = ("deployment", "events", "rollback", "shared", "stage", "work_item")
_SERVICES = """
names = {service for service, *_ in clients._clients}
print("\\n" + " ".join(sorted(names)))
"""
_CLIENTS = """import boto3
from botocore.config import Config
session, config = boto3.Session(), Config(retries={{"max_attempts": 5, "mode": "standard"}})
for name in {services!r}:
    if name == "dynamodb-resource":
        session.resource("dynamodb", config=config)
    else:
        session.client(name, config=config)
"""
_FRAMEWORKS = """from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import BaseModel
app, logger, metrics = APIGatewayHttpResolver(), Logger(service="x"), Metrics(namespace="x", service="x")
class Release(BaseModel):
    repository: str
    ref: str
    commit: str
class Event(BaseModel):
    deployment_id: str
    release: Release
@app.post("/")
def handle() -> dict[str, str]:
    return {}
"""


def handlers() -> list[str]:
    """The names of all handlers, such as `stage.record_good`."""
    files = (file for folder in _FOLDERS for file in sorted((PROJECT / "functions" / folder).glob("*.py")))
    return [f"{file.parent.name}.{file.stem}" for file in files if file.stem != "__init__"]


@cache
def _services(handler: str) -> tuple[str, ...]:
    """The clients that a handler creates when it starts; one that creates none then needs DynamoDB's with an event."""
    found = run(init(handler) + _SERVICES).splitlines()[-1].split()
    return tuple(found) or ("dynamodb-resource",)


def _ours(handler: str) -> float:
    services = _services(handler)
    return cpu_ms(init(handler) + ("clients.table('x')\n" if services == ("dynamodb-resource",) else ""))


def _clients(handler: str) -> float:
    return cpu_ms(_CLIENTS.format(services=_services(handler)))


def _frameworks(handler: str) -> float:
    return cpu_ms(_FRAMEWORKS + _CLIENTS.format(services=_services(handler)))


def _worst(names: Sequence[str], other: Callable[[str], float]) -> str:
    return max(names, key=lambda name: _ours(name) / other(name))


def _take(pairs: int, other: Callable[[str], float]) -> Samples:
    # A single pair shows that the measure works; the search for the worst takes longer than all pairs.
    chosen = _worst(handlers(), other) if pairs > 1 else "shared.acquire_lock"
    return alternate(pairs, lambda: _ours(chosen), lambda: other(chosen))


CLIENTS = Measure(
    name="cold-start-clients",
    promise="any function starts cold, with its clients",
    against="`boto3` clients of the same services",
    unit="ms",
    goal=Ratio(1.25),
    take=lambda pairs: _take(pairs, _clients),
    floor="the worst two read `delivery.yml`, which people write: Pydantic and PyYAML, which report its mistakes with "
    "line and next step, take what is above the goal",
)
FRAMEWORKS = Measure(
    name="cold-start-frameworks",
    promise="any function starts cold, with its clients",
    against="the same clients, Powertools' event handler and Pydantic",
    unit="ms",
    goal=Ratio(0.6),
    take=lambda pairs: _take(pairs, _frameworks),
    floor="`boto3`'s clients of the same services alone take longer than the goal",
)
