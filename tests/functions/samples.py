"""Complete and plausible values of the domain for tests; builders take the fields that a test is about."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile, ZipInfo

from msgspec.structs import fields, replace

from functions.domain.environments import Environment, PartState, Version
from functions.domain.events import Event, event_type
from functions.domain.locks import Lease
from functions.domain.manifests import Health, Part
from functions.domain.order import Order
from functions.domain.releases import Release
from functions.handler import decode, encode
from tests.functions.stack import ACCOUNT, DEPLOY_ROLE, READ_ROLE, REGION

COMMIT = "1a2b3c4d5e6f" + "0" * 28
OLDER = "0a0a0a0a0a0a" + "1" * 28
DEPLOYMENT = "main-1a2b3c4d5e6f"
EXECUTION = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:kiro-stage:main-1"
NOW = "2026-01-31T08:00:00.000Z"
RELEASE = Release(
    "acme/hello-service",
    "refs/heads/main",
    COMMIT,
    author="Ada",
    author_email="ada@example.com",
    message="feat: greet\n\nwith a name",
    committed_at="2026-01-31T07:00:00+00:00",
    order=Order(1, 10),
)
ENVIRONMENT = Environment(
    name="production",
    region=REGION,
    deploy_role_arn=DEPLOY_ROLE,
    read_role_arn=READ_ROLE,
    deploy_project="kiro-deploy-production",
    approval=True,
    approval_timeout_seconds=86_400,
    approval_wait_seconds=300,
    watch_seconds=600,
    stabilise_seconds=60,
    coverage_percent=80.0,
    variables={"DOMAIN": "example.com"},
)
FUNCTION = {"function": "hello-{environment}", "artifact": "hello.zip", "alias": "live"}
SERVICE = Part("hello", "lambda", "call", ["src/*"], settings=FUNCTION)
COMMAND = Part("infrastructure", "command", "build", ["infra/*"], buildspec="infra/buildspec.yml")
HEALTH = Health("http://{environment}.{DOMAIN}/health")
# Default details of the bus's events, with keys as in JSON.
FACTS: dict[str, Any] = {
    "deploymentId": DEPLOYMENT,
    "release": encode(RELEASE),
    "environment": "production",
    "environments": ["production"],
    "reason": "because",
    "outcome": "deployed",
    "cause": "errors",
    "gates": [],
    "artifact": "deployments/d/build.zip",
    "scans": {},
    "part": "hello",
    "parts": ["hello", "infrastructure"],
    "until": "`kiro-worker unpin`",
    "nextStep": "kiro-worker rollback",
    "by": "ada",
    "purpose": "deploy",
    "at": NOW,
    "since": NOW,
    "breachedAt": "",
    "startedAt": "",
    "workId": "7-kiro-greet-1a2b3c4d-3",
    "item": {
        "itemId": "PVTI_1",
        "kind": "issue",
        "title": "Greet",
        "branch": "kiro/greet",
        "createdAt": NOW,
        "statusSince": NOW,
        "repository": "acme/hello-service",
        "number": 7,
    },
    "pullRequest": 8,
    "finishedAt": "",
}
RESULTS = {"StageFinished": "passed", "RollbackFinished": "restored", "WorkItemFinished": "failed"}
STATES = {"ApprovalDecided": "approved", "WorkItemFinished": "quarantined"}
LEASE = Lease("environment/production", "arn:execution:owner", 1)


def environment(**changes: Any) -> Environment:
    """The environment `production`, with changes."""
    return replace(ENVIRONMENT, **changes)


def version(commit: str = OLDER, number: str = "1", **changes: Any) -> Version:
    """A version of a part."""
    made = Version(
        commit, f"main-{commit[:12]}", f"sources/{RELEASE.repository}/{commit}.zip", f"builds/{commit}.zip", number, NOW
    )
    return replace(made, **changes)


def state(part: Part = SERVICE, running: Version | None = None, **changes: Any) -> PartState:
    """The state of a part in production: by default the older release runs and is good."""
    made = running or version()
    return replace(PartState("production", part.name, made, made, part), **changes)


def archive(files: dict[str, str | bytes]) -> bytes:
    """A zip archive that is the same for the same files."""
    packed = BytesIO()
    with ZipFile(packed, "w") as writer:
        for name, content in files.items():
            writer.writestr(ZipInfo(name), content)
    return packed.getvalue()


def detail(name: str, **changes: Any) -> dict[str, Any]:
    """The detail of a bus event by its name: the required fields, with changes; keys as in JSON."""
    facts = {**FACTS, "result": RESULTS.get(name, ""), "state": STATES.get(name, "")}
    names = {one.encode_name for one in fields(event_type(name))}
    made: dict[str, Any] = encode({**{key: facts[key] for key in names & facts.keys()}, **changes})
    return made


def event(name: str, **changes: Any) -> Event:
    """A bus event by its name, with changes of its detail."""
    made: Event = decode(event_type(name), detail(name, **changes))
    return made
