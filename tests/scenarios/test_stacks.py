"""A service that is a Pulumi stack of the delivered repository, over real HTTP: applied, and taken back (F8, R5)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.adapters.pulumi_states import PulumiStates
from functions.domain.pulumi_stacks import folder_of, running
from local.platform import Platform
from local.service import Traffic, get
from local.settings import ACCOUNT, REPOSITORY
from tests.scenarios.driver import PlatformDriver

pytestmark = pytest.mark.long

BUCKET, POLICY = "pulumi-states", "stacks-deploy"
MANIFEST = """version: 1
name: shop
build: {buildspec: buildspec.yml, junit: [junit.xml], cobertura: coverage.xml}
services:
  site:
    kind: pulumi
    project: shop
    projectFile: infra/Pulumi.yaml
    config: {greeting: "hello from {environment}"}
    health: {url: "{url}/health"}
"""
BUILD = "version: 0.2\nphases: {build: {commands: [true]}}\nartifacts: {files: [junit.xml, coverage.xml]}\n"
JUNIT = '<testsuite name="t"><testcase classname="c" name="n"/></testsuite>'
COVERAGE = '<coverage line-rate="1" branch-rate="1" lines-valid="1" lines-covered="1" version="1" timestamp="1"/>'
PROGRAM = '''"""A function with an address; it answers the commit that was applied."""

import json
import os

import pulumi
from pulumi_aws import iam, lambda_

trust = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
answer = {"version": os.environ["KIRO_COMMIT"], "greeting": pulumi.Config().require("greeting")}
code = f"""import json
def handler(event, context):
    return {{"statusCode": STATUS, "body": json.dumps({answer!r}), "headers": {{"content-type": "application/json"}}}}
"""
role = iam.Role("site", name="site-role", assume_role_policy=json.dumps(trust))
function = lambda_.Function(
    "site",
    name="site",
    role=role.arn,
    handler="page.handler",
    runtime="python3.13",
    code=pulumi.AssetArchive({"page.py": pulumi.StringAsset(code)}),
)
url = lambda_.FunctionUrl("site", function_name=function.name, authorization_type="NONE")
for name, action, more in (
    ("url", "lambda:InvokeFunctionUrl", {"function_url_auth_type": "NONE"}),
    ("invoke", "lambda:InvokeFunction", {"invoked_via_function_url": True}),
):
    lambda_.Permission(name, function=function.name, statement_id=name, action=action, principal="*", **more)
pulumi.export("url", url.function_url.apply(lambda found: found.rstrip("/")))
'''


class Stacks(Platform):
    """A platform with one environment, which keeps states of stacks."""

    def start_services(self) -> None:
        """Create what an operator creates: the bucket and its key, and the policy of what stacks may change."""
        super().start_services()
        self.clients.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": self.emulator.region}
        )
        self.key = self.clients.client("kms").create_key()["KeyMetadata"]["Arn"]
        allowed = [
            {"Effect": "Allow", "Action": ["iam:*Role*"], "Resource": f"arn:aws:iam::{ACCOUNT}:role/site-*"},
            {"Effect": "Allow", "Action": ["lambda:*"], "Resource": f"arn:aws:lambda:*:{ACCOUNT}:function:site"},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        arn = self.clients.client("iam").create_policy(PolicyName=POLICY, PolicyDocument=document)["Policy"]["Arn"]
        (environment,) = self._changes["environments"]
        environment |= {"pulumiBucket": BUCKET, "pulumiKeyArn": self.key, "deployPolicyArns": [arn]}


class Site:
    """The delivered repository, whose service is a stack."""

    def __init__(self, platform: Stacks) -> None:
        self.driver = PlatformDriver(platform)
        files = {
            "delivery.yml": MANIFEST,
            "buildspec.yml": BUILD,
            "junit.xml": JUNIT,
            "coverage.xml": COVERAGE,
            "infra/Pulumi.yaml": "name: shop\nruntime: python\nconfig: {greeting: {type: string}}\n",
            "infra/Pulumi.test.yaml": f"secretsprovider: awskms:///{platform.key}?region={platform.emulator.region}\n",
        }
        for name, text in files.items():
            file = Path(self.driver.author.folder, name)
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, "utf-8")

    def deploy(self, status: int) -> str:
        """Deploy a program whose function answers with this status; returns the commit."""
        program = Path(self.driver.author.folder, "infra/__main__.py")
        program.write_text(PROGRAM.replace("STATUS", str(status)), "utf-8")
        commit = self.driver.author.push(f"feat: answer {status}")
        self.driver.deployed(commit)
        return commit

    @property
    def url(self) -> str:
        """The address, which is an output of the stack."""
        key = {"environment": "test", "part": "shop/site"}
        return str(self.driver.table("environmentsTable").get_item(Key=key)["Item"]["outputs"]["url"])

    def said(self) -> str:
        """The end of the logs of the builds that applied the stack, for a test that fails."""
        logs, prefix = self.driver.platform.clients.client("logs"), "/aws/codebuild/kiro-pipeline-test-deploy-test"
        (group,) = [one["logGroupName"] for one in logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]]
        return "".join(one["message"] for one in logs.filter_log_events(logGroupName=group)["events"])[-3000:]

    def runs(self) -> str | None:
        """The commit that Pulumi's own record names."""
        platform = self.driver.platform
        where = folder_of(BUCKET, platform.emulator.region, "test", REPOSITORY, "shop", "test")
        reader: Any = PulumiStates(_Clients(platform))  # type: ignore[arg-type]
        return running(reader.read(_Environment, where))


class _Environment:
    region, read_role_arn = "", ""


class _Clients:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def client(self, service: str, **_: str) -> Any:
        return self._platform.clients.client(service)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A platform of its own, on which a first release runs."""
    environment = {
        "name": "test",
        "watchSeconds": 2,
        "stabiliseSeconds": 1,
        "protected": False,
        "demandedGates": ["tests", "coverage"],
    }
    made = Stacks(
        tmp_path_factory.mktemp("stacks"), "test", print, changes={"environments": [environment]}, wait_scale=0.1
    )
    with made as platform:
        assert isinstance(platform, Stacks)
        yield Site(platform)


def test_a_stack_is_applied_and_a_bad_release_goes_back(site: Site) -> None:
    """Before, during and after: each answer is that of one of the two releases, and the good one answers in the end."""
    good = site.deploy(200)
    record = site.driver.record(good)
    assert record["outcome"] == "deployed", record["reason"] + site.said()
    assert get(site.url) == (200, {"version": good, "greeting": "hello from test"})
    assert site.runs() == good
    with Traffic(site.url) as traffic:
        bad = site.deploy(500)
    record = site.driver.record(bad)
    assert (record["outcome"], record["stages"]["test"]["result"]) == ("restored", "restored"), record["reason"]
    assert set(traffic.answers) == {200, 500}
    assert get(site.url) == (200, {"version": good, "greeting": "hello from test"})
    assert site.runs() == good
    assert site.driver.left_behind() == {"locks": [], "waits": []}
