"""The endpoint answers boto3 as CodeBuild does, also when a call is wrong."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tests.local.codebuild.conftest import Workbench

SPEC = "version: 0.2\nphases: {build: {commands: [ls]}}\n"


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    """Return the code of the error a call is answered with."""
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    return str(raised.value.response["Error"]["Code"])


def test_projects(bench: Workbench) -> None:
    """A project is created once, read by name and ARN, updated in part, listed and deleted."""
    name = bench.project(SPEC, description="before", tags=[{"key": "k", "value": "v"}])
    client = bench.codebuild
    project = client.batch_get_projects(names=[name, "nobody"])
    assert project["projectsNotFound"] == ["nobody"]
    created = project["projects"][0]
    assert (created["timeoutInMinutes"], created["queuedTimeoutInMinutes"]) == (60, 480)
    assert created["arn"].endswith(f":project/{name}")
    updated = client.update_project(name=name, description="after")["project"]
    assert (updated["description"], updated["tags"]) == ("after", created["tags"])
    assert client.batch_get_projects(names=[created["arn"]])["projects"][0]["description"] == "after"
    assert name in client.list_projects()["projects"]
    client.delete_project(name=name)
    assert client.batch_get_projects(names=[name])["projects"] == []


def test_refusals(bench: Workbench) -> None:
    """Wrong calls are refused with AWS's codes."""
    client, name = bench.codebuild, bench.project(SPEC)
    settings = client.batch_get_projects(names=[name])["projects"][0]
    copied = {key: settings[key] for key in ("name", "source", "artifacts", "environment", "serviceRole")}
    assert refused(client.create_project, **copied) == "ResourceAlreadyExistsException"
    assert refused(client.update_project, name="nobody") == "ResourceNotFoundException"
    assert refused(client.start_build, projectName="nobody") == "ResourceNotFoundException"
    assert refused(client.stop_build, id="nobody:1") == "ResourceNotFoundException"
    assert refused(client.start_build, projectName=name, computeTypeOverride="HUGE") == "InvalidInputException"
    assert refused(client.start_build, projectName=name, timeoutInMinutesOverride=9999) == "InvalidInputException"
    assert refused(client.start_build, projectName=name, sourceTypeOverride="S3") == "InvalidInputException"
    assert refused(client.list_builds, nextToken="x") == "InvalidInputException"
    assert refused(client.list_fleets) == "InvalidInputException"


def test_unchecked_client(bench: Workbench) -> None:
    """A request that no SDK would send is refused, and the error names the wrong part."""
    request = urllib.request.Request(
        bench.server.endpoint,
        data=json.dumps({"projectName": 7, "surprise": 1}).encode(),
        headers={"X-Amz-Target": "CodeBuild_20161006.StartBuild"},
    )
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request)
    with raised.value as answer:
        error = json.loads(answer.read())
    assert error["__type"] == "InvalidInputException"
    assert "projectName" in error["message"]
    assert "surprise" in error["message"]


def test_idempotency_token(bench: Workbench) -> None:
    """A repeated token returns the same build for the same parameters, and is refused for others."""
    name, token = bench.project(SPEC), uuid.uuid4().hex
    first = bench.start(name, idempotencyToken=token)
    assert bench.start(name, idempotencyToken=token) == first
    assert bench.start(name) != first
    again = {"projectName": name, "idempotencyToken": token, "sourceVersion": "other"}
    assert refused(bench.codebuild.start_build, **again) == "InvalidInputException"


def test_builds(bench: Workbench) -> None:
    """Builds are numbered, listed newest first, read by id and ARN, and deleted when complete."""
    name, client = bench.project(SPEC), bench.codebuild
    builds = [bench.finish(bench.start(name)) for _ in range(2)]
    assert [build["buildNumber"] for build in builds] == [1, 2]
    ids = [build["id"] for build in builds]
    assert client.list_builds_for_project(projectName=name)["ids"] == ids[::-1]
    assert client.list_builds_for_project(projectName=name, sortOrder="ASCENDING")["ids"] == ids
    assert client.list_builds()["ids"][:2] == ids[::-1]
    assert client.batch_get_builds(ids=[builds[0]["arn"]])["builds"][0]["id"] == ids[0]
    assert client.batch_delete_builds(ids=ids)["buildsDeleted"] == ids
    assert client.batch_get_builds(ids=ids)["buildsNotFound"] == ids


def test_report_groups(bench: Workbench) -> None:
    """Report groups are created once, read, changed and deleted."""
    client, name = bench.codebuild, f"group-{uuid.uuid4().hex[:8]}"
    settings = {"name": name, "type": "TEST", "exportConfig": {"exportConfigType": "NO_EXPORT"}}
    arn = client.create_report_group(**settings)["reportGroup"]["arn"]
    assert refused(client.create_report_group, **settings) == "ResourceAlreadyExistsException"
    client.update_report_group(arn=arn, tags=[{"key": "k", "value": "v"}])
    groups = client.batch_get_report_groups(reportGroupArns=[arn, f"{arn}x"])
    assert groups["reportGroups"][0]["tags"] == [{"key": "k", "value": "v"}]
    assert groups["reportGroupsNotFound"] == [f"{arn}x"]
    assert client.list_reports_for_report_group(reportGroupArn=arn)["reports"] == []
    client.delete_report_group(arn=arn)
    assert refused(client.list_reports_for_report_group, reportGroupArn=arn) == "ResourceNotFoundException"
