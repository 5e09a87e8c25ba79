"""The approval page at a cold start: a link without a request behind it is looked up, and refused."""

from benchmarks.aws import answering
from benchmarks.interpreters import cpu_ms, init
from benchmarks.measure import Measure, Ratio, Samples, alternate

_OPENED = {"requestContext": {"http": {"method": "GET"}}, "pathParameters": {"id": "x"}}
_OURS = init("events.approval_page") + f"assert handle({_OPENED}, None)['statusCode'] == 404"
_YARDSTICK = "import http.client, json, hmac, hashlib"
_LOOKED_UP = """
import boto3
boto3.resource("dynamodb").Table("waits").get_item(Key={"waitKey": "approval/x"}, ConsistentRead=True)"""


def _take(pairs: int, other: str) -> Samples:
    with answering() as aws:
        where = {"AWS_ENDPOINT_URL": aws.url}
        return alternate(pairs, lambda: cpu_ms(_OURS, **where), lambda: cpu_ms(other, **where))


MEASURE = Measure(
    name="approval-page",
    promise="a cold approval page answers a wrong link",
    against=f"`{_YARDSTICK}`",
    unit="ms",
    goal=Ratio(1.5),
    take=lambda pairs: _take(pairs, _YARDSTICK),
    floor="the page has to read the request in DynamoDB, and `boto3` alone takes longer than the goal",
)
LOOKED_UP = Measure(
    name="approval-page-read",
    promise="a cold approval page answers a wrong link",
    against="the same imports, and the same read by `boto3`",
    unit="ms",
    goal=Ratio(1.5),
    take=lambda pairs: _take(pairs, _YARDSTICK + _LOOKED_UP),
    floor="the classes of requests, releases and what a rollback would do are created at the start",
)
