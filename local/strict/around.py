"""The way by which strictness reaches into ministack."""

import functools
from collections.abc import Callable
from typing import Any

Answer = Any


def around(module: Any, name: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Put a function, which gets the original as its first argument, in the place of one of ministack's."""
    original = getattr(module, name, None)
    if original is None:
        raise SystemExit(f"{module.__name__} has no {name} to hold on to; local/strict fits ministack 1.5.33")

    def put(replacement: Callable[..., Answer]) -> Callable[..., Answer]:
        setattr(module, name, functools.wraps(original)(functools.partial(replacement, original)))
        return replacement

    return put
