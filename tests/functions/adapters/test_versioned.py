"""The repositories with versions."""

from functions.adapters.versioned import Versioned
from tests.functions.stack import Stack


def test_the_setting_lists_them(stack: Stack) -> None:
    """Several are separated by commas."""
    stack.settings["VERSIONED"] = "acme/shop,acme/web"
    found = Versioned.connect(stack.clients)
    assert (found.repositories, found.pages) == (frozenset({"acme/shop", "acme/web"}), "https://github.example.com")
