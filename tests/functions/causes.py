"""Step Functions keeps the cause of a stop, and moto does not."""

from typing import Any


def keep_causes(client: Any) -> None:
    """Let DescribeExecution answer the cause that StopExecution got.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    """
    causes: dict[str, str] = {}

    def note(params: dict[str, Any], **_: Any) -> None:
        causes[params["executionArn"]] = params.get("cause", "")

    def add(parsed: dict[str, Any], **_: Any) -> None:
        if parsed.get("executionArn") in causes:
            parsed["cause"] = causes[parsed["executionArn"]]

    client.meta.events.register("provide-client-params.sfn.StopExecution", note, unique_id="note-cause")
    client.meta.events.register("after-call.sfn.DescribeExecution", add, unique_id="add-cause")
