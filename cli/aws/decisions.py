"""Posts decisions about approvals to the platform's API, signed with the caller's AWS credentials."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from cli.aws.operator import Operator, OutOfReachError

# This function has the address of the approval page as a setting.
_KNOWS_THE_PAGE = "stage-request-approval"
_SECONDS = 30


def post(aws: Operator, approval_id: str, *, approve: bool, reason: str, since: str = "") -> tuple[int, dict[str, Any]]:
    """Post a decision, which counts from `since` (ISO 8601); returns the HTTP status and the answer with a `message`.

    API Gateway verifies the signature and tells the function whose it is.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
    """
    page = aws.informed(of=_KNOWS_THE_PAGE).setting("APPROVALS_URL").rstrip("/")
    given = {"decision": "approve" if approve else "reject", "reason": reason, **({"from": since} if since else {})}
    body = json.dumps(given).encode()
    request = AWSRequest("POST", f"{page}/{approval_id}/decision", {"content-type": "application/json"}, body)
    SigV4Auth(aws.aws.credentials(), "execute-api", aws.region).add_auth(request)
    prepared = request.prepare()
    if not prepared.url.startswith(("https://", "http://127.0.0.1:")):
        raise OutOfReachError(f"{page} is no address of API Gateway: a signature is sent over TLS only")
    wanted = Request(prepared.url, body, dict(prepared.headers), method="POST")  # noqa: S310 - checked above
    try:
        with urlopen(wanted, timeout=_SECONDS) as answer:  # noqa: S310 - checked above
            return int(answer.status), _read(answer.read())
    except HTTPError as error:
        return error.code, _read(error.read())


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
