"""RecordPart: the version that runs now, and its outputs."""

from typing import Any

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.errors import SourceError, StaleLeaseError
from functions.domain.images import Image
from functions.domain.locks import Lease
from functions.domain.records import PlannedChange
from tests.functions.delivered import artifact, parts, runs, uploaded
from tests.functions.samples import COMMAND, COMMIT, DEPLOYMENT, LEASE, RELEASE, SERVICE, state, version
from tests.functions.stack import BUCKET, Stack

OUTPUT = f"deployments/{DEPLOYMENT}/production-infrastructure.zip"


def record(stack: Stack, **changes: Any) -> Any:
    """Run the handler."""
    wanted = {
        "deploymentId": DEPLOYMENT,
        "release": RELEASE,
        "environment": "production",
        "part": SERVICE,
        "version": "2",
        "source": "sources/s.zip",
        "artifact": "deployments/b.zip",
        "output": OUTPUT,
        "digest": "",
        "lease": LEASE,
    }
    return stack.run("stage.record_part", {**wanted, **changes})


def test_what_runs_is_recorded_and_the_good_one_stays(stack: Stack) -> None:
    """The new version has not passed its watch; it has the order of its release."""
    runs(stack, state())
    record(stack)
    found = parts(stack)["hello"]
    assert found.running
    assert (found.running.commit, found.running.version, found.running.source) == (COMMIT, "2", "sources/s.zip")
    assert found.running.order == RELEASE.order
    assert (found.good, found.definition) == (version(), SERVICE)


def test_the_first_version_has_no_good_one_before_it(stack: Stack) -> None:
    """A repetition changes the time only."""
    first, second = record(stack), record(stack)
    assert first["good"] is None
    assert {**first["running"], "at": ""} == {**second["running"], "at": ""}


def test_the_outputs_of_a_command_are_read_from_its_artifact(stack: Stack) -> None:
    """`outputs.json`, texts only."""
    artifact(stack, OUTPUT, {"outputs.json": '{"url": "http://x", "port": 80}'})
    record(stack, part=COMMAND, digest=uploaded(stack, OUTPUT))
    assert parts(stack)["infrastructure"].outputs == {"url": "http://x", "port": "80"}


def test_a_command_may_have_no_outputs(stack: Stack) -> None:
    """No artifact, or one without the file."""
    record(stack, part=COMMAND)
    artifact(stack, OUTPUT, {"other": ""})
    record(stack, part=COMMAND, digest=uploaded(stack, OUTPUT))
    assert parts(stack)["infrastructure"].outputs == {}


@pytest.mark.parametrize("content", ["{", "[1]", "[" * 100_000])
def test_outputs_of_another_format_are_an_error(stack: Stack, content: str) -> None:
    """The error names artifact and file."""
    artifact(stack, OUTPUT, {"outputs.json": content})
    with pytest.raises(SourceError, match=r"infrastructure\.zip: outputs\.json"):
        record(stack, part=COMMAND, digest=uploaded(stack, OUTPUT))


def test_an_artifact_that_is_no_archive_is_named(stack: Stack) -> None:
    """The error names the object."""
    stack.client("s3").put_object(Bucket=BUCKET, Key=OUTPUT, Body=b"no zip")
    with pytest.raises(SourceError, match=r"s3://.*infrastructure\.zip is not a zip archive"):
        record(stack, part=COMMAND, digest=uploaded(stack, OUTPUT))


def test_the_image_of_a_request_is_recorded(stack: Stack) -> None:
    """M3: what runs is known by the digest, and people see the tag."""
    image = Image("registry/hello", "v1.2.3", "sha256:1")
    planned = {"planned_production": PlannedChange(images={"hello": image})}
    DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, **planned)
    record(stack)
    running = parts(stack)["hello"].running
    assert running
    assert (running.image, running.label) == (image, "v1.2.3")


def test_a_stale_lease_records_nothing(stack: Stack) -> None:
    """Q1: the record belongs to the newer lock owner."""
    runs(stack, state(), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError):
        record(stack)
    assert parts(stack)["hello"].running == version()
