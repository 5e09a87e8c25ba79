"""AWS over HTTP with one secret and one function: the build of the worker has no SDK that moto could be below.

It answers in the form of the service models `secretsmanager/2017-10-17` and `lambda/2015-03-31` of botocore. A
signature that differs from that of botocore is refused.
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.http_server import HttpServer, QuietHandler

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:kiro-pipeline-test-agent-key-AbCdEf"
FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:kiro-pipeline-test-events-git-token"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLEEXAMPLE00",
    "AWS_SECRET_ACCESS_KEY": "s" * 40,
    "AWS_SESSION_TOKEN": "t" * 60,
}
_INVOKED = f"/2015-03-31/functions/{FUNCTION.rpartition(':')[2]}/invocations"
Answer = tuple[int, dict[str, Any]]


class AwsEndpoint(HttpServer):
    """`refusals` are answered first, each a status and a code of an error; `requests` counts all requests.

    `function` is what FUNCTION does with its payload.
    """

    def __init__(
        self,
        value: str = "",
        *refusals: tuple[int, str],
        function: Callable[[dict[str, Any]], dict[str, Any]] = dict,
    ) -> None:
        self.requests = 0
        outer, left = self, list(refusals)

        def answer(path: str, body: bytes, headers: dict[str, str]) -> Answer:
            service = "lambda" if path == _INVOKED else "secretsmanager"
            if left:
                status, code = left.pop(0)
                return status, {"__type": code, "message": "not now"}
            if headers["Authorization"] != _signature(service, f"{outer.base}{path}", body, headers):
                return 400, {"__type": "InvalidSignatureException", "message": "it does not match"}
            if service == "lambda":
                return 200, function(json.loads(body))
            if path != "/" or json.loads(body) != {"SecretId": ARN}:
                return 400, {"__type": "ResourceNotFoundException", "message": "there is none"}
            return 200, {"ARN": ARN, "SecretString": value}

        class Handler(QuietHandler):
            def do_POST(self) -> None:  # noqa: N802 - the name of the base class
                outer.requests += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, said = answer(self.path, body, dict(self.headers.items()))
                content = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        super().__init__(Handler)

    def environment(self) -> dict[str, str]:
        """The variables by which a build finds it."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.base, "AWS_REGION": "eu-west-1"}


def _signature(service: str, url: str, body: bytes, sent: dict[str, str]) -> str:
    """The signature of botocore for the headers that were signed, at the moment of the request."""
    given = {name.lower(): value for name, value in sent.items()}
    names = given["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest("POST", url, {name: given[name] for name in names if name != "host"}, body)
    request.context["timestamp"] = given["x-amz-date"]
    key, secret, token = CREDENTIALS.values()
    signer = SigV4Auth(Credentials(key, secret, token), service, "eu-west-1")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    scope = f"{key}/{signer.credential_scope(request)}"
    return (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={';'.join(names)}, "
        f"Signature={signer.signature(text, request)}"
    )
