"""CodeBuild's AWS JSON 1.1 protocol on a loopback port; SDKs find it through AWS_ENDPOINT_URL_CODEBUILD."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from botocore import xform_name

from local.codebuild import model
from local.codebuild.builds import Builds
from local.codebuild.callers import refusal
from local.codebuild.errors import CodeBuildError, InvalidInputError
from local.codebuild.projects import Projects
from local.codebuild.report_groups import ReportGroups
from local.codebuild.runner import Runner
from local.emulator import HOST, clients

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

logger = logging.getLogger(__name__)
SECONDS_PER_MINUTE = 60.0


class CodeBuildServer:
    """The endpoint; it calls `publish` with every event and adds `build_environment` to every build."""

    def __init__(
        self,
        emulator_endpoint: str,
        region: str,
        account: str,
        root: Path,
        publish: Callable[[dict[str, Any]], None],
        build_environment: Mapping[str, str],
        *,
        concurrency: int = 4,
        minute: float = SECONDS_PER_MINUTE,
    ) -> None:
        """Keep builds below `root`; one minute of a timeout lasts `minute` seconds.

        `publish` is called while a build changes: it may queue the event, but must not call this endpoint.
        """
        self._clients = clients(emulator_endpoint, region)
        projects, report_groups = Projects(region, account), ReportGroups(region, account)
        # a path without links, so that the paths that builds print are the real ones
        runner = Runner(self._clients, root.resolve(), report_groups, build_environment)
        self._builds = Builds(projects, runner.run, publish, concurrency, minute)
        self._handlers = (projects, self._builds, report_groups)
        self._emulator = urlsplit(emulator_endpoint).netloc
        self._server: ThreadingHTTPServer | None = None

    @property
    def endpoint(self) -> str:
        """The URL for AWS_ENDPOINT_URL_CODEBUILD; raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the CodeBuild endpoint is not running; call start() first")
        return f"http://{HOST}:{self._server.server_address[1]}"

    def start(self) -> Self:
        """Listen on a free loopback port."""
        parts = {"answer": staticmethod(self.call), "refusal": staticmethod(partial(refusal, self._emulator))}
        handler = type("Handler", (_Handler,), parts)
        self._server = ThreadingHTTPServer((HOST, 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening and end every build with all its processes."""
        server, self._server = self._server, None
        self._builds.close()
        if server:
            server.shutdown()
            server.server_close()
        self._clients.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def call(self, operation: str, body: bytes) -> dict[str, Any]:
        """Answer one operation; raises CodeBuildError."""
        method = next(
            (found for handler in self._handlers if (found := getattr(handler, xform_name(operation), None))), None
        )
        if method is None or operation not in model.service_model().operation_names:
            raise InvalidInputError(f"operation {operation!r} is not supported by the embedded CodeBuild")
        answer: dict[str, Any] = method(model.read_request(operation, body))
        return answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # one write per response: two writes for header and body cost 40 ms with Nagle's algorithm
    wbufsize = -1
    disable_nagle_algorithm = True
    answer: Callable[[str, bytes], dict[str, Any]]
    refusal: Callable[[Mapping[str, str], bytes], bytes | None]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation = self.headers.get("X-Amz-Target", "").removeprefix(model.TARGET_PREFIX)
        refused = self.refusal(dict(self.headers), body)
        if refused:
            self._send(400, refused)
            return
        try:
            self._send(200, model.write_response(self.answer(operation, body)))
        except CodeBuildError as error:
            self._send(400, json.dumps({"__type": error.code, "message": str(error)}).encode())
        except Exception as error:
            logger.exception("%s failed inside the embedded CodeBuild", operation)
            self._send(500, json.dumps({"__type": "InternalFailure", "message": repr(error)}).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: a line for every request would hide other messages."""
