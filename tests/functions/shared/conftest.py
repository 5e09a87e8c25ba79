"""The account's build queue."""

from collections.abc import Iterator

import pytest

from tests.functions.builds import Queue
from tests.functions.stack import Stack


@pytest.fixture
def queue(stack: Stack) -> Iterator[Queue]:
    """It has places when the test begins, and again when it ends: clients are shared."""
    made = Queue(stack)
    yield made
    made.free()
