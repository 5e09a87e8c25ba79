import json

import pytest
import yaml
from conftest import ACCOUNT, REGION, ROOT, run
from storefront_stack.images import running_images

SERVICES = ("api", "web", "listener", "dns-worker")
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
SIZES = {
    "dev": (1, "db.t3.micro", False, False, 7),
    "staging": (2, "db.t3.small", False, False, 7),
    "prod": (3, "db.t3.medium", True, True, 30),
}


@pytest.mark.parametrize("stack", SIZES)
def test_each_environment_has_its_size(stacks, stack):
    """Tasks of each service, class of the database, zones, protection and days of backups."""
    (database,) = stacks[stack].of("rds/instance:Instance").values()
    keys = ("instanceClass", "multiAz", "deletionProtection", "backupRetentionPeriod")
    for service in stacks[stack].of("ecs/service:Service").values():
        assert (service["desiredCount"], *(database[key] for key in keys)) == SIZES[stack]


@pytest.mark.parametrize("stack", SIZES)
def test_the_database_is_private_and_encrypted(stacks, stack):
    """Only tasks reach it; where it is protected, a last snapshot would be left."""
    (database,) = stacks[stack].of("rds/instance:Instance").values()
    assert (database["storageEncrypted"], database["publiclyAccessible"]) == (True, False)
    assert database["skipFinalSnapshot"] == (stack != "prod")
    assert database.get("finalSnapshotIdentifier") == ("storefront-prod-last" if stack == "prod" else None)
    groups = stacks[stack].of("ec2/securityGroup:SecurityGroup")
    (rule,) = groups[f"storefront-{stack}-database"]["ingress"]
    assert (rule["fromPort"], rule["securityGroups"]) == (5432, [f"storefront-{stack}-tasks"])
    (rule,) = groups[f"storefront-{stack}-tasks"]["ingress"]
    assert (rule["fromPort"], rule["securityGroups"]) == (8080, [f"storefront-{stack}-balancer"])


@pytest.mark.parametrize("stack", SIZES)
def test_the_alarms_have_the_promised_limits(stacks, stack):
    """Errors over 5 % for 5 minutes, responses over 2 s for 10, CPU or memory over 80 % for 15."""
    alarms = stacks[stack].of("cloudwatch/metricAlarm:MetricAlarm")
    limits = {}
    for name, one in alarms.items():
        period = one.get("period") or one["metricQueries"][0]["metric"]["period"]
        limits[name.removeprefix(f"storefront-{stack}-")] = (one["threshold"], period * one["evaluationPeriods"] / 60)
        assert one["comparisonOperator"] == "GreaterThanThreshold"
        assert one["alarmActions"] == [f"arn of storefront-{stack}-alarms"]
    assert limits == {
        **{f"{service}-errors": (5, 5) for service in ("api", "web")},
        **{f"{service}-response": (2, 10) for service in ("api", "web")},
        **{f"{service}-{metric}": (80, 15) for service in SERVICES for metric in ("cpu", "memory")},
    }


@pytest.mark.parametrize("stack", SIZES)
def test_the_manifest_names_alarms_and_services_that_are_there(stacks, stack):
    """Each name in `delivery.yml` is one of the program, and each alarm of the program is watched."""
    services = yaml.safe_load((ROOT / "delivery.yml").read_text("utf-8"))["services"]
    named = [alarm for one in services.values() for kind in one["alarms"].values() for alarm in kind]
    alarms = stacks[stack].of("cloudwatch/metricAlarm:MetricAlarm")
    assert sorted(alarm.replace("{environment}", stack) for alarm in named) == sorted(alarms)
    made = stacks[stack].of("ecs/service:Service").values()
    assert {one["service"] for one in services.values()} == {one["name"] for one in made} == set(SERVICES)
    assert {one["cluster"].replace("{environment}", stack) for one in services.values()} == {f"storefront-{stack}"}
    assert list(stacks[stack].of("ecs/cluster:Cluster")) == [f"storefront-{stack}"]


def test_people_are_told_of_every_failed_deployment(stacks):
    """The rule hears ECS's event about services of this cluster, and may publish it."""
    (rule,) = stacks["prod"].of("cloudwatch/eventRule:EventRule").values()
    pattern = json.loads(rule["eventPattern"])
    assert pattern["detail"] == {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]}
    assert pattern["resources"] == [{"wildcard": "arn:*:service/storefront-prod/*"}]
    (policy,) = stacks["prod"].of("sns/topicPolicy:TopicPolicy").values()
    assert "events.amazonaws.com" in policy["policy"]


def test_requests_can_be_shifted(stacks):
    """The API has two target groups and a rule, whose weights the program leaves to ECS; HTTP leads to HTTPS."""
    api = stacks["prod"].of("ecs/service:Service")["storefront-prod-api"]
    (behind,) = api["loadBalancers"]
    groups = [behind["targetGroupArn"], behind["advancedConfiguration"]["alternateTargetGroupArn"]]
    assert groups == [f"arn of storefront-prod-api-{one}" for one in ("a", "b")]
    assert api["deploymentConfiguration"]["strategy"] == "ROLLING"
    listeners = stacks["prod"].of("lb/listener:Listener")
    assert listeners["storefront-prod-http"]["defaultActions"][0]["redirect"]["protocol"] == "HTTPS"


def test_services_are_created_with_the_first_images(stacks):
    """In an empty account each runs the tag of the configuration; the password comes from Secrets Manager alone."""
    definitions = stacks["dev"].of("ecs/taskDefinition:TaskDefinition")
    for service in SERVICES:
        text = definitions[f"storefront-dev-{service}"]["containerDefinitions"]
        (container,) = json.loads(text)
        assert container["image"] == f"{REGISTRY}/{service}:v0.1.0"
        assert bool(container["secrets"]) == (service != "web")
        assert "a password" not in text


def test_an_image_that_runs_is_kept(ecs):
    """What the platform has deployed is what the program goes on with; without service or cluster nothing runs."""
    assert running_images(ecs, "storefront-dev", list(SERVICES)) == {}
    image = f"{REGISTRY}/api@sha256:{64 * '1'}"
    ecs.create_cluster(clusterName="storefront-dev")
    ecs.register_task_definition(
        family="storefront-dev-api",
        containerDefinitions=[{"name": "app", "image": image, "memory": 512}],
    )
    ecs.create_service(cluster="storefront-dev", serviceName="api", taskDefinition="storefront-dev-api", desiredCount=1)
    assert running_images(ecs, "storefront-dev", list(SERVICES)) == {"api": image}


def test_only_the_application_repository_pushes_images():
    """Tags are immutable; the role is for branches of one repository, and for these four image repositories."""
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    config = {"storefront:repository": "acme/storefront", "storefront:oidcProviderArn": provider}
    registry = run(ROOT / "registry" / "__main__.py", "all", config)
    assert {name: one["imageTagMutability"] for name, one in registry.of("ecr/repository:Repository").items()} == (
        dict.fromkeys(SERVICES, "IMMUTABLE")
    )
    (role,) = registry.of("iam/role:Role").values()
    (statement,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
        "StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/storefront:ref:refs/heads/*"},
    }
    (policy,) = registry.of("iam/rolePolicy:RolePolicy").values()
    push, login = json.loads(policy["policy"])["Statement"]
    assert push["Resource"] == [f"arn of {service}" for service in SERVICES]
    assert login["Action"] == "ecr:GetAuthorizationToken"
