"""The faults that workflow definitions name."""

import inspect

from functions.domain import errors


def test_every_fault_has_one_root_and_stands_in_the_tree() -> None:
    """Every fault is a KiroError, and the tree in the module's docstring contains it."""
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    for kind in kinds:
        assert issubclass(kind, errors.KiroError)
        assert kind.__name__ in (errors.__doc__ or "")
        assert kind.__name__.endswith("Error")
        assert kind.__doc__


def test_github_says_how_long_to_wait() -> None:
    """The fault has the value of `Retry-After`, and None without that header."""
    assert errors.GitHubUnavailableError("x", 7.5).retry_after_seconds == 7.5
    assert errors.GitHubUnavailableError("x").retry_after_seconds is None
    assert str(errors.GitHubUnavailableError("slow", 1)) == "slow"
