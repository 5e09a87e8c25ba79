"""A laptop run has ECS where an environment has services of it, and its events reach the rules of the account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.platform import Platform
from tests.local.ecs.support import CLUSTER, Workbench

if TYPE_CHECKING:
    from pathlib import Path

PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"]}


def test_a_run_with_ecs(tmp_path: Path) -> None:
    """A rule of the default bus gets the pause of a canary, with the deployment that it is about."""
    environment = {"name": "test", "ecsServices": ["shop/api"]}
    platform = Platform(tmp_path, "test", lambda _: None, changes={"environments": [environment]}, wait_scale=0.01)
    try:
        platform.start_services()
        assert platform.ecs
        bench, aws = Workbench(platform.clients, platform.ecs), platform.clients
        queue = aws.client("sqs").create_queue(QueueName="hooks")["QueueUrl"]
        arn = f"arn:aws:sqs:{aws.region}:{platform.ecs.account}:hooks"
        pattern = {"source": ["aws.ecs"], "detail-type": ["ECS Hook State Change"]}
        aws.client("events").put_rule(Name="hooks", EventPattern=json.dumps(pattern))
        aws.client("events").put_targets(Rule="hooks", Targets=[{"Id": "queue", "Arn": arn}])
        bench.ecs.create_cluster(clusterName=CLUSTER)
        name = bench.service(bench.image("old"))
        deployment = bench.update(name, bench.image("new"), strategy="CANARY", lifecycleHooks=[PAUSE])
        hook = bench.paused(deployment, 0.0)

        def received() -> Any:
            found = aws.client("sqs").receive_message(QueueUrl=queue).get("Messages", [])
            return json.loads(found[0]["Body"])["detail"] if found else None

        event = bench.wait(received, "the event of the pause")
        assert (event["eventName"], event["hookId"]) == ("HOOK_AWAITING_ACTION", hook)
        assert event["serviceDeploymentArn"] == deployment
    finally:
        platform.stop()


def test_a_run_without_ecs(tmp_path: Path) -> None:
    """Where no environment has services of ECS, nothing is started for it."""
    platform = Platform(tmp_path, "test", lambda _: None, changes={"environments": [{"name": "test"}]})
    try:
        platform.start_services()
        assert platform.ecs is None
    finally:
        platform.stop()
