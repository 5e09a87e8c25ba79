"""The headers of pages for people."""

import base64
import hashlib

from functions.adapters.page_headers import headers


def test_only_our_style_and_script_are_let_in() -> None:
    """By their hash; nothing else is loaded, framed or kept, and no address is told to others."""
    found = headers("body { margin: 0; }", "alert(1)")
    digest = base64.b64encode(hashlib.sha256(b"alert(1)").digest()).decode()
    policy = found["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert f"script-src 'sha256-{digest}'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'" in policy
    assert "img-src data:; script-src" in policy, "the icon of the page is a part of it"
    assert "unsafe" not in policy
    assert (found["cache-control"], found["referrer-policy"]) == ("no-store", "no-referrer")


def test_a_page_without_a_script_lets_none_in() -> None:
    """It may post its form."""
    policy = headers("body { margin: 0; }")["content-security-policy"]
    assert "script-src" not in policy
    assert "form-action 'self'" in policy
