"""X-Ray annotations of an invocation: the ids of its log lines, so that traces are found by them (O1).

Lambda records the segment of a function itself, and takes no annotations for it. They are in a subsegment, which the
SDK sends to the daemon beside the function:
https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-python-subsegments.html
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
"""

import os
import re
from collections.abc import Mapping
from typing import Any

# https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html#api-segmentdocuments-annotations
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_]")
_LONGEST = 250


def annotate(name: str, ids: Mapping[str, Any], began: float, ended: float, *, failed: bool) -> None:
    """Send the subsegment of an invocation that is sampled; the times are Unix seconds. What can't be sent is lost."""
    trace = dict(part.partition("=")[::2] for part in os.environ.get("_X_AMZN_TRACE_ID", "").split(";"))
    daemon = os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "")
    if trace.get("Sampled") != "1" or not daemon:
        return
    # Imported here: an invocation that is not sampled, and a laptop, which has no daemon, need no SDK.
    from aws_xray_sdk.core import xray_recorder
    from aws_xray_sdk.core.lambda_launcher import LambdaContext

    # A new context, whose segment is that of this invocation: Lambda gives each of them another id.
    xray_recorder.configure(context=LambdaContext(), daemon_address=daemon, streaming_threshold=0)
    subsegment = xray_recorder.begin_subsegment(name)
    if subsegment is None:
        return
    subsegment.start_time = began
    for key, value in ids.items():
        if value:
            subsegment.put_annotation(_NOT_ALLOWED.sub("_", key), str(value)[:_LONGEST])
    if failed:
        subsegment.add_fault_flag()
    xray_recorder.end_subsegment(ended)
