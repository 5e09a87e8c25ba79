"""A webhook with a malformed signature, at a cold start: it is refused with the standard library alone."""

from benchmarks.interpreters import cpu_ms, init
from benchmarks.measure import Measure, Ratio, Samples, alternate

_FORGED = {"headers": {"X-Hub-Signature-256": "forged"}, "body": "{}"}
_OURS = init("events.github_webhook") + f"assert handle({_FORGED}, None)['statusCode'] == 401"
_YARDSTICK = "import http.client, json, hmac, hashlib"


def _take(pairs: int) -> Samples:
    return alternate(pairs, lambda: cpu_ms(_OURS), lambda: cpu_ms(_YARDSTICK))


MEASURE = Measure(
    name="webhook-refused",
    promise="a cold webhook refuses a malformed signature",
    against=f"`{_YARDSTICK}`",
    unit="ms",
    goal=Ratio(1),
    take=_take,
)
