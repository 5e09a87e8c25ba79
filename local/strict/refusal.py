"""A call that is refused before it reaches the emulator, worded as the service would."""

from typing import Any, NamedTuple

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders


class Refusal(NamedTuple):
    """The code that clients know an error by, and its message; no dataclass, which every process would pay for."""

    code: str
    message: str
    status: int = 400

    def answer(self) -> tuple[AWSResponse, dict[str, Any]]:
        """What a handler of `before-call` returns, so that the client raises it without sending anything."""
        metadata = {"HTTPStatusCode": self.status, "HTTPHeaders": {}, "RequestId": "refused", "RetryAttempts": 0}
        parsed = {"Error": {"Code": self.code, "Message": self.message}, "ResponseMetadata": metadata}
        return AWSResponse("", self.status, HTTPHeaders(), None), parsed
