"""PlanRelease: which parts the release changes where, by the changes since what runs there."""

from typing import Any

from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze
from functions.domain.images import Image
from functions.domain.manifests import Part
from functions.domain.order import Mark, Order
from functions.domain.owners import Claim
from functions.domain.pins import Pin
from functions.domain.releases import Release
from functions.domain.requests import Request
from functions.handler import decode
from tests.functions.delivered import artifact, runs
from tests.functions.samples import ENVIRONMENT, NOW, environment, state, version
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

MANIFEST = """version: 1
name: hello
build: {buildspec: build.yml, junit: [reports/junit.xml], cobertura: reports/coverage.xml}
infrastructure: {kind: command, buildspec: infra/build.yml, paths: ["infra/*"]}
services:
  hello: {kind: lambda, function: "hello-{environment}", artifact: hello.zip, paths: ["src/*"]}
"""
TEST = environment(name="test", approval=False)
OURS = Claim(REPOSITORY)
IMAGES = Claim(REPOSITORY, images={"api": "registry/api-one"})


def plan(
    stack: Stack,
    sha: str,
    manifest: str | None = MANIFEST,
    *,
    emergency: bool = False,
    claim: Claim = OURS,
    order: Order | None = None,
    request: Request | None = None,
    images: dict[str, Image] | None = None,
    environments: Any = None,
) -> Any:
    """Run the handler for a commit."""
    source = artifact(stack, f"sources/{sha}.zip", {"delivery.yml": manifest} if manifest else {"a": ""})
    event = {
        "deploymentId": "main-1",
        "release": Release(REPOSITORY, "refs/heads/main", sha, emergency=emergency, order=order, images=images or {}),
        "source": source,
        "environments": environments or [TEST, ENVIRONMENT],
        "repositories": [claim],
        "request": request,
    }
    return stack.run("deployment.plan_release", event)


def history(copy: WorkingCopy) -> list[str]:
    """Three commits: one, infrastructure, source."""
    commits = [
        copy.commit(name, {path: name})
        for name, path in (("one", "README.md"), ("two", "infra/a.yml"), ("three", "src/a.py"))
    ]
    copy.push()
    return commits


def parts(stage: Any) -> list[str]:
    """The parts that a stage changes."""
    return [chosen["part"]["name"] for chosen in stage["parts"]]


def test_a_first_release_goes_everywhere_and_into_the_record(stack: Stack, copy: WorkingCopy) -> None:
    """P5: the record says why each part is in; a repetition has the same plan."""
    DeploymentsTable.connect(stack.clients).begin("main-1", Release(REPOSITORY, "r", "c"), "arn:e", "push")
    sha = history(copy)[-1]
    found = plan(stack, sha)
    assert (found["outcome"], found["buildspec"]) == ("deploy", "build.yml")
    assert [parts(stage) for stage in found["stages"]] == [["hello/infrastructure", "hello/hello"]] * 2
    assert plan(stack, sha) == found
    recorded = stack.deployment("main-1")["plan"]
    assert recorded["stages"][0]["parts"]["hello/hello"] == "nothing runs here yet"


def deployed(stack: Stack, sha: str, running: str, environments: tuple[str, ...] = ("test", "production")) -> None:
    """Record that a commit runs in these environments and is good."""
    first = plan(stack, sha)["stages"][0]["parts"]
    assert first
    for name in environments:
        for chosen in first:
            part = decode(Part, chosen["part"])
            runs(stack, replace(state(part, version(running)), environment=name))


def test_only_what_changed_since_is_deployed(stack: Stack, copy: WorkingCopy) -> None:
    """By GitHub's comparison of the commits; each part that is left out has a reason."""
    _, two, three = history(copy)
    deployed(stack, three, two)
    found = plan(stack, three)
    assert [parts(stage) for stage in found["stages"]] == [["hello/hello"]] * 2
    (left,) = found["stages"][0]["skipped"]
    assert (left["part"], left["reason"]) == ("hello/infrastructure", f"none of its paths changed since {two[:12]}")
    assert left["running"]["commit"] == two


def test_a_service_that_moves_to_another_function_leaves_one_behind(stack: Stack, copy: WorkingCopy) -> None:
    """P5: the old function runs on and is no longer watched: the reason says so, where people read the plan."""
    _, two, three = history(copy)
    deployed(stack, three, two)
    moved = plan(stack, three, MANIFEST.replace("hello-{environment}", "greet-{environment}"))
    (chosen,) = moved["stages"][1]["parts"]
    assert chosen["reason"] == (
        "its definition in delivery.yml changed; Lambda function hello-production, alias live runs on, and nothing "
        "watches it any more: delete it once the release is good"
    )
    other_paths = plan(stack, three, MANIFEST.replace("src/*", "src/**"))
    assert other_paths["stages"][1]["parts"][0]["reason"] == "its definition in delivery.yml changed"


def test_an_older_commit_is_superseded(stack: Stack, copy: WorkingCopy) -> None:
    """P3: if one environment runs a newer commit, the plan ends."""
    _, two, three = history(copy)
    deployed(stack, two, three, ("production",))
    assert plan(stack, two)["outcome"] == "superseded"


def test_a_history_that_was_rewritten_counts_as_changed(stack: Stack, copy: WorkingCopy) -> None:
    """Commits that GitHub no longer has, and versions made by hand, can't be compared."""
    three = history(copy)[-1]
    deployed(stack, three, "f" * 40, ("test",))
    deployed(stack, three, "", ("production",))
    assert [parts(stage) for stage in plan(stack, three)["stages"]] == [["hello/infrastructure", "hello/hello"]] * 2


def test_the_same_commit_again_has_nothing_to_do(stack: Stack, copy: WorkingCopy) -> None:
    """The plan has the reason."""
    three = history(copy)[-1]
    deployed(stack, three, three)
    assert plan(stack, three)["outcome"] == "nothing"


def test_a_frozen_environment_stops_no_plan(stack: Stack, copy: WorkingCopy) -> None:
    """P12: the environments before it are walked, and the release waits there."""
    EnvironmentsTable.connect(stack.clients).freeze("production", Freeze("broken", "Ada", NOW))
    found = plan(stack, history(copy)[-1])
    assert found["outcome"] == "deploy"
    assert [stage["environment"]["name"] for stage in found["stages"]] == ["test", "production"]


def test_an_invalid_manifest_is_an_invalid_plan(stack: Stack, copy: WorkingCopy) -> None:
    """With file, line and reason; nothing is deployed."""
    sha = history(copy)[-1]
    found = plan(stack, sha, MANIFEST.replace("name: hello", "name: 7"))
    assert found["outcome"] == "invalid"
    assert found["reason"].startswith("delivery.yml:2:1: name:")
    assert plan(stack, sha, None)["reason"].startswith("delivery.yml: not in acme/hello-service at ")
    assert plan(stack, sha, MANIFEST + "environments: [prod]\n")["outcome"] == "invalid"


def test_an_emergency_is_planned_as_one(stack: Stack, copy: WorkingCopy) -> None:
    """P8: no tests follow its deployment, and the record says so."""
    sha = history(copy)[-1]
    tests = "gates: {afterDeploy: {production: {buildspec: smoke.yml, junit: [smoke.xml]}}}\n"
    assert plan(stack, sha, MANIFEST + tests)["stages"][1]["afterDeploy"]
    found = plan(stack, sha, MANIFEST + tests, emergency=True)
    assert [stage["afterDeploy"] for stage in found["stages"]] == [None, None]
    assert found["reason"].startswith("EMERGENCY: deployment windows are ignored, tests after the deployment")
    assert stack.deployment("main-1")["plan"]["reason"] == found["reason"]


def test_a_version_tag_goes_on_where_its_commit_ended(stack: Stack, copy: WorkingCopy) -> None:
    """P1: the commit passed test, which has a newer release by now; only production is left."""
    commits = history(copy)
    release = Release(REPOSITORY, "refs/heads/main", commits[1], order=Order(1, 1))
    deployments, environments = DeploymentsTable.connect(stack.clients), EnvironmentsTable.connect(stack.clients)
    environments.note_passage("test", REPOSITORY, Mark(Order(1, 2), "main-3", commits[2]), "passed")
    walked = plan(stack, commits[1], order=release.order)
    assert [stage["environment"]["name"] for stage in walked["stages"]] == ["test", "production"]
    deployments.note_passed("test", release, "main-2")
    left = plan(stack, commits[1], order=release.order)
    assert [stage["environment"]["name"] for stage in left["stages"]] == ["production"]
    assert "test was passed by main-2 and has a newer release now" in left["reason"]
    deployments.forget_passed("test", release)
    assert plan(stack, commits[1], order=release.order) == walked


ECS = """version: 1
name: hello
build: {buildspec: build.yml, junit: [reports/junit.xml], cobertura: reports/coverage.xml}
services:
  api: {kind: ecs, cluster: shop, service: api, container: app, image: "registry/api-{stage}"}
"""


def test_images_have_a_plan_without_a_build(stack: Stack, copy: WorkingCopy) -> None:
    """M3: production takes what test proved; a manifest that names another repository, or none, is refused."""
    sha, request = history(copy)[-1], Request(REPOSITORY, "r", images={"api": "v1"})
    order = Order(1, 1, 1, ("api",))
    images = {"api": Image("registry/api-one", "v1", "sha256:1")}
    where = [replace(one, variables={"stage": "one"}) for one in (TEST, ENVIRONMENT)]

    def made(manifest: str = ECS, until: str = "", environments: Any = where) -> Any:
        asked = replace(request, until=until)
        return plan(
            stack, sha, manifest, claim=IMAGES, order=order, request=asked, images=images, environments=environments
        )

    assert "production is protected, so it takes only images that test proved" in made()["reason"]
    found = made(until="test")
    assert (found["outcome"], found["buildspec"]) == ("deploy", "")
    assert [parts(stage) for stage in found["stages"]] == [["hello/api"]]
    assert found["stages"][0]["images"]["api"]["digest"] == "sha256:1"
    release = Release(REPOSITORY, "r", sha, order=order, images=images)
    DeploymentsTable.connect(stack.clients).note_passed("test", release, "images-1")
    assert [parts(stage) for stage in made()["stages"]] == [[], ["hello/api"]]
    assert (
        "registry/api-one is not the repository that services.api.image" in made(ECS.replace("{stage}", "x"))["reason"]
    )
    assert "may contain only known placeholders" in made(environments=[TEST, ENVIRONMENT])["reason"]
    assert "which runs no image" in made(MANIFEST.replace("  hello: ", "  api: "))["reason"]


def test_a_service_whose_images_are_requested_waits_for_the_first_one(stack: Stack, copy: WorkingCopy) -> None:
    """M3: a commit leaves it alone; where the repository builds images, too, the commit has it built."""
    sha = history(copy)[-1]
    first = plan(stack, sha, ECS, claim=IMAGES)
    assert [parts(stage) for stage in first["stages"]] == [[], []]
    assert "none was requested yet" in first["stages"][0]["skipped"][0]["reason"]
    assert [parts(one) for one in plan(stack, sha, ECS, claim=replace(IMAGES, builds_images=True))["stages"]] == [
        ["hello/api"],
        ["hello/api"],
    ]


def test_the_plan_ends_with_the_last_environment_of_the_request(stack: Stack, copy: WorkingCopy) -> None:
    """P1: of the others nothing is read, and no part is in them."""
    sha = history(copy)[-1]
    found = plan(stack, sha, request=Request(REPOSITORY, "r", until="test", parts="infrastructure"))
    assert [parts(stage) for stage in found["stages"]] == [["hello/infrastructure"]]


def pin(stack: Stack, environment: str, newer_than: str = "", part: str = "hello/hello") -> Pin:
    """Pin a part of an environment."""
    made = Pin(environment, part, "errors", "ada", NOW, newer_than)
    assert EnvironmentsTable.connect(stack.clients).pin(made, None)
    return made


def test_a_pinned_part_is_skipped_until_a_newer_commit(stack: Stack, copy: WorkingCopy) -> None:
    """R14: the commit at fault and what does not descend from it stay out; the correction on top of it passes."""
    one, _, bad = history(copy)
    deployed(stack, bad, one)
    pinned = pin(stack, "production", bad)
    found = plan(stack, bad)
    assert ([parts(stage) for stage in found["stages"]], pinned.describe() in found["reason"]) == (
        [["hello/infrastructure", "hello/hello"], ["hello/infrastructure"]],
        True,
    )
    correction = copy.commit("fix: greet", {"src/a.py": "good"})
    copy.push()
    assert "hello/hello" in parts(plan(stack, correction)["stages"][1])


def test_a_pin_of_a_part_without_a_record_keeps_it_out(stack: Stack, copy: WorkingCopy) -> None:
    """Its record may have been deleted since; the plan and the entry of an environment have to agree."""
    pin(stack, "production")
    assert parts(plan(stack, history(copy)[-1])["stages"][1]) == ["hello/infrastructure"]


def test_pins_of_other_repositories_do_not_matter(stack: Stack, copy: WorkingCopy) -> None:
    """Their commits are not even compared."""
    pin(stack, "production", "f" * 40, "theirs/hello")
    assert parts(plan(stack, history(copy)[-1])["stages"][1]) == ["hello/infrastructure", "hello/hello"]
