"""The specs that demo and scenarios push to branches: one whose work succeeds, one whose tests fail."""

_GOOD = '''# Design

## Task 1 The salutation of an hour

```python write=src/hours.py
"""What one says at an hour of the day."""


def salutation(hour: int) -> str:
    """Good morning until noon, good evening from six, else good day."""
    if hour < 12:
        return "Good morning"
    return "Good evening" if hour >= 18 else "Good day"
```

## Task 2 Its tests

```python write=tests/test_hours.py
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

import hours


@pytest.mark.parametrize(
    ("hour", "said"), [(0, "Good morning"), (11, "Good morning"), (12, "Good day"), (18, "Good evening")]
)
def test_the_hour_decides(hour, said):
    """Noon and six are the turning points."""
    assert hours.salutation(hour) == said
```
'''


def spec(branch: str, design: str, *tasks: str) -> dict[str, str]:
    """The three files of a spec, by path."""
    folder = f".kiro/specs/{branch}"
    listed = "".join(f"- [ ] {number}. {title}\n" for number, title in enumerate(tasks, 1))
    return {
        f"{folder}/requirements.md": "# Requirements\n\nPeople are greeted by the hour of their day.\n",
        f"{folder}/design.md": design,
        f"{folder}/tasks.md": f"# Tasks\n\n{listed}",
    }


def good_spec(branch: str) -> dict[str, str]:
    """A spec of two tasks, whose code is correct and covered by tests."""
    return spec(branch, _GOOD, "Say the salutation of an hour", "Test the turning points")


def failing_spec(branch: str) -> dict[str, str]:
    """The same spec with a mistake in the code, so that its tests fail: 18:00 still counts as day."""
    return spec(branch, _GOOD.replace("hour >= 18", "hour > 18"), "Say the salutation of an hour", "Test it")
