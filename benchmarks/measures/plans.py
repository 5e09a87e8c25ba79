"""The plan of a release: its calls of DynamoDB and its requests to GitHub, for stacks of several sizes."""

from dataclasses import dataclass

from msgspec.structs import replace

from benchmarks.measure import Figure, Measure, Ratio, Samples, counted
from benchmarks.stack import AUTHOR, Calls, Counting, counting
from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.manifests import Part
from functions.domain.owners import Claim
from functions.domain.releases import Release
from functions.handler import decode
from tests.functions.delivered import artifact, runs
from tests.functions.samples import SERVICE, environment, state, version

_REPOSITORY = "acme/shop"
_MANIFEST = """version: 1
name: shop
build: {buildspec: build.yml, junit: [junit.xml], cobertura: coverage.xml}
services:
"""
_ENTRY = '  s{n}: {{kind: lambda, function: "s{n}-{{environment}}", artifact: s{n}.zip, paths: ["s{n}/*"]}}\n'
_ENVIRONMENTS = tuple(environment(name=name) for name in ("test", "staging", "production"))
# More services than these are refused (functions/adapters/manifest_schema.py).
_SERVICES = 11
_REPOSITORIES, _PAST = 50, 10_000


@dataclass(frozen=True, slots=True)
class _Size:
    """How many services a repository has, and by how many commits they were deployed; what else the stack has."""

    services: int = 5
    commits: int = 1
    repositories: int = 1
    past: int = 10


def _planned(size: _Size) -> Calls:
    """The calls of a plan for a commit that changes one service, after everything was deployed."""
    with counting() as made:
        git = made.hub.create_repository(_REPOSITORY).git
        before = [git.commit_file("main", f"s{n}/a", b"1", f"feat: {n}", AUTHOR) for n in range(size.commits)]
        head = git.commit_file("main", "s0/a", b"2", "feat: more", AUTHOR)
        manifest = _MANIFEST + "".join(_ENTRY.format(n=n) for n in range(size.services))
        event = {
            "deploymentId": "main-2",
            "release": Release(_REPOSITORY, "refs/heads/main", head),
            "source": artifact(made.stack, "sources/a.zip", {"delivery.yml": manifest}),
            "environments": _ENVIRONMENTS,
            "repositories": [Claim(_REPOSITORY), *(Claim(f"acme/r{n}") for n in range(1, size.repositories))],
            "request": None,
        }
        first = made.stack.run("deployment.plan_release", event)
        if first["outcome"] != "deploy":
            raise RuntimeError(f"no plan: {first['reason']}")
        for place, chosen in enumerate(first["stages"][0]["parts"]):
            _runs(made, decode(Part, chosen["part"]), _REPOSITORY, before[place % len(before)])
        for number in range(1, size.repositories):
            _runs(made, replace(SERVICE, name=f"r{number}/a"), f"acme/r{number}", before[0])
        _past(made, size.past)
        calls, again = made.run("deployment.plan_release", event)
        chosen = [part["part"]["name"] for stage in again["stages"] for part in stage["parts"]]
        if chosen != ["shop/s0"] * len(_ENVIRONMENTS):
            raise RuntimeError(f"one service has changed, and the plan has {chosen}")
        return calls


def _runs(made: Counting, part: Part, repository: str, commit: str) -> None:
    known = replace(state(part, version(commit)), repository=repository)
    runs(made.stack, *(replace(known, environment=one.name) for one in _ENVIRONMENTS))


def _past(made: Counting, count: int) -> None:
    """Deployments that have ended."""
    deployments = DeploymentsTable.connect(made.stack.clients)
    deployments.begin("past", Release(_REPOSITORY, "refs/heads/main", "0" * 40), "arn:e", "push")
    deployments.conclude("past", "deployed", "well")
    table = made.stack.table("deployments")
    row = table.get_item(Key={"deploymentId": "past"})["Item"]
    with table.batch_writer() as batch:
        for number in range(count):
            batch.put_item(Item={**row, "deploymentId": f"past-{number}"})


def _all(calls: Calls) -> int:
    return calls.github + calls.reads + calls.writes


def _linear(_pairs: int) -> Samples:
    return counted(_all(_planned(_Size(services=_SERVICES))), _SERVICES * _all(_planned(_Size(services=1))))


def _flat(_pairs: int) -> Samples:
    return counted(_all(_planned(_Size(repositories=_REPOSITORIES, past=_PAST))), _all(_planned(_Size())))


def _requests(services: int, commits: int) -> Samples:
    return counted(_planned(_Size(services=services, commits=commits)).github, services)


SERVICES = Measure(
    name="plan-services",
    promise=f"a release of a repository with {_SERVICES} services is planned",
    against=f"{_SERVICES} plans of one service",
    unit="calls",
    goal=Ratio(1),
    take=_linear,
)
FLAT = Measure(
    name="plan-flat",
    promise=f"a release is planned in a stack of {_REPOSITORIES} repositories and {_PAST:,} past deployments",
    against="a stack of one repository and 10 past deployments",
    unit="calls",
    goal=Ratio(1),
    take=_flat,
)
REQUESTS = Measure(
    name="plan-requests",
    promise=f"a release of {_SERVICES} services is planned, which three commits deployed",
    against="a request for each service",
    unit="requests",
    goal=Figure(5),
    take=lambda _pairs: _requests(_SERVICES, 3),
)
COMMITS = Measure(
    name="plan-commits",
    promise=f"a release of {_SERVICES} services is planned, each of which another commit deployed",
    against="a request for each service",
    unit="requests",
    goal=Figure(5),
    take=lambda _pairs: _requests(_SERVICES, _SERVICES),
    floor=(
        "what changed is asked of GitHub's REST API, which compares two commits in a request: each commit that still "
        "runs somewhere takes one, and a service that no release changes keeps its commit; a GraphQL query can compare "
        "several, but its `Comparison` has no files, and a commit only their number "
        "(https://docs.github.com/en/graphql/reference/objects#comparison)"
    ),
)
