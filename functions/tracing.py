"""X-Ray annotations of an invocation: the ids of its log lines, so that traces are found by them (O1).

Lambda records the segment of a function itself, and takes no annotations for it. They are in a subsegment that is sent
to the daemon beside the function:
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

_HEADER = b'{"format": "json", "version": 1}\n'
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_]")
_LONGEST = 250


def annotate(name: str, ids: Mapping[str, Any], began: float, ended: float, *, failed: bool) -> None:
    """Send the subsegment of an invocation that is sampled; the times are Unix seconds. What can't be sent is lost."""
    header = os.environ.get("_X_AMZN_TRACE_ID", "")
    trace = dict(part.partition("=")[::2] for part in header.split(";"))
    daemon, _, port = os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "").rpartition(":")
    if trace.get("Sampled") != "1" or not port.isdigit():
        return
    import socket
    from secrets import token_hex

    document = {
        "id": token_hex(8),
        "trace_id": trace.get("Root", ""),
        "parent_id": trace.get("Parent", ""),
        "type": "subsegment",
        "name": name,
        "start_time": began,
        "end_time": ended,
        "fault": failed,
        "annotations": {_NOT_ALLOWED.sub("_", key): str(value)[:_LONGEST] for key, value in ids.items() if value},
    }
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(_HEADER + json.dumps(document).encode(), (daemon, int(port)))
