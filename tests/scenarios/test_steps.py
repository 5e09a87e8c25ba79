"""A release whose requests meet it in steps, over real HTTP: a bad one is taken back at its first step (R12, R13)."""

import re
import time
from collections.abc import Iterator

import pytest

from local.background import Background
from local.load import Answer, Ask, Load, share_of
from local.service import get
from tests.scenarios.driver import PlatformDriver

pytestmark = pytest.mark.long

ENVIRONMENTS = ("test", "staging", "production")
PERCENT = 10
_REQUESTS = 25
_PAUSE_SECONDS = 0.2
# Half of the requests fail in Lambda, and only there: the function raises, so its own count of errors misses them.
_HANDLER = "    try:\n        name ="
_RAISES = '    _ = 1 / (time.time_ns() // 1000 % 2 or "AWS_LAMBDA_FUNCTION_NAME" not in os.environ)\n'


class Requests(Background):
    """50 requests a second for the greeting of `test`; `answers` has all, `shares` the shares of a second version."""

    def __init__(self, driver: PlatformDriver) -> None:
        super().__init__("users")
        self._url = driver.address("test")
        self._functions = driver.platform.clients.client("lambda")
        self._shared: list[float] = []
        self.answers: list[Answer] = []
        self.shares: set[float] = set()

    def work(self) -> None:
        """Send requests until stopped."""
        with Load(self._url, [Ask("/?name=Ada")]) as load:
            self.answers = load.answers
            while not self.stopping.wait(_PAUSE_SECONDS):
                if shares := self._shares():
                    self.shares |= shares
                    self._shared.append(time.monotonic())

    def apart(self) -> list[Answer]:
        """The answers of times in which no second version had a share."""
        first, last = self._shared[0] - 2 * _PAUSE_SECONDS, self._shared[-1] + 2 * _PAUSE_SECONDS
        return [one for one in self.answers if not first <= one.at <= last]

    def _shares(self) -> set[float]:
        alias = self._functions.get_alias(FunctionName="hello-test", Name="live")
        return set((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {}).values())


@pytest.fixture(scope="module")
def good(driver: PlatformDriver) -> Iterator[str]:
    """The release that runs in `test`; from now on the manifest has a step of 10 %."""
    driver.released()
    manifest = driver.author.folder / "delivery.yml"
    before = manifest.read_text("utf-8")
    manifest.write_text(before.replace("    alias: live\n", "    alias: live\n    steps: [10]\n"), "utf-8")
    yield driver.version("test")
    manifest.write_text(before, "utf-8")


@pytest.fixture(scope="module")
def bad(driver: PlatformDriver, good: str) -> tuple[str, Requests]:
    """A release that fails in service, and what requests met meanwhile."""
    driver.author.break_in_service()
    with Requests(driver) as requests:
        commit = driver.push("feat: let operations choose the salutation in steps")
        driver.deployed(commit)
    driver.author.repair_service()
    return commit, requests


def test_a_bad_release_is_taken_back_at_its_first_step(
    driver: PlatformDriver, good: str, bad: tuple[str, Requests]
) -> None:
    """Its alarm ends the rollout at 10 %; then all requests meet the version before, and other environments none."""
    commit, requests = bad
    record = driver.record(commit)
    assert (record["outcome"], record["stages"]["test"]["result"]) == ("restored", "restored"), record["reason"]
    assert "hello-service/hello at 10 % of the requests: alarm hello-test-errors is in ALARM" in record["reason"]
    assert requests.shares == {0.1}
    assert "staging" not in record["stages"]
    assert {get(f"{driver.address('test')}/?name=Ada")[1]["version"] for _ in range(_REQUESTS)} == {good}
    assert driver.left_behind() == {"locks": [], "waits": []}


def test_only_a_share_of_the_requests_meets_a_bad_release(good: str, bad: tuple[str, Requests]) -> None:
    """R12: under 50 requests a second, all that fail were answered by the bad version, and it met no more than 10 %."""
    commit, requests = bad
    assert {(one.failed, one.version) for one in requests.answers} == {(False, good), (True, commit)}
    share = share_of(commit, requests.answers)
    assert not share.exceeds(PERCENT), share


@pytest.fixture(scope="module")
def worse(driver: PlatformDriver, bad: tuple[str, Requests]) -> tuple[str, Requests]:
    """A release of which some requests fail, without any alarm, and what requests met meanwhile."""
    service, manifest = (driver.author.folder / name for name in ("src/hello.py", "delivery.yml"))
    before = service.read_text("utf-8"), manifest.read_text("utf-8")
    service.write_text(before[0].replace(_HANDLER, _RAISES + _HANDLER), "utf-8")
    manifest.write_text(before[1].replace("    steps:", "    comparedRequests: 10\n    steps:"), "utf-8")
    with Requests(driver) as requests:
        commit = driver.push("feat: greet now and then")
        driver.deployed(commit)
    for file, text in zip((service, manifest), before, strict=True):
        file.write_text(text, "utf-8")
    return commit, requests


def test_a_worse_release_is_taken_back_although_no_alarm_says_so(
    driver: PlatformDriver, good: str, worse: tuple[str, Requests]
) -> None:
    """R3, R13: the versions are compared by what they met in the same minutes, and the reason names both figures."""
    commit, requests = worse
    record = driver.record(commit)
    assert record["outcome"] == "restored", record["reason"]
    said = (
        r"hello-service/hello at 10 % of the requests: errors \d\d\.\d % of \d+ requests with the new version, "
        r"0\.0 % of \d+ with the old one(; latency .*)? in 3 samples in a row"
    )
    assert re.search(said, record["reason"]), record["reason"]
    assert requests.shares == {0.1}
    assert {one.status for one in requests.apart()} == {200}
    assert {get(f"{driver.address('test')}/?name=Ada")[1]["version"] for _ in range(_REQUESTS)} == {good}
    assert driver.left_behind() == {"locks": [], "waits": []}


def test_a_good_release_takes_its_step_everywhere(driver: PlatformDriver, worse: tuple[str, Requests]) -> None:
    """All requests meet it in the end, and each is answered by the version before or by the new one."""
    before = driver.version("test")
    with Requests(driver) as requests:
        commit = driver.push("feat: greet in steps")
        driver.deployed(commit)
    record = driver.record(commit)
    assert record["outcome"] == "deployed", record["reason"]
    assert {driver.version(environment) for environment in ENVIRONMENTS} == {commit}
    assert requests.shares == {0.1}
    assert {(one.status, one.version) for one in requests.answers} == {(200, before), (200, commit)}
    versions = driver.platform.clients.client("lambda").get_alias(FunctionName="hello-test", Name="live")
    assert "RoutingConfig" not in versions
