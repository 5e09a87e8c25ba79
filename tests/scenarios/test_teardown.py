"""What stands is not touched again, and what is taken down is gone: on a platform of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.platform import Platform


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform on which nothing was deployed."""
    with Platform(tmp_path / "platform", "test", print) as made:
        yield made


def test_up_again_changes_nothing_and_destroy_leaves_nothing(platform: Platform) -> None:
    """The program is idempotent, and a destroyable stack leaves no resource of its own."""
    again = platform.deploy("up")
    assert {op for op, count in again.changes.items() if count} == {"same"}
    gone = platform.deploy("destroy")
    assert gone.changes["delete"] == again.changes["same"]
    assert platform.clients.client("dynamodb").list_tables()["TableNames"] == []
