"""The files of one gate share a budget; each reader's limit is tried in `tests/functions/adapters/test_limits.py`."""

import pytest

from functions.domain.limits import Budget


def test_the_last_element_is_allowed_and_one_more_is_not() -> None:
    """The files together count, not each."""
    budget = Budget(3)
    budget.take(1)
    budget.take(2)
    with pytest.raises(ValueError, match="all files together have more than 3 elements: name fewer files"):
        budget.take(1)
