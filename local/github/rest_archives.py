"""REST: source archives (https://docs.github.com/rest/repos/contents), behind a redirect as on GitHub."""

import secrets
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from local.github.records import Archive, Repository
from local.github.rest_commits import resolve
from local.github.routing import Call, Hub, Routes, not_found

ROUTES = Routes()
_CONTENT_TYPES = {"zip": "application/zip", "tar.gz": "application/x-gzip"}


@ROUTES.add("GET", "zipball", "contents:read")
def zipball_of_default(call: Call, repository: Repository) -> Response:
    """The default branch as a zip."""
    return _redirect(call, repository, "zip", repository.default_branch)


@ROUTES.add("GET", "zipball/<path:ref>", "contents:read")
def zipball(call: Call, repository: Repository, ref: str) -> Response:
    """A ref as a zip."""
    return _redirect(call, repository, "zip", ref)


@ROUTES.add("GET", "tarball/<path:ref>", "contents:read")
def tarball(call: Call, repository: Repository, ref: str) -> Response:
    """A ref as a compressed tar."""
    return _redirect(call, repository, "tar.gz", ref)


@ROUTES.add("GET", "/codeload/<path:path>", "")
def download(hub: Hub, request: Request, path: str) -> Response:
    """The archive; the key in its address is the only credential, for this archive only."""
    archive = hub.store.archives.get(request.args.get("token", ""))
    if archive is None or archive.path != path:
        raise not_found()
    repository = hub.store.repositories[archive.full_name]
    folder = f"{repository.owner}-{repository.name}-{archive.sha[:7]}"
    form = f"--format={archive.kind}"
    content = repository.git.run("archive", form, f"--prefix={folder}/", archive.sha)
    disposition = {"Content-Disposition": f"attachment; filename={folder}.{archive.kind}"}
    return Response(content, 200, disposition, content_type=_CONTENT_TYPES[archive.kind])


def _redirect(call: Call, repository: Repository, kind: str, ref: str) -> Response:
    sha = resolve(repository, ref, 404)
    token = secrets.token_urlsafe(24)
    path = f"{repository.full_name}/legacy.{kind}/{ref}"
    call.store.archives[token] = Archive(path, repository.full_name, kind, sha)
    return Response(b"", 302, {"Location": f"{call.hub.url}/codeload/{quote(path)}?token={token}"})
