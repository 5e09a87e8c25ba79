"""REST: uploads of code-scanning reports (https://docs.github.com/rest/code-scanning)."""

import base64
import gzip
import json
import uuid
import zlib
from typing import Any

from local.github import shapes
from local.github.records import Repository, Sarif
from local.github.routing import ApiError, Call, Routes, not_found

ROUTES = Routes()


@ROUTES.add("POST", "code-scanning/sarifs", "security_events:write", 202)
def upload(call: Call, repository: Repository) -> dict[str, Any]:
    """Receive a SARIF document, gzipped and then base64."""
    body = call.body("commit_sha", "ref", "sarif", resource="Sarif")
    try:
        document = json.loads(gzip.decompress(base64.b64decode(body["sarif"], validate=True)))
    except (ValueError, OSError, EOFError, zlib.error):
        raise ApiError(400, "Invalid SARIF: it must be JSON, gzipped, then base64") from None
    if not isinstance(document, dict) or "runs" not in document:
        raise ApiError(400, "Invalid SARIF: there are no runs")
    made = Sarif(str(uuid.uuid4()), body["commit_sha"], body["ref"], document)
    repository.sarifs.append(made)
    return {"id": made.id, "url": f"{_address(call, repository)}/{made.id}"}


@ROUTES.add("GET", "code-scanning/sarifs/<sarif_id>", "security_events:read")
def get_upload(call: Call, repository: Repository, sarif_id: str) -> dict[str, Any]:
    """The progress of an upload; here it is always complete."""
    if not any(one.id == sarif_id for one in repository.sarifs):
        raise not_found()
    analyses = f"{shapes.repository_url(call.hub, repository)}/code-scanning/analyses?sarif_id={sarif_id}"
    return {"processing_status": "complete", "analyses_url": analyses, "errors": None}


def _address(call: Call, repository: Repository) -> str:
    return f"{shapes.repository_url(call.hub, repository)}/code-scanning/sarifs"
