"""docs/migrate.md, *From Copilot CLI*: a service of Copilot is taken over, and goes back to its image (R5)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.platform import Platform
from local.settings import ACCOUNT, REPOSITORY
from tests.local.ecs.support import SERVER, Workbench
from tests.scenarios.driver import kiro
from tests.scenarios.migrating import FIRST, NEXT, Migration, environment, settings

pytestmark = pytest.mark.long
SECTION = "From Copilot CLI"
SERVICE, OLD = "api", "deployed by Copilot"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}],
}


def taken(name: str) -> dict[str, Any]:
    """The settings of an environment with what Copilot's stacks are called there."""
    (shown,) = settings(SECTION, "kiro-worker:environments", name)
    return environment(name, **shown)


class Shop:
    """What Copilot made: a cluster, a service and two roles in each environment, and one repository of images."""

    def __init__(self, platform: Platform) -> None:
        assert platform.ecs
        self.images = platform.ecs.images
        self.bench = Workbench(platform.clients, platform.ecs)
        self.migration = Migration(platform, SECTION, self.answer)

    def create(self, name: str) -> None:
        """A service as `copilot svc deploy` leaves it: CloudFormation names all but the container.

        https://github.com/aws/copilot-cli/tree/mainline/internal/pkg/template/templates/workloads: the service has no
        name of its own, both roles, a circuit breaker that rolls back, and a container with the workload's name.
        """
        given = taken(name)
        cluster, service = given["variables"]["cluster"], given["variables"]["api"]
        for arn in given["ecsTaskRoleArns"]:
            role = arn.rpartition("/")[2]
            self.bench.aws.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
        definition = self.bench.ecs.register_task_definition(
            family=f"shop-{name}-api",
            taskRoleArn=given["ecsTaskRoleArns"][0],
            executionRoleArn=given["ecsTaskRoleArns"][1],
            containerDefinitions=[
                {"name": SERVICE, "image": self.push(f"copilot-{name}", OLD), "portMappings": [{"containerPort": 80}]}
            ],
        )
        self.bench.ecs.create_cluster(clusterName=cluster)
        self.bench.ecs.create_service(
            cluster=cluster,
            serviceName=service,
            taskDefinition=definition["taskDefinition"]["taskDefinitionArn"],
            desiredCount=1,
            loadBalancers=[{"targetGroupArn": self.bench.group(), "containerName": SERVICE, "containerPort": 80}],
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        )
        self.bench.wait(lambda: self.answer(name) == OLD, "an answer", lambda: self.answer(name))

    def push(self, tag: str, says: str) -> str:
        """Push an image as a build does; returns its repository and digest."""
        files = {"server.py": SERVER.format(says=says, health=200)}
        return self.images.push("shop/api", tag, files, ["python", "-S", "server.py"])

    def release(self, says: str) -> dict[str, Any]:
        """Push a commit and the image that its build would push: the laptop's builds have no Docker."""
        return self.migration.push(says, **{"images.json": json.dumps({SERVICE: self.push(says, says)})})

    def answer(self, name: str) -> str:
        """What the service of an environment answers."""
        variables = taken(name)["variables"]
        return self.bench.get(variables["api"], cluster=variables["cluster"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A stack with the first environment only; Copilot has deployed both."""
    group = settings(SECTION, "kiro-worker:github")
    assert [one["name"] for one in group["repositories"]] == [REPOSITORY]
    changes = {"repositories": group["repositories"], "environments": [taken(FIRST)]}
    made = Platform(tmp_path_factory.mktemp("copilot"), "test", print, changes=changes, wait_scale=0.1)
    with made as platform:
        shop = Shop(platform)
        shop.create(FIRST)
        shop.create(NEXT)
        yield shop


def test_a_service_of_copilot_goes_back_to_its_image_until_it_is_taken_over(shop: Shop) -> None:
    """The first release and its way back in each environment, by the commands of the guide and of its table."""
    record = shop.release("first")
    assert (record["outcome"], set(record["stages"])) == ("deployed", {FIRST}), record["reason"]
    assert (shop.answer(FIRST), shop.answer(NEXT)) == ("first", OLD)
    assert shop.migration.try_the_way_back() == (OLD, "first")

    shop.migration.driver.platform.change(environments=[taken(FIRST), taken(NEXT)])
    record = shop.release("both")
    assert (record["outcome"], set(record["stages"])) == ("deployed", {FIRST, NEXT}), record["reason"]
    assert (shop.answer(FIRST), shop.answer(NEXT)) == ("both", "both")
    assert shop.migration.back(NEXT, "--part", SERVICE)["outcome"] == "restored"
    assert (shop.answer(FIRST), shop.answer(NEXT)) == ("both", OLD)
    (service,) = kiro(shop.migration.driver, "status")[1]["parts"]
    assert service["part"] == f"shop/{SERVICE}"
    assert kiro(shop.migration.driver, "logs", record["deploymentId"])
    assert ACCOUNT in settings(SECTION, "kiro-worker:github")["repositories"][0]["images"][SERVICE]
