"""The environments of a stack's settings."""

from functions.adapters.environment_names import EnvironmentNames
from tests.functions.stack import Stack


def test_names_keep_their_order(stack: Stack) -> None:
    """The names keep the order of the settings, in which a release enters the environments."""
    stack.settings["ENVIRONMENT_NAMES"] = "test,staging,eu-production"
    assert EnvironmentNames.connect(stack.clients).names == ("test", "staging", "eu-production")
