"""Throttles some calls: the answer says that the caller calls too often, and the SDK retries.

`SEED` decides which calls; without it none is throttled. A platform prints its seed, and uses the one in its
environment, so that a run can be repeated. Only the first answer of a call is replaced; the retry is the SDK's. The
codes that it retries: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any
from zlib import crc32

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from . import SEED

# One call in so many: five tries are all throttled once in 3e11 calls.
ONE_IN = 200
MESSAGE = "Rate exceeded"
# By the service in names of botocore's events: code and status. Most are in botocore's service models; S3's and IAM's
# are documented only. A service that is not here is never throttled.
CODES: Mapping[str, tuple[str, int]] = {
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    # https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html
    "lambda": ("TooManyRequestsException", 429),
    # https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html
    "sfn": ("ThrottlingException", 400),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    "s3": ("SlowDown", 503),
    # https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
    "sns": ("ThrottlingException", 400),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    "sqs": ("RequestThrottled", 400),
    # https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html
    "secrets-manager": ("ThrottlingException", 400),
    # https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html
    "kms": ("ThrottlingException", 400),
    # https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
    "sts": ("Throttling", 400),
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
    "eventbridge": ("ThrottlingException", 400),
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html
    "cloudwatch-logs": ("ThrottlingException", 400),
    # https://docs.aws.amazon.com/codebuild/latest/APIReference/CommonErrors.html
    "codebuild": ("ThrottlingException", 400),
    # https://docs.aws.amazon.com/systems-manager/latest/APIReference/CommonErrors.html
    "ssm": ("ThrottlingException", 400),
}
# The services whose protocol is XML.
_XML = frozenset({"s3", "sns", "sts"})
_calls: Counter[str] = Counter()


class _Body(BytesIO):
    """The body of an answer as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """The whole body."""
        yield self.read()


def throttle(event_name: str, request: Any, **_: Any) -> AWSResponse | None:
    """The answer instead of the service's; None lets the request continue.

    `event_name` is for example `before-send.sfn.StartExecution`.

    The nth request for an operation gets the same answer in each process with the same seed and function.
    """
    seed, (_before, service, operation) = os.environ.get(SEED), event_name.split(".")
    if not seed or service not in CODES:
        return None
    _calls[event_name] += 1
    place = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    drawn = crc32(f"{seed} {place} {service} {operation} {_calls[event_name]}".encode())
    return None if drawn % ONE_IN else answer(service, request.url)


def answer(service: str, url: str) -> AWSResponse:
    """The answer to a throttled call, in the service's protocol."""
    code, status = CODES[service]
    if service in _XML:
        error = f"<Error><Code>{code}</Code><Message>{MESSAGE}</Message></Error>"
        body = error if service == "s3" else f"<ErrorResponse>{error}<RequestId>throttled</RequestId></ErrorResponse>"
    else:
        body = json.dumps({"__type": code, "message": MESSAGE})
    headers = HTTPHeaders.from_dict({"x-amzn-ErrorType": code})
    return AWSResponse(url, status, headers, _Body(body.encode()))
