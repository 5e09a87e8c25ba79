"""An HTTP server that finishes what it has begun when ECS stops its task."""

import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MOST_BYTES = 10_000


def version() -> str:
    """The tag of the image; `dev` outside of one."""
    file = Path(__file__).with_name("version.txt")
    return file.read_text("utf-8").strip() if file.exists() else "dev"


class Server(ThreadingHTTPServer):
    """A thread for each request; closing it waits for all of them."""

    daemon_threads = False


class Handler(BaseHTTPRequestHandler):
    """A request whose body is small."""

    timeout = 30

    def reply(self, status: int, kind: str, body: str) -> None:
        """Send the whole response."""
        encoded = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(encoded)))
        self.send_header("X-Version", version())
        self.end_headers()
        self.wfile.write(encoded)

    def body(self) -> bytes:
        """The body of the request; ValueError if its length is missing, wrong or too large."""
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= MOST_BYTES:
            raise ValueError(f"a body has at most {MOST_BYTES} bytes")
        return self.rfile.read(length)


def serve(handler: type[Handler]) -> None:
    """Serve at `HOST` and `PORT` until SIGTERM; then answer the requests that are under way, and end."""
    address = (os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080")))  # noqa: S104 - a container
    server = Server(address, handler)
    # shutdown() waits for serve_forever(), which this signal interrupts: another thread has to call it
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    server.server_close()
