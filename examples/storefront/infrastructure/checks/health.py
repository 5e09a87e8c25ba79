"""Smoke tests: both services answer, and the API has its database."""

import json

from service import WEB, get, text


def test_the_api_is_healthy():
    """It answers with its version, and reaches the database."""
    assert get("/health")["status"] == "ok"


def test_the_website_is_healthy():
    """It answers with its version."""
    assert json.loads(text(f"{WEB}/health"))["status"] == "ok"
