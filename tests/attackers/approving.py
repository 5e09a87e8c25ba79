"""A release that waits for approval: links as they were mailed, and what a person posts from the page."""

import base64
import re
from typing import Any
from urllib.parse import urlencode

from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.domain.gates import Verdict
from tests.functions.approving import approvers
from tests.functions.delivered import artifact, judged
from tests.functions.samples import DEPLOYMENT, EXECUTION, RELEASE, environment
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY

_LINK = re.compile(r"/approvals/(\w+)\?secret=([\w-]+)")
_GATES = (Verdict("tests", "passed", "3 tests passed"),)
_ARTIFACT = f"deployments/{DEPLOYMENT}/build.zip"


def request(stack: Stack, commit: str = RELEASE.commit, **settings: Any) -> list[tuple[str, str, str]]:
    """A stage requests an approval under these settings; the mailed links: address ("" for shared), id, secret."""
    logins = settings.pop("logins")
    needed, author = settings.get("approvals_needed", 1), settings.get("author_may_approve", True)
    approvers(stack, logins, needed=needed, authorMayApprove=author)
    artifact(stack, _ARTIFACT, {"app.zip": "code"})
    release = replace(RELEASE, repository=REPOSITORY, commit=commit)
    judged(stack, _ARTIFACT, release=release)
    DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, gates=_GATES)
    given = {
        "deploymentId": DEPLOYMENT,
        "execution": EXECUTION,
        "release": release,
        "environment": environment(approvers=list(logins), approval_wait_seconds=0, **settings),
        "parts": ["hello"],
        "gates": _GATES,
        "artifact": _ARTIFACT,
        "purpose": "deploy",
        "reason": "",
    }
    first = len(stack.mails())
    stack.run("stage.request_approval", given)
    found = []
    for mail in stack.mails()[first:]:
        link = _LINK.search(mail["Message"])
        assert link
        to = mail["MessageAttributes"].get("approver", {"StringValue": ""})["StringValue"]
        found.append((to, link[1], link[2]))
    return found


def approve(stack: Stack, link: tuple[str, str, str], name: str = "", method: str = "POST") -> int:
    """Post the form of this link, under a name; the status of the answer."""
    form = {"secret": link[2], "decision": "approve", "name": name}
    event = {
        "requestContext": {"http": {"method": method, "sourceIp": "192.0.2.1", "userAgent": "x"}},
        "pathParameters": {"id": link[1]},
        "queryStringParameters": form,
        "body": base64.b64encode(urlencode(form).encode()).decode(),
        "isBase64Encoded": True,
    }
    return int(stack.run("events.approval_page", event)["statusCode"])


def stored(stack: Stack, link: tuple[str, str, str]) -> Approval:
    """The request of a link."""
    found = WaitsTable.connect(stack.clients).approval(link[1])
    assert found
    return found
