"""The rules of pushed images, as the program writes them."""

from functions.adapters.image_rules import ImageRules
from functions.domain.image_pushes import PushedImages, PushRule
from tests.functions.stack import Stack


def test_rules_are_those_of_the_settings(stack: Stack) -> None:
    """Without any there is none."""
    assert ImageRules.connect(stack.clients).known == ()
    stack.settings["PUSHED_IMAGES"] = (
        '[{"repository": "acme/shop", "images": {"api": "r"}, "rules": [{"tags": "v*", "until": "test"}]}]'
    )
    known = (PushedImages("acme/shop", {"api": "r"}, (PushRule("v*", "test"),)),)
    assert ImageRules.connect(stack.clients).known == known
