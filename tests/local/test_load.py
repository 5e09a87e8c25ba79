"""A steady load counts every answer, and says whether a version has met more than its share."""

import time
from collections.abc import Iterator

import pytest

from local.load import Answer, Ask, Load, Share, share_of
from tests.http_server import HttpServer, QuietHandler


class Handler(QuietHandler):
    """Answers a POST with its version in a header, and a GET with an error and the version in the body."""

    def do_POST(self) -> None:  # noqa: N802 - the name of the base class
        """Answer well."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("X-Version", "v1")
        self.end_headers()

    def do_GET(self) -> None:  # noqa: N802 - the name of the base class
        """Fail."""
        self.send_response(503)
        self.end_headers()
        self.wfile.write(b'{"version": "v2"}')


@pytest.fixture
def url() -> Iterator[str]:
    """A service of which every POST is well, and every GET fails."""
    with HttpServer(Handler) as server:
        yield server.base


def test_each_answer_has_its_status_and_version(url: str) -> None:
    """Whether the version stands in a header or in the body; both kinds of requests are drawn."""
    with Load(url, [Ask("/a"), Ask("/b", {"item": "mug"})], rate=200) as load:
        deadline = time.monotonic() + 30
        while len({one.version for one in load.answers}) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert {(one.status, one.version, one.failed) for one in load.answers} == {(201, "v1", False), (503, "v2", True)}


def test_a_request_without_an_answer_has_failed() -> None:
    """It has no status and no version, so it is never taken for one of a bad version."""
    with Load("http://127.0.0.1:9", [Ask("/")], rate=200) as load:
        while not load.answers:
            time.sleep(0.01)
    assert {(one.status, one.version, one.failed) for one in load.answers} == {(0, "", True)}


def test_the_share_of_a_version_is_that_of_the_time_in_which_it_answered() -> None:
    """Requests before and after it are not counted."""
    answers = [Answer(at, 200, "new" if at in (10, 20) else "old") for at in range(100)]
    assert share_of("new", answers) == Share(2, 11)
    assert share_of("newest", answers) == Share(0, 0)


@pytest.mark.parametrize(("count", "more"), [(0, False), (50, False), (77, False), (78, True), (250, True)])
def test_a_share_is_exceeded_by_more_than_chance(count: int, more: bool) -> None:
    """500 requests at 10 %: 50 are expected, four standard deviations are 27, and one more is let pass."""
    assert Share(count, 500).exceeds(10) is more
