"""What stands is not touched again, and what is taken down is gone; the last scenario of its platform."""

from tests.scenarios.world import World


def test_up_again_changes_nothing_and_destroy_leaves_nothing(world: World) -> None:
    """The program is idempotent, and a destroyable stack leaves no resource of its own, used or not."""
    platform = world.platform
    again = platform.deploy("up")
    assert {op for op, count in again.changes.items() if count} == {"same"}
    gone = platform.deploy("destroy")
    assert gone.changes["delete"] == again.changes["same"]
    assert platform.clients.client("dynamodb").list_tables()["TableNames"] == []
