"""A call that is refused before it reaches the emulator, worded as the service would."""

from typing import Any, NamedTuple

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders


class Refusal(NamedTuple):
    """The code and message of an error; not a dataclass, because every process would pay for its import."""

    code: str
    message: str
    status: int = 400

    def answer(self) -> tuple[AWSResponse, dict[str, Any]]:
        """The value that a `before-call` handler returns so that the client raises the error without a request."""
        metadata = {"HTTPStatusCode": self.status, "HTTPHeaders": {}, "RequestId": "refused", "RetryAttempts": 0}
        parsed = {"Error": {"Code": self.code, "Message": self.message}, "ResponseMetadata": metadata}
        return AWSResponse("", self.status, HTTPHeaders(), None), parsed
