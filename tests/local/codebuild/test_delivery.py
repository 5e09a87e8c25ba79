"""The event bridge delivers a build's events to the targets of rules."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from local.clients import Clients, clients
from local.codebuild import CodeBuildServer
from local.event_bridge import ServiceEvents
from tests.local.codebuild.conftest import Workbench

if TYPE_CHECKING:
    from pathlib import Path

    from local.emulator import Emulator


def test_finished_build_reaches_a_queue(emulator: Emulator, aws: Clients, tmp_path: Path) -> None:
    """A rule for failed builds of a project gets exactly one event for a failed build."""
    sqs, events = aws.client("sqs"), aws.client("events")
    url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    with (
        ServiceEvents(aws) as bridge,
        CodeBuildServer(
            emulator.endpoint, emulator.region, emulator.account, tmp_path, bridge.publish, build_environment={}
        ) as server,
        clients(emulator.endpoint, emulator.region, server.endpoint) as with_codebuild,
    ):
        bench = Workbench(with_codebuild, server)
        project = bench.project("version: 0.2\nphases: {build: {commands: [exit 4]}}\n")
        detail = {"build-status": ["FAILED", "FAULT", "STOPPED", "TIMED_OUT"], "project-name": [project]}
        pattern = {"source": ["aws.codebuild"], "detail-type": ["CodeBuild Build State Change"], "detail": detail}
        events.put_rule(Name=project, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=project, Targets=[{"Id": "queue", "Arn": arn}])
        build = bench.finish(bench.start(project))
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(message["Body"])["detail"]["build-id"] for message in messages] == [build["arn"]]
