"""Smoke tests: the service answers, and it is this release."""

import os

from service import get


def test_the_release_that_was_deployed_answers():
    """The health endpoint names the commit of this deployment."""
    assert get("/health") == {"status": "ok", "version": os.environ["KIRO_COMMIT"]}
