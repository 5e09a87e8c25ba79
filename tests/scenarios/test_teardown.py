"""A repeated `up` and a `destroy`; the last scenario of its platform."""

from tests.scenarios.driver import PlatformDriver


def test_up_again_changes_nothing_and_destroy_leaves_nothing(driver: PlatformDriver) -> None:
    """A second `up` changes nothing, and destroying a stack that retains nothing leaves no resource behind."""
    platform = driver.platform
    again = platform.deploy("up")
    assert {op for op, count in again.changes.items() if count} == {"same"}
    gone = platform.deploy("destroy")
    assert gone.changes["delete"] == again.changes["same"]
    assert platform.clients.client("dynamodb").list_tables()["TableNames"] == []
