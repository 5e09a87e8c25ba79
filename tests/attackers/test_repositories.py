"""Several repositories of one stack are strangers: whatever one of them does, nothing of another changes."""

from contextlib import suppress
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.adapters.records import every
from functions.domain.environments import PartState
from functions.domain.errors import StaleLeaseError
from functions.domain.locks import Contender, Lease
from functions.domain.manifests import Manifest
from functions.domain.order import History, Mark, Order
from functions.domain.owners import Claim, overlaps, refusals
from functions.domain.performance import Performance
from functions.domain.releases import execution_name
from tests.functions.samples import COMMIT, SERVICE, version
from tests.functions.stack import Stack

REPOSITORIES = ("acme/shop", "acme/web", "mallory/shop")
PARTS = tuple(f"{name.replace('/', '-')}/{part}" for name in REPOSITORIES for part in ("infrastructure", "api"))
OWNER = {part: name for name in REPOSITORIES for part in PARTS if part.startswith(name.replace("/", "-"))}
ACTS = ("save", "doubt", "forget", "mark_good", "passed", "forget_passed", "performance", "history", "release_lock")
_NUMBERS = count()
Step = tuple[str, str, str]


def state(environment: str, part: str, repository: str) -> PartState:
    """A part that a release of the repository has changed."""
    running = version(COMMIT, source=f"sources/{repository}/{COMMIT}.zip")
    return PartState(environment, part, running, None, replace(SERVICE, name=part, critical_alarms=[repository]))


def act(stack: Stack, environment: str, step: Step, fence: int) -> None:
    """What a release of a repository does under its own lease, with a part of anybody."""
    repository, what, part = step
    lease = Lease(f"environment/{environment}", f"arn:{repository}", fence, repository)
    environments, deployments = EnvironmentsTable.connect(stack.clients), DeploymentsTable.connect(stack.clients)
    locks, mark = (
        LocksTable.connect(stack.clients),
        Mark(Order(1, fence), execution_name(repository, "refs/heads/m", COMMIT), COMMIT),
    )
    changed = state(environment, part, repository)
    with suppress(StaleLeaseError):
        match what:
            case "save":
                environments.save(changed, lease)
            case "doubt":
                environments.doubt(environment, part, mark.deployment_id, lease)
            case "forget":
                environments.forget(environment, part, lease)
            case "mark_good":
                environments.mark_good(changed, lease)
            case "passed":
                environments.note_passage(environment, repository, mark, "passed")
            case "forget_passed":
                environments.forget_passed(environment, repository, mark.deployment_id)
            case "performance":
                environments.save_performance(environment, repository, Performance(1, 0, 1.0), lease)
            case "history":
                deployments.save_history(repository, History(COMMIT, Order(1, fence)), deployments.history(repository))
            case "release_lock":
                locks.release(f"environment/{environment}", f"arn:{repository}")


def owned(stack: Stack, environment: str) -> dict[str, Any]:
    """By repository, everything that is stored of it: parts, passage, measurements, order of releases, lock."""
    found = every(
        stack.table("environments"),
        "query",
        KeyConditionExpression="environment = :environment",
        ExpressionAttributeValues={":environment": environment},
    )
    rows = {row["part"]: row for row in found}
    lock = LocksTable.connect(stack.clients).read(f"environment/{environment}")
    deployments = DeploymentsTable.connect(stack.clients)
    return {
        name: (
            {key: row for key, row in rows.items() if OWNER.get(key) == name or key.endswith(f"/{name}")},
            deployments.history(name),
            lock if lock.owner and lock.owner.repository == name else None,
        )
        for name in REPOSITORIES
    }


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
)
@given(
    st.lists(
        st.tuples(st.sampled_from(REPOSITORIES), st.sampled_from(ACTS), st.sampled_from(PARTS)), min_size=3, max_size=8
    )
)
def test_nothing_of_another_changes(stack: Stack, steps: list[Step]) -> None:
    """Whatever releases of one repository record, no part, passage, measurement, order or lock of another changes."""
    where = f"e{next(_NUMBERS)}"
    for part, owner in OWNER.items():
        lease = Lease(f"environment/{where}", f"arn:{owner}", 1, owner)
        EnvironmentsTable.connect(stack.clients).save(state(where, part, owner), lease)
    holder = Contender(stack.execution("stage", f"m-{where}"), "m", Order(1, 1), "r", repository=REPOSITORIES[0])
    LocksTable.connect(stack.clients).request(f"environment/{where}", holder)
    before = owned(stack, where)
    for fence, step in enumerate(steps, 2):
        act(stack, where, step, fence)
        after = owned(stack, where)
        assert {**after, step[0]: None} == {**before, step[0]: None}, step
        before = after


_PATTERNS = st.text("ab*", min_size=1, max_size=4)
_NAMES = st.text("ab", max_size=5)


@given(_PATTERNS, _PATTERNS, _NAMES)
def test_no_target_belongs_to_two(one: str, other: str, name: str) -> None:
    """Where the settings accept two claims, no name of a target fits both."""
    claims = [Claim("acme/a", [], [one]), Claim("acme/b", [], [other])]
    if not list(overlaps(claims)):
        assert not all(claim.changes(name) for claim in claims)


@given(
    st.sampled_from(["hello", "shop"]), st.sampled_from(["hello-api", "shop-api"]), st.sampled_from(["test", "prod"])
)
def test_a_plan_names_only_its_own(name: str, target: str, environment: str) -> None:
    """A manifest without a refusal names a manifest, targets and environments of its own repository."""
    claim = Claim("acme/shop", ["shop"], ["shop-*"], ["test"])
    part = replace(SERVICE, name=f"{name}/api")
    manifest = Manifest(name, "build.yml", [part], [environment])
    refused = list(refusals(manifest, claim, {environment: {part.name: {"function": target}}}))
    assert (refused == []) == ((name, target, environment) == ("shop", "shop-api", "test"))
