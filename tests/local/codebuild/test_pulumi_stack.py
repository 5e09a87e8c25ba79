"""The build of the platform that applies a Pulumi stack: what it changes, records and leaves.

The layout of the state is that of https://github.com/pulumi/pulumi/tree/v3.272.0/pkg/backend/diy.
"""

import io
import json
import socket
import uuid
import warnings
import zipfile
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.pulumi_states import PulumiStates
from functions.buildspecs.pulumi_stack import stack as applied
from functions.buildspecs.pulumi_stack.aws import Aws
from functions.buildspecs.pulumi_stack.order import Order
from functions.buildspecs.work_item.errors import WorkError
from functions.domain.manifests import Part
from functions.domain.pulumi_stacks import folder_of, running
from functions.targets.pulumi import BUILDSPEC, PulumiTarget
from tests.functions.samples import COMMIT, DEPLOYMENT, OLDER, RELEASE, environment
from tests.local.codebuild.conftest import Record, Workbench

QUEUE = """
import pulumi
from pulumi_aws import sqs

queue = sqs.Queue("work", name="{name}", visibility_timeout_seconds={seconds})
pulumi.export("queue", queue.name)
pulumi.export("seconds", queue.visibility_timeout_seconds)
{more}
"""
SETTINGS = {"project": "shop", "projectFile": "infra/Pulumi.yaml", "stack": "{environment}", "config": {}}
PART = Part("shop/infrastructure", "pulumi", "build", settings=SETTINGS)


class OneSession:
    """The clients of the tests, under every role."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def client(self, service: str, **_: str) -> Any:
        """The client of a service."""
        return self._bench.aws.client(service)

    def setting(self, name: str) -> str:
        """The key of the program."""
        assert name == "PULUMI_PROGRAM"
        return "program.zip"


@dataclass
class Site:
    """A bucket for the state, the sources and the program, and a project that deploys."""

    bench: Workbench
    bucket: str = ""
    project: str = ""
    queue: str = field(default_factory=lambda: f"work-{uuid.uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        self.bucket = self.bench.bucket(**{"program.zip": zipped(program())})
        self.project = self.bench.project("version: 0.2")
        region = self.bench.aws.region
        self.where = folder_of(self.bucket, region, "production", RELEASE.repository, "shop", "production")
        self.key = self.bench.aws.client("kms").create_key()["KeyMetadata"]["KeyId"]

    @property
    def environment(self) -> Any:
        """The environment with this bucket."""
        return environment(pulumi_bucket=self.bucket, region=self.bench.aws.region)

    def apply(self, commit: str, seconds: int = 30, more: str = "", **changes: Any) -> Record:
        """Run the build for a commit to its end."""
        target: Any = PulumiTarget(OneSession(self.bench))  # type: ignore[arg-type]
        recipe = target.recipe(self.environment, PART, replace(RELEASE, commit=commit), DEPLOYMENT)
        files = {
            "infra/Pulumi.yaml": "name: shop\nruntime: python\n",
            "infra/Pulumi.production.yaml": f"secretsprovider: awskms://{self.key}\n",
            "infra/__main__.py": QUEUE.format(name=self.queue, seconds=seconds, more=more),
            **changes,
        }
        self.bench.aws.client("s3").put_object(Bucket=self.bucket, Key="source.zip", Body=zipped(files))
        variables = [{"name": name, "value": value} for name, value in recipe.variables.items()]
        return self.bench.finish(
            self.bench.start(
                self.project,
                sourceTypeOverride="S3",
                sourceLocationOverride=f"{self.bucket}/source.zip",
                secondarySourcesOverride=[
                    {"type": "S3", "location": f"{self.bucket}/{recipe.program}", "sourceIdentifier": "program"}
                ],
                artifactsOverride={
                    "type": "S3",
                    "location": self.bucket,
                    "path": "out",
                    "name": "out.zip",
                    "namespaceType": "NONE",
                    "packaging": "ZIP",
                },
                buildspecOverride=recipe.buildspec,
                environmentVariablesOverride=variables,
                timeoutInMinutesOverride=400,
            )
        )

    def runs(self) -> str | None:
        """The commit that the state says runs."""
        states: Any = PulumiStates(OneSession(self.bench))  # type: ignore[arg-type]
        return running(states.read(self.environment, self.where))

    def seconds(self) -> str:
        """What the queue really has."""
        sqs = self.bench.aws.client("sqs")
        url = sqs.get_queue_url(QueueName=self.queue)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        return str(found["VisibilityTimeout"])

    def output(self, name: str) -> Any:
        """A file of the last artifact."""
        raw = self.bench.aws.client("s3").get_object(Bucket=self.bucket, Key="out/out.zip")["Body"].read()
        return json.loads(zipfile.ZipFile(io.BytesIO(raw)).read(name))

    def put(self, key: str, content: Any) -> None:
        """Write an object beside the state."""
        self.bench.aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=json.dumps(content).encode())

    def locks(self) -> list[str]:
        """The locks of the stack."""
        listed = self.bench.aws.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=self.where.unfinished[0])
        return [one["Key"] for one in listed.get("Contents", [])]

    def leave_lock(self, host: str, build: str) -> str:
        """A lock as an update leaves it that died, and the word that a build left of itself."""
        key = f"{self.where.unfinished[0]}{uuid.uuid4()}.json"
        at = "2026-01-31T08:00:00Z"
        self.put(key, {"pid": 7, "username": "root", "hostname": host, "timestamp": at})
        self.put(f"{self.where.folder}/runs/shop/production.json", {"host": socket.gethostname(), "build": build})
        return key

    def taking_over(self) -> applied.Stack:
        """The program of a build that is about to apply the stack, in this process."""
        where, settings = self.where, {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        runs = f"{where.folder}/runs/shop/production.json"
        order = Order(where.url, self.bucket, where.region, where.unfinished[0], runs, where.name, ".", {}, "")
        ends = {
            "AWS_ENDPOINT_URL": self.bench.aws.endpoint,
            "AWS_ENDPOINT_URL_CODEBUILD": str(self.bench.aws.codebuild_endpoint),
            "AWS_REGION": where.region,
        }
        return applied.Stack(order, {**settings, **ends}, BUILDSPEC.parent)


def program() -> dict[str, str]:
    """The files of the program, as the stack uploads them."""
    with warnings.catch_warnings():
        # The SDK loads a service when it is first asked for something of it, and warns of its own deprecated modules.
        warnings.simplefilter("ignore", DeprecationWarning)
        from components.platform.programs import stack_program
    return {name: file.read_text("utf-8") for name, file in stack_program().items()}


def zipped(files: dict[str, str]) -> bytes:
    """A zip archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture
def site(bench: Workbench) -> Site:
    """A stack that was never applied."""
    return Site(bench)


def ended(site: Site) -> str:
    """A build that has ended."""
    return str(site.bench.run("version: 0.2\nphases: {build: {commands: [true]}}")["id"])


@pytest.mark.long
def test_a_stack_is_applied_and_goes_back(site: Site) -> None:
    """R5, F8: each release really changes the queue, and the state names the commit, forward and back."""
    assert site.runs() is None
    build = site.apply(OLDER, 30)
    assert build["buildStatus"] == "SUCCEEDED", site.bench.log(build)
    assert (site.runs(), site.seconds()) == (OLDER, "30")
    assert site.output("outputs.json") == {"queue": site.queue, "seconds": "30"}
    assert site.apply(COMMIT, 45)["buildStatus"] == "SUCCEEDED"
    assert (site.runs(), site.seconds()) == (COMMIT, "45")
    assert site.output("preview.json")["changeSummary"] == {"update": 1}
    # An error after the change of the queue: the update is recorded as failed, and nobody knows what runs.
    failing = "queue.url.apply(lambda _: pulumi.runtime.is_dry_run() or 1 / 0)"
    assert site.apply(COMMIT, 60, failing)["buildStatus"] == "FAILED"
    assert (site.runs(), site.seconds()) == (None, "60")
    assert site.apply(OLDER, 30)["buildStatus"] == "SUCCEEDED"
    assert (site.runs(), site.seconds(), site.locks()) == (OLDER, "30", [])


@pytest.mark.long
def test_a_program_that_fails_in_its_preview_changes_nothing(site: Site) -> None:
    """The build fails before anything is changed, and says which command failed; the state stays as it was."""
    assert site.apply(OLDER, 30)["buildStatus"] == "SUCCEEDED"
    build = site.apply(COMMIT, 45, "raise ValueError('no such zone')")
    assert build["buildStatus"] == "FAILED"
    log = "".join(site.bench.log(build))
    assert "no such zone" in log
    assert "`pulumi preview` of organization/shop/production failed" in log
    assert (site.runs(), site.seconds()) == (OLDER, "30")


@pytest.mark.long
def test_the_lock_of_a_build_that_died_is_cancelled(site: Site) -> None:
    """Until then nobody knows what runs; the next build of ours takes the stack over."""
    assert site.apply(OLDER, 30)["buildStatus"] == "SUCCEEDED"
    site.leave_lock(socket.gethostname(), ended(site))
    assert site.runs() is None
    build = site.apply(COMMIT, 45)
    assert build["buildStatus"] == "SUCCEEDED", site.bench.log(build)
    assert (site.runs(), site.seconds(), site.locks()) == (COMMIT, "45", [])


def test_the_lock_of_a_person_stays(site: Site) -> None:
    """Whoever works on the stack by hand is named, with the next step; nothing is taken from them."""
    lock = site.leave_lock("ada-laptop", ended(site))
    there = Aws(site.where.region, site.taking_over()._variables)
    with pytest.raises(WorkError, match=r"is locked by root@ada-laptop since .* no build of the platform: wait for"):
        site.taking_over()._take_over(there)
    assert site.locks() == [lock]


def test_the_lock_of_a_build_that_runs_stays(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that CodeBuild does not know may still write: it is waited for, and not cancelled."""
    monkeypatch.setattr(applied, "_END_SECONDS", 0.1)
    monkeypatch.setattr(applied, "_LOOK_SECONDS", 0.05)
    endless = site.bench.start(site.bench.project("version: 0.2\nphases: {build: {commands: [sleep 60]}}"))
    for build in (endless, f"{site.project}:00000000-0000-0000-0000-000000000000"):
        lock = site.leave_lock(socket.gethostname(), build)
        there = Aws(site.where.region, site.taking_over()._variables)
        with pytest.raises(WorkError, match=f"is locked by the build {build}, which has not ended"):
            site.taking_over()._take_over(there)
        assert lock in site.locks()
    site.bench.codebuild.stop_build(id=endless)


def test_a_stack_without_a_key_is_refused(site: Site) -> None:
    """Its secrets would need a passphrase, which the platform does not have; nothing is run."""
    with pytest.raises(WorkError, match=r"Pulumi\.production\.yaml has no `secretsprovider: awskms://…`: create"):
        site.taking_over().apply()


def test_keys_are_listed_to_the_end(site: Site) -> None:
    """More objects than one page has, with characters that a signature encodes."""
    names = [f"a b/{number}+~é.json" for number in range(3)]
    for name in names:
        site.put(name, {})
    there = Aws(site.where.region, site.taking_over()._variables)
    assert list(there.keys(site.bucket, "a b/")) == sorted(names)
    assert there.get(site.bucket, names[0]) == b"{}"
    assert there.get(site.bucket, "missing") is None
