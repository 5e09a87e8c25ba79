"""An endpoint of an AWS service with the JSON 1.1 protocol, on a loopback port.

Requests are checked against botocore's model of the service, so that a wrong call fails here as it does on AWS. SDKs
find the endpoint through `AWS_ENDPOINT_URL_<SERVICE>`.
"""

from __future__ import annotations

import datetime
import json
import logging
import threading
import uuid
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import botocore.session
from botocore import xform_name
from botocore.validate import ParamValidator

from local.emulator import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from botocore.model import ServiceModel, Shape

logger = logging.getLogger(__name__)
NOT_JSON = (json.JSONDecodeError, UnicodeDecodeError)
DENIED = b"AccessDeniedException"
REFUSAL_SECONDS = 30


class ServiceError(Exception):
    """A call was refused; `code` is the AWS error code that the client receives."""

    code = "InternalFailure"


@dataclass(frozen=True)
class JsonModel:
    """The model of a service: its name in botocore, the prefix of its operations, and its error for wrong requests."""

    service: str
    prefix: str
    invalid: type[ServiceError]

    @cached_property
    def described(self) -> ServiceModel:
        """Botocore's description of the service."""
        return botocore.session.get_session().get_service_model(self.service)

    def read_request(self, operation: str, body: bytes) -> dict[str, Any]:
        """Return the parameters of a call; an error names every wrong parameter."""
        try:
            parameters = json.loads(body or b"{}")
        except NOT_JSON as error:
            raise self.invalid(f"the body of {operation} is not JSON: {error}") from error
        shape = self.described.operation_model(operation).input_shape
        if not isinstance(parameters, dict) or shape is None:
            raise self.invalid(f"the body of {operation} must be a JSON object")
        report = ParamValidator().validate(parameters, shape)
        if report.has_errors():
            raise self.invalid(report.generate_report())
        wrong = _outside_limits(shape, parameters, "")
        if wrong:
            raise self.invalid(f"{len(wrong)} validation error(s) detected: " + "; ".join(wrong))
        return parameters


class JsonServer:
    """Listens for calls; an operation such as `StartBuild` is the method `start_build` of one of `handlers`.

    `emulator_endpoint` is that of the emulated AWS, which says whether a role may make a call.
    """

    def __init__(
        self,
        model: JsonModel,
        handlers: Sequence[object],
        emulator_endpoint: str,
        port: int = 0,
        page: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """`page` is what people read at an address, as plain text; None where there is nothing."""
        self._model = model
        self._page = page
        self._handlers = handlers
        self._port = port
        self._emulator = urlsplit(emulator_endpoint).netloc
        self._server: ThreadingHTTPServer | None = None

    @property
    def endpoint(self) -> str:
        """The URL of the endpoint; raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError(f"the endpoint of {self._model.service} is not running; call start() first")
        return f"http://{HOST}:{self._server.server_address[1]}"

    def start(self) -> None:
        """Listen on the loopback port, or on a free one if it is 0."""
        parts = {
            "model": self._model,
            "answer": staticmethod(self._answer),
            "refusal": staticmethod(self._refusal),
            "page": staticmethod(self._page),
        }
        self._server = ThreadingHTTPServer((HOST, self._port), type("Handler", (_Handler,), parts))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()

    def _answer(self, operation: str, body: bytes) -> dict[str, Any]:
        """Answer one operation; raises ServiceError."""
        method = next(
            (found for handler in self._handlers if (found := getattr(handler, xform_name(operation), None))), None
        )
        if method is None or operation not in self._model.described.operation_names:
            raise self._model.invalid(f"operation {operation!r} is not supported by the embedded {self._model.service}")
        answer: dict[str, Any] = method(self._model.read_request(operation, body))
        return answer

    def _refusal(self, headers: Mapping[str, str], body: bytes) -> bytes | None:
        """The answer to a call that the caller's role does not allow; None if it does.

        The signed request is sent on to the emulated AWS as it is. That checks signature and policies first, and has
        nothing that the call could change.
        """
        if "X-Amz-Security-Token" not in headers:
            return None  # the machine's own credentials are the account's root
        connection = HTTPConnection(self._emulator, timeout=REFUSAL_SECONDS)
        try:
            connection.request("POST", "/", body, dict(headers))
            answer = connection.getresponse().read()
        finally:
            connection.close()
        return answer if DENIED in answer else None


def write_response(result: dict[str, Any]) -> bytes:
    """Return a result as AWS JSON 1.1, in which times are seconds since 1970."""
    return json.dumps(result, default=_seconds).encode()


def _seconds(value: object) -> float:
    if isinstance(value, datetime.datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"a response can't hold a {type(value).__name__}")


def _outside_limits(shape: Shape, value: Any, path: str) -> list[str]:
    """Violations that botocore does not check: enumerations and upper limits."""
    kind = shape.type_name
    if kind == "structure":
        members: Any = shape.members  # type: ignore[attr-defined]
        return [
            problem
            for name, inner in value.items()
            if name in members
            for problem in _outside_limits(members[name], inner, f"{path}.{name}".lstrip("."))
        ]
    if kind == "list":
        member: Any = shape.member  # type: ignore[attr-defined]
        return [
            problem
            for index, inner in enumerate(value)
            for problem in _outside_limits(member, inner, f"{path}.{index + 1}.member")
        ]
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        return [
            f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        ]
    limit = shape.metadata.get("max")
    size = value if kind in {"integer", "long"} else len(value) if kind == "string" else None
    if limit is not None and size is not None and size > limit:
        return [f"Value at '{path}' failed to satisfy constraint: must be at most {limit}"]
    return []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # one write per response: two writes for header and body cost 40 ms with Nagle's algorithm
    wbufsize = -1
    disable_nagle_algorithm = True
    model: JsonModel
    answer: Callable[[str, bytes], dict[str, Any]]
    refusal: Callable[[Mapping[str, str], bytes], bytes | None]

    page: Callable[[str], str | None]

    def do_GET(self) -> None:
        # names of other sites may be pointed to this machine
        ours = (urlsplit(f"//{self.headers.get('host', '')}").hostname or "") in (HOST, "localhost")
        shown = self.page(self.path) if ours else None
        self._send(200 if shown is not None else 404, (shown or "").encode(), "text/plain; charset=utf-8")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation = self.headers.get("X-Amz-Target", "").removeprefix(self.model.prefix)
        refused = self.refusal(dict(self.headers), body)
        if refused:
            self._send(400, refused)
            return
        try:
            self._send(200, write_response(self.answer(operation, body)))
        except ServiceError as error:
            self._send(400, json.dumps({"__type": error.code, "message": str(error)}).encode())
        except Exception as error:
            logger.exception("%s failed inside the embedded %s", operation, self.model.service)
            self._send(500, json.dumps({"__type": "InternalFailure", "message": repr(error)}).encode())

    def _send(self, status: int, body: bytes, kind: str = "application/x-amz-json-1.1") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: a line for every request would hide other messages."""
