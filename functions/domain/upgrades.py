"""Types whose JSON an earlier version of the platform stored in another format.

The module that defines a type registers its conversion here: decoding then imports no type that a function never reads.
"""

from collections.abc import Callable
from typing import Any

# By type, or union of types: from a stored JSON value to one in today's format.
UPGRADES: dict[Any, Callable[[Any], Any]] = {}
