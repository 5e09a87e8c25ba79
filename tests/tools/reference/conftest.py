"""What is there before the pages are made."""

import pytest

# The recorder brings the SDK's services in, and mutes what the SDK warns of in its own modules.
from tests.components.recorder import Outcome, stack


@pytest.fixture(scope="package")
def outcome() -> Outcome:
    """The program itself, which is what the pages must agree with."""
    return stack("test")
