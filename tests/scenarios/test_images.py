"""Releases of images over real HTTP: pushed, requested, refused, and taken back by an older tag (M3, M4)."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.platform import Platform
from local.settings import ACCOUNT, REPOSITORY
from tests.local.ecs.support import CLUSTER, SERVER, Workbench
from tests.scenarios.driver import PlatformDriver, eventually, kiro
from tests.scenarios.test_triggers import dispatch

pytestmark = pytest.mark.long

REGISTRY = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
SERVICES = ("api", "web")
MANIFEST = """version: 1
name: shop
build: {buildspec: buildspec.yml, junit: [reports/junit.xml], cobertura: reports/coverage.xml}
services:
"""
MANIFEST += "".join(
    f"""  {service}:
    kind: ecs
    cluster: shop
    service: "{service}-{{environment}}"
    container: app
    image: "{{account}}.dkr.ecr.{{region}}.amazonaws.com/{service}"
"""
    for service in SERVICES
)


def environment(name: str, **more: Any) -> dict[str, Any]:
    """The settings of an environment with both services."""
    bounds = {
        "ecsServices": [f"{CLUSTER}/{service}-{name}" for service in SERVICES],
        "imageRepositories": [f"{REGISTRY}/{service}" for service in SERVICES],
        # A build has no part in releases of images: its gates are demanded, and no suite after a deployment.
        "demandedGates": ["tests", "coverage", "security"],
    }
    return {"name": name, "watchSeconds": 0, "stabiliseSeconds": 1, **bounds, **more}


class Shop:
    """The platform, what its services run on, and the images that are pushed for them."""

    def __init__(self, driver: PlatformDriver) -> None:
        assert driver.platform.ecs
        self.driver = driver
        self.bench = Workbench(driver.platform.clients, driver.platform.ecs)
        self.bench.ecs.create_cluster(clusterName=CLUSTER)
        for service in SERVICES:
            image = self.push(service, "first")
            for name in ("test", "production"):
                self._create(f"{service}-{name}", image)

    def push(self, service: str, tag: str, says: str = "") -> str:
        """Push an image that answers its tag, or another text."""
        files = {"server.py": SERVER.format(says=says or tag, health=200)}
        return self.bench.server.images.push(service, tag, files, ["python", "-S", "server.py"])

    def _create(self, name: str, image: str) -> None:
        group = {"targetGroupArn": self.bench.group(), "containerName": "app", "containerPort": 80}
        definition = self.bench.definition(image, name)
        self.bench.ecs.create_service(
            cluster=CLUSTER, serviceName=name, taskDefinition=definition, desiredCount=1, loadBalancers=[group]
        )
        self.bench.ended(self.bench.deployment(name), "SUCCESSFUL")

    def answers(self) -> dict[str, str]:
        """What each service answers now."""
        names = [f"{service}-{name}" for service in SERVICES for name in ("test", "production")]
        return {name: self.bench.get(name) for name in names}

    def started(self, prefix: str) -> str:
        """The name of the execution that an event has started."""

        def found() -> str:
            machine = self.driver.platform.outputs["deploymentWorkflow"]
            rows = self.bench.aws.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
            return next((row["name"] for row in rows if row["name"].startswith(prefix)), "")

        return str(eventually(found))

    def ended(self, name: str) -> dict[str, Any]:
        """Wait for the end of a deployment, approving it; returns its record."""
        self.driver.executions.await_end(name, 120, self.driver.approver.decide_next)
        return self.driver.record_of(name)

    def deploy(self, *images: str, **options: str) -> dict[str, Any]:
        """Deploy images by the operator's command; returns the record."""
        given = [word for image in images for word in ("--image", image)]
        given += [word for option, value in options.items() for word in (f"--{option}", value)]
        return self.ended(kiro(self.driver, "deploy", REPOSITORY, "main", *given)["deployment"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A platform of its own, whose repository delivers two services of ECS by request."""
    delivered = {
        "name": REPOSITORY,
        "images": {service: f"{REGISTRY}/{service}" for service in SERVICES},
        "pushedImages": [{"tags": "v*", "until": "test"}],
    }
    changes = {
        "repositories": [delivered],
        "environments": [environment("test"), environment("production", approval=True)],
    }
    made = Platform(tmp_path_factory.mktemp("images"), "test", print, changes=changes, wait_scale=0.1)
    with made as platform:
        driver = PlatformDriver(platform)
        (driver.author.folder / "delivery.yml").write_text(MANIFEST, "utf-8")
        commit = driver.push("feat: deliver by request")
        driver.deployed(commit)
        assert driver.record(commit)["outcome"] == "skipped", driver.record(commit)["reason"]
        yield Shop(driver)


def test_a_pushed_image_is_released_and_proved_before_production_takes_it(shop: Shop) -> None:
    """M3: from the push to real answers; only the service that was named changes, and by its digest."""
    image = shop.push("api", "v1")
    record = shop.ended(shop.started("image-v1-"))
    assert (record["outcome"], record["trigger"], record["request"]["images"]) == ("deployed", "image", {"api": "v1"})
    assert shop.answers() == {
        "api-test": "v1",
        "api-production": "first",
        "web-test": "first",
        "web-production": "first",
    }
    running = shop.driver.table("environmentsTable").get_item(Key={"environment": "test", "part": "shop/api"})["Item"]
    assert f"{REGISTRY}/api@{running['good']['image']['digest']}" == image

    shop.push("api", "dev-2")
    refused = shop.deploy("api=dev-2")
    assert refused["outcome"] == "failed"
    assert "images.api: dev-2" in refused["reason"]
    assert "production is protected, so it takes only images that test proved" in refused["reason"]

    status, said = dispatch(shop.driver, "production-deploy", api_tag="v1")
    assert status == 202, said
    promoted = shop.ended(said.partition(": ")[2])
    assert (promoted["outcome"], list(promoted["stages"])) == ("deployed", ["production"]), promoted["reason"]
    assert shop.answers()["api-production"] == "v1"


def test_production_goes_back_by_an_older_tag_and_test_stays(shop: Shop) -> None:
    """M3, M4: the same tag is never another image; both ways back restore the image that ran before."""
    shop.push("web", "v7")
    assert shop.ended(shop.started("image-v7-"))["outcome"] == "deployed"
    assert (shop.answers()["web-test"], shop.answers()["api-test"]) == ("v7", "v1")
    shop.push("api", "v2")
    assert shop.ended(shop.started("image-v2-"))["outcome"] == "deployed"
    with pytest.raises(ClientError, match="ImageTagAlreadyExistsException"):
        shop.push("api", "v2", says="something else")
    assert shop.deploy("api=v2", reason="go")["outcome"] == "deployed"
    assert (shop.answers()["api-test"], shop.answers()["api-production"]) == ("v2", "v2")
    back = shop.deploy("api=v1", reason="v2 is slow")
    assert (back["outcome"], list(back["stages"])) == ("deployed", ["production"]), back["reason"]
    assert (shop.answers()["api-test"], shop.answers()["api-production"]) == ("v2", "v1")
    kiro(shop.driver, "rollback", "production", "--image", "api=v2", "--reason", "v1 is worse")
    eventually(lambda: shop.answers()["api-production"] == "v2")
    eventually(lambda: shop.driver.left_behind() == {"locks": [], "waits": []})


def test_what_is_wrong_changes_nothing(shop: Shop) -> None:
    """M3: a malformed dispatch starts nothing; an image that is not there fails before any environment."""
    before = shop.answers()
    for payload in ({"images": {"api": "api:v1"}}, {"api_tag": ""}, {"images": ["api"]}):
        assert dispatch(shop.driver, "staging-deploy", **payload)[0] == 400
    for images, reason in (({"api": "v9"}, "has no image v9"), ({"worker": "v1"}, "for a service worker of")):
        status, said = dispatch(shop.driver, "production-deploy", images=images)
        assert status == 202, said
        record = shop.ended(said.partition(": ")[2])
        assert (record["outcome"], reason in record["reason"]) == ("failed", True), record["reason"]
    assert shop.answers() == before
    assert shop.driver.left_behind() == {"locks": [], "waits": []}
