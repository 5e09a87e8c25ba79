"""A Secrets Manager over HTTP that has one secret: the build of the worker has no SDK that moto could be below.

It answers in the form of the service model `secretsmanager/2017-10-17` of botocore, and refuses a signature that
differs from botocore's own.
"""

import json

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.http_server import HttpServer, QuietHandler

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:kiro-pipeline-test-agent-key-AbCdEf"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLEEXAMPLE00",
    "AWS_SECRET_ACCESS_KEY": "s" * 40,
    "AWS_SESSION_TOKEN": "t" * 60,
}


class SecretsManager(HttpServer):
    """`refusals` are answered first, each a status and a code of an error; `requests` counts all requests."""

    def __init__(self, value: str, *refusals: tuple[int, str]) -> None:
        self.requests = 0
        outer, left = self, list(refusals)

        class Handler(QuietHandler):
            def do_POST(self) -> None:  # noqa: N802 - the name of the base class
                outer.requests += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, said = 200, {"ARN": ARN, "SecretString": value}
                if left:
                    status, code = left.pop(0)
                    said = {"__type": code, "message": "not now"}
                elif self.headers["Authorization"] != _signature(f"{outer.base}/", body, dict(self.headers.items())):
                    status, said = 400, {"__type": "InvalidSignatureException", "message": "it does not match"}
                elif json.loads(body) != {"SecretId": ARN}:
                    status, said = 400, {"__type": "ResourceNotFoundException", "message": "there is none"}
                answer = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        super().__init__(Handler)

    def environment(self) -> dict[str, str]:
        """The variables by which a build finds it."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.base, "AWS_REGION": "eu-west-1"}


def _signature(url: str, body: bytes, sent: dict[str, str]) -> str:
    """The signature of botocore for the headers that were signed, at the moment of the request."""
    given = {name.lower(): value for name, value in sent.items()}
    names = given["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest("POST", url, {name: given[name] for name in names if name != "host"}, body)
    request.context["timestamp"] = given["x-amz-date"]
    key, secret, token = CREDENTIALS.values()
    signer = SigV4Auth(Credentials(key, secret, token), "secretsmanager", "eu-west-1")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    scope = f"{key}/{signer.credential_scope(request)}"
    return (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={';'.join(names)}, "
        f"Signature={signer.signature(text, request)}"
    )
