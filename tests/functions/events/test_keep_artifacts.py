"""What a rollback or a build needs does not expire (I3)."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.artifacts import Artifacts
from functions.adapters.build_programs import BuildPrograms
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environment_names import EnvironmentNames
from functions.adapters.environments_table import EnvironmentsTable
from functions.events import keep_artifacts as handler
from functions.events.keep_artifacts import keep_artifacts
from tests.functions.delivered import runs
from tests.functions.samples import RELEASE, SERVICE, state, version
from tests.functions.stack import BUCKET, SETTINGS, Stack, undeclared

GOOD, RUNS, OLD = (f"builds/acme/hello-service/build/{name}/build.zip" for name in ("good", "runs", "old"))
SOURCE = "sources/acme/hello-service/1.zip"
PROGRAMS = SETTINGS["BUILD_PROGRAMS"].split(",")


class Later(Clock):
    """A clock that is so many days ahead."""

    def __init__(self, days: int) -> None:
        self._ahead = timedelta(days=days)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


@pytest.fixture(autouse=True)
def _bucket(stack: Stack) -> None:
    """An environment in which a part runs, and has a last known good; every object is in the bucket."""
    client = stack.client("s3")
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for key in (GOOD, RUNS, OLD, SOURCE, *PROGRAMS):
        client.upload_fileobj(BytesIO(key.encode()), BUCKET, key)
    good, now = (replace(version(), artifact=key, source=SOURCE) for key in (GOOD, RUNS))
    runs(stack, replace(state(SERVICE, now), good=good))


def run(stack: Stack, days: int) -> handler.Output:
    """One run so many days later, with the permissions of the function."""
    aws, event = stack.clients, dict[str, Any]()
    stack.recording = True
    done = keep_artifacts(
        event,
        EnvironmentNames.connect(aws),
        EnvironmentsTable.connect(aws),
        DeploymentsTable.connect(aws),
        Artifacts.connect(aws),
        BuildPrograms.connect(aws),
        Later(days),
    )
    stack.recording = False
    undeclared(handler, stack.calls)
    return done


def test_what_is_needed_is_written_anew_before_it_expires(stack: Stack) -> None:
    """Source and artifact of what runs and of what is good, and the program; nothing else, and not too often."""
    assert run(stack, 59).renewed == ()
    assert set(run(stack, 61).renewed) == {GOOD, RUNS, SOURCE, *PROGRAMS}
    versions = stack.client("s3").list_object_versions(Bucket=BUCKET)["Versions"]
    numbers = {key: sum(one["Key"] == key for one in versions) for key in (GOOD, RUNS, OLD)}
    assert numbers == {GOOD: 2, RUNS: 2, OLD: 1}
    assert stack.client("s3").get_object(Bucket=BUCKET, Key=GOOD)["Body"].read() == GOOD.encode()


def test_it_is_written_as_the_version_that_was_judged(stack: Stack) -> None:
    """I1: what a build wrote over it later does not become what a rollback deploys."""
    client = stack.client("s3")
    (judged,) = client.list_object_versions(Bucket=BUCKET, Prefix=GOOD)["Versions"]
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin("good", RELEASE, "arn:e", "push")
    deployments.note("good", artifactVersion=judged["VersionId"])
    client.upload_fileobj(BytesIO(b"forged"), BUCKET, GOOD)
    run(stack, 61)
    assert client.get_object(Bucket=BUCKET, Key=GOOD)["Body"].read() == GOOD.encode()


def test_what_is_missing_is_reported_and_stops_nothing(stack: Stack) -> None:
    """R4: the approval page names it, too."""
    stack.client("s3").delete_object(Bucket=BUCKET, Key=GOOD)
    done = run(stack, 61)
    assert (done.missing, RUNS in done.renewed) == ((GOOD,), True)
