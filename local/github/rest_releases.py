"""REST: releases of tags that exist (https://docs.github.com/rest/releases/releases)."""

from typing import Any

from local.github import shapes
from local.github.records import Published, Repository, now
from local.github.routing import Call, Routes, invalid, not_found

ROUTES = Routes()


@ROUTES.add("POST", "releases", "contents:write", 201)
def create_release(call: Call, repository: Repository) -> dict[str, Any]:
    """Publish the release of a tag; a second one of the same tag is refused. Missing tags are not created here."""
    body = call.body("tag_name", resource="Release")
    tag = body["tag_name"]
    if any(one.tag == tag for one in repository.releases):
        raise invalid("Release", "tag_name", "already_exists")
    if f"refs/tags/{tag}" not in repository.git.refs():
        raise invalid("Release", "tag_name", "invalid")
    made = Published(call.store.next_id(), tag, body.get("name"), body.get("body"), call.user, now())
    repository.releases.append(made)
    return _shape(call, repository, made)


@ROUTES.add("GET", "releases/tags/<tag>", "contents:read")
def get_release(call: Call, repository: Repository, tag: str) -> dict[str, Any]:
    """The release of a tag."""
    found = next((one for one in repository.releases if one.tag == tag), None)
    if found is None:
        raise not_found()
    return _shape(call, repository, found)


def _shape(call: Call, repository: Repository, one: Published) -> dict[str, Any]:
    api, web = shapes.repository_url(call.hub, repository), shapes.html_url(call.hub, repository)
    created = shapes.moment(one.created)
    return {
        "url": f"{api}/releases/{one.id}",
        "html_url": f"{web}/releases/tag/{one.tag}",
        "assets_url": f"{api}/releases/{one.id}/assets",
        "upload_url": f"{api}/releases/{one.id}/assets{{?name,label}}",
        "tarball_url": f"{api}/tarball/{one.tag}",
        "zipball_url": f"{api}/zipball/{one.tag}",
        "id": one.id,
        "node_id": shapes.node("Release", one.id),
        "tag_name": one.tag,
        "target_commitish": repository.default_branch,
        "name": one.name,
        "body": one.body,
        "draft": False,
        "prerelease": False,
        "created_at": created,
        "published_at": created,
        "author": shapes.user(call.hub, one.author),
        "assets": [],
    }
