"""Replaces functions of ministack."""

import functools
from collections.abc import Callable
from typing import Any

Answer = Any


def around(module: Any, name: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Replace a function of a module by one that gets the original as its first argument."""
    original = getattr(module, name, None)
    if original is None:
        raise SystemExit(f"{module.__name__} has no {name}; local/strict is written for ministack 1.5.33")

    def put(replacement: Callable[..., Answer]) -> Callable[..., Answer]:
        setattr(module, name, functools.wraps(original)(functools.partial(replacement, original)))
        return replacement

    return put
