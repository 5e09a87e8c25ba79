"""git over smart HTTP: `git http-backend` as a CGI program, behind GitHub's checks of credentials."""

import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO

from werkzeug.wrappers import Request, Response

from local.github.git import ENVIRONMENT
from local.github.records import Repository, Token
from local.github.routing import Hub

_CHUNK = 64 * 1024
_PUSH = "git-receive-pack"


def answer(hub: Hub, request: Request, full_name: str, service_path: str) -> Response:
    """Serve one request of clone, fetch or push."""
    pushing = service_path == _PUSH or request.args.get("service") == _PUSH
    credentials = request.authorization
    if credentials is None or credentials.type != "basic":
        challenge = {"WWW-Authenticate": 'Basic realm="GitHub"'}
        return _plain("No anonymous access: give a token as the password.", 401, challenge)
    # GitHub accepts the token as password with any user name, or alone as the user name.
    token = hub.store.token(credentials.password or "") or hub.store.token(credentials.username or "")
    if token is None:
        return _plain(
            "Invalid username or token. Password authentication is not supported for Git operations.",
            401,
            {"WWW-Authenticate": 'Basic realm="GitHub"'},
        )
    repository = hub.store.repositories.get(full_name)
    if repository is None or not token.sees(full_name) or not token.may("contents", "read"):
        return _plain("Repository not found.", 404)
    if pushing and not token.may("contents", "write"):
        return _plain(f"Permission to {full_name}.git denied to {token.owner.login}.", 403)
    if request.method == "POST" and pushing:
        return _push(hub, request, repository, service_path, token)
    return _serve(request, repository, service_path, token)


def _plain(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(text + "\n", status, headers, content_type="text/plain; charset=utf-8")


def _push(hub: Hub, request: Request, repository: Repository, service_path: str, token: Token) -> Response:
    """Receive the objects, and queue the webhooks before the client learns that the push succeeded."""
    with repository.pushing:
        before = repository.git.refs()
        response = _serve(request, repository, service_path, token)
        response.make_sequence()
        hub.refs_moved(repository, before, token.owner)
    return response


def _serve(request: Request, repository: Repository, service_path: str, token: Token) -> Response:
    # The body goes through a file: the server has removed the chunking, and http-backend reads at its own speed.
    body = tempfile.TemporaryFile()  # noqa: SIM115 - closed once the process has it
    with body:
        while chunk := request.stream.read(_CHUNK):
            body.write(chunk)
        size = body.tell()
        body.seek(0)
        if service_path == _PUSH and token.pushes_to and not _within(body, f"refs/heads/{token.pushes_to}"):
            return _plain(f"GH013: Repository rule violations: only {token.pushes_to} may be pushed to.", 403)
        body.seek(0)
        process = subprocess.Popen(
            ["git", "http-backend"],
            stdin=body,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_cgi(request, repository, service_path, token, size),
        )
    output = process.stdout
    if output is None:
        raise RuntimeError("git http-backend gave no output pipe")
    status, headers = _head(output)
    return Response(_stream(process, output), status, headers, direct_passthrough=True)


def _within(body: IO[bytes], prefix: str) -> bool:
    """Whether a push moves only refs below a prefix; it begins with pkt-lines `old new ref`, up to a flush packet."""
    while (length := int(body.read(4) or b"0", 16)) > 4:
        words = body.read(length - 4).split(b"\0")[0].split()
        if not words[2].decode(errors="replace").startswith(prefix):
            return False
    return True


def _cgi(request: Request, repository: Repository, service_path: str, token: Token, size: int) -> dict[str, str]:
    environment = {
        **ENVIRONMENT,
        "GIT_PROJECT_ROOT": str(repository.git.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{service_path}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_string.decode(),
        "CONTENT_TYPE": request.content_type or "",
        "CONTENT_LENGTH": str(size),
        "REMOTE_USER": token.owner.login,
        "REMOTE_ADDR": "127.0.0.1",
    }
    for header, variable in (("Content-Encoding", "HTTP_CONTENT_ENCODING"), ("Git-Protocol", "GIT_PROTOCOL")):
        if value := request.headers.get(header):
            environment[variable] = value
    return environment


def _head(output: IO[bytes]) -> tuple[int, dict[str, str]]:
    status, headers = 200, {}
    while line := output.readline().decode().strip():
        name, _, value = line.partition(":")
        if name == "Status":
            status = int(value.split()[0])
        else:
            headers[name] = value.strip()
    return status, headers


def _stream(process: subprocess.Popen[bytes], output: IO[bytes]) -> Iterator[bytes]:
    try:
        while chunk := output.read1(_CHUNK):  # type: ignore[attr-defined]
            yield chunk
    finally:
        output.close()
        process.wait()
