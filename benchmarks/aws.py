"""An AWS on loopback that answers every call at once with the same, and remembers the calls.

What a caller needs of the processor for its calls is measured against it, without the work of a service.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

SECRET = "webhook-secret"  # noqa: S105 - nothing else knows it
_ANSWERS: dict[str, dict[str, Any]] = {
    "secretsmanager.GetSecretValue": {
        "SecretString": SECRET,
        "VersionId": "1",
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 1,
    },
    "AWSStepFunctions.StartExecution": {"executionArn": "arn:aws:states:x:1:execution:x:x", "startDate": 1},
}


@dataclass(slots=True)
class Recorder:
    """The address, and the calls in their order: the target of the protocol, and the parameters."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@contextmanager
def answering() -> Iterator[Recorder]:
    """Serve until the end of the block."""
    recorder = Recorder()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            target = self.headers["X-Amz-Target"]
            recorder.calls.append((target, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            body = json.dumps(_ANSWERS.get(target, {})).encode()
            # In one piece: sent apart, headers and body would be held back by the delayed acknowledgement of TCP.
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nContent-Type: application/x-amz-json-1.1\r\n\r\n"
            self.wfile.write(head.encode() + body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the standard library
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    recorder.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
