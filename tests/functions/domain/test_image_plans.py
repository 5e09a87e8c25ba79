"""The plan of images: only named services change, and a protected environment takes what was proved before it."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.domain.environments import Environment, PartState
from functions.domain.image_plans import Evidence, plan_images
from functions.domain.images import Image
from functions.domain.manifests import AfterDeploy, Manifest, Part
from functions.domain.order import Order
from functions.domain.pins import Pin
from functions.domain.plans import Plan
from tests.functions.samples import COMMAND, RELEASE, SERVICE, environment, state, version

TEST, STAGING, PRODUCTION = environment(name="test"), environment(name="staging"), environment()
ALL = (TEST, STAGING, PRODUCTION)
API, WEB = Part("shop/api", "ecs", "call"), Part("shop/web", "ecs", "call")
MANIFEST = Manifest("shop", "build.yml", [replace(COMMAND, name="shop/infrastructure"), API, WEB, SERVICE])
IMAGE = Image("registry/api", "v1.2.3", "sha256:" + "a" * 64)
RELEASED = replace(RELEASE, images={"api": IMAGE}, order=Order(1, 10, 4, ("api",)))
REPOSITORIES = {one.name: {"api": "registry/api", "web": "registry/web", "hello": ""} for one in ALL}
Running = dict[str, dict[str, PartState]]


def made(
    walked: tuple[Environment, ...] = ALL,
    running: Running | None = None,
    proved: tuple[str, ...] = (),
    release: Any = RELEASED,
    *,
    force: bool = False,
) -> Plan:
    """The plan of api:v1.2.3; production is protected, and the image passed the environments in `proved`."""
    evidence = Evidence(REPOSITORIES, {"api": dict.fromkeys(proved, "images-1")}, ("production",))
    return plan_images(MANIFEST, walked, running or {}, release, evidence, force=force)


def runs(image: Image = IMAGE, order: Order | None = None, *, good: bool = True) -> dict[str, PartState]:
    """The service runs an image."""
    running = version(image=image, order=order)
    return {API.name: replace(state(API, running), good=running if good else None)}


def changes(found: Plan) -> dict[str, list[str]]:
    """The parts that change, by environment."""
    return {one.environment.name: [chosen.part.name for chosen in one.parts] for one in found.stages}


def test_only_named_services_change_and_nothing_is_built() -> None:
    """M3: everything else says why it stays."""
    found = made((TEST, STAGING))
    assert (found.outcome, found.buildspec, found.gates) == ("deploy", "", {})
    assert changes(found) == {"test": ["shop/api"], "staging": ["shop/api"]}
    stage = found.stages[0]
    assert stage.images == {"api": IMAGE}
    assert {one.part: one.reason for one in stage.skipped} == dict.fromkeys(
        ("shop/infrastructure", "shop/web", "hello"), "the request names no image of it"
    )


def test_tests_after_the_deployment_run() -> None:
    """G1: of the manifest that the request is deployed with."""
    tested = AfterDeploy("tests.yml")
    manifest = replace(MANIFEST, after_deploy={"test": tested})
    evidence = Evidence(REPOSITORIES)
    assert plan_images(manifest, (TEST,), {}, RELEASED, evidence).stages[0].after_deploy == tested


def test_what_was_proved_is_left_as_it_is_until_the_last_environment() -> None:
    """M3: production goes back to an older image, and staging keeps the newer one."""
    newer = Image("registry/api", "v1.3.0", "sha256:" + "b" * 64)
    running = {one.name: runs(newer) for one in ALL}
    found = made(ALL, running, ("test", "staging"))
    assert changes(found) == {"test": [], "staging": [], "production": ["shop/api"]}
    assert "v1.2.3 was proved here by images-1" in found.stages[0].skipped[1].reason
    assert changes(made((TEST, STAGING), running, ("test", "staging"))) == {"test": [], "staging": ["shop/api"]}


def test_what_runs_already_is_left_as_it_is() -> None:
    """Unless it was never verified good, or the request forces it in its last environment."""
    running = {one.name: runs() for one in ALL}
    found = made(ALL, running)
    assert (found.outcome, found.reason) == ("nothing", "api:v1.2.3: every environment runs or has proved it already")
    assert changes(made((TEST,), {"test": runs(good=False)})) == {"test": ["shop/api"]}
    assert changes(made(ALL, running, force=True)) == {"test": [], "staging": [], "production": ["shop/api"]}


def test_a_later_request_is_never_undone() -> None:
    """P3: also where the earlier one is forced."""
    running = {"test": runs(replace(IMAGE, tag="v2", digest="sha256:b"), Order(1, 10, 5, ("api", "web")))}
    for force in (False, True):
        found = made((TEST,), running, force=force)
        assert found.outcome == "nothing"
        assert found.stages[0].skipped[1].reason == "runs v2 of a later request"


def test_production_takes_what_staging_proved() -> None:
    """M3: what runs good in staging or passed there before is proved; an emergency needs no proof."""
    found = made()
    assert found.outcome == "invalid"
    assert "api: v1.2.3 (sha256:aaaaaaaaaaaa) was never verified good in staging, and production is" in found.reason
    assert "deploy it until staging first, then again until production" in found.reason
    assert made(ALL, {"staging": runs(good=False)}).outcome == "invalid"
    assert made(ALL, {"staging": runs()}).outcome == "deploy"
    assert made(ALL, proved=("test",)).outcome == "invalid"
    assert made(ALL, proved=("staging",)).outcome == "deploy"
    assert made(release=replace(RELEASED, emergency=True)).outcome == "deploy"
    assert made((TEST, STAGING)).outcome == made((PRODUCTION,)).outcome == "deploy"


@pytest.mark.parametrize(
    ("walked", "images", "said"),
    [
        ((TEST,), {"worker": IMAGE}, "images.worker: delivery.yml at 1a2b3c4d5e6f has no service worker, it has api,"),
        ((TEST,), {"infrastructure": IMAGE}, "has no service infrastructure"),
        ((TEST,), {"hello": IMAGE}, "images.hello: services.hello in delivery.yml is of kind lambda, which runs no"),
        (
            (TEST,),
            {"web": IMAGE},
            "images.web: registry/api is not the repository that services.web.image in delivery.yml names for test, "
            "registry/web",
        ),
        (
            (TEST, replace(STAGING, image_repositories=["registry/web"])),
            {"api": IMAGE},
            "images.api: staging takes no image of registry/api, only of registry/web: name one of these",
        ),
    ],
)
def test_an_image_that_does_not_fit_is_refused(
    walked: tuple[Environment, ...], images: dict[str, Image], said: str
) -> None:
    """M3: the reason names the service, the place and the next step."""
    found = made(walked, release=replace(RELEASED, images=images))
    assert found.outcome == "invalid"
    assert said in found.reason


def test_a_pinned_service_keeps_its_image() -> None:
    """R14: an image has no ancestry, so only a person ends the pin for it; forced or not, and after it, too."""
    pin = Pin("test", API.name, "errors", "ada", "now", "f" * 40)
    evidence = Evidence(REPOSITORIES, {}, ("production",))
    for force in (False, True):
        found = plan_images(
            MANIFEST, (TEST, STAGING), {}, RELEASED, evidence, force=force, pins={"test": {API.name: pin}}
        )
        assert (found.outcome, changes(found)) == ("nothing", {"test": [], "staging": []})
        assert found.reason == f"api:v1.2.3: {pin.describe()}"
        assert [left.pinned for left in found.stages[1].skipped if left.part == API.name] == [True]
