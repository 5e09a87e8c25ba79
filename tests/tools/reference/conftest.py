"""A run of the program, with which the pages must agree."""

import pytest

# The recorder brings the SDK's services in, and mutes what the SDK warns of in its own modules.
from tests.components.recorder import Outcome, stack


@pytest.fixture(scope="package")
def outcome() -> Outcome:
    """The recorded run of the program."""
    return stack("test")
