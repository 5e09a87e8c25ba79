"""Links and settings that the guides name exist; their commands and blocks are tested in `test_howtos.py`."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.reference import configuration

ROOT = Path(__file__).parents[3]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
GUIDES = [
    ROOT / "docs" / f"{name}.md"
    for name in ("quick-start", "troubleshooting", "disaster-recovery", "security", "rollback", "migrate")
]
# Groups whose keys the guides name by path.
_GROUPS = ("github", "worker", "codebuild", "backstops")


def links(page: Path) -> Iterator[Path]:
    """Every file or folder of this repository that a page links to."""
    for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
        if not target.startswith(("http:", "https:")):
            yield page.parent / target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every link leads to a file of this repository."""
    assert [str(target) for target in links(page) if not target.exists()] == []


@pytest.mark.parametrize("page", [*GUIDES, ROOT / "docs" / "cost.md"], ids=lambda page: page.stem)
def test_guides_name_settings_that_are_there(page: Path) -> None:
    """As `group.key`, spelled as in a stack file."""
    keys = {key.path for group in configuration.groups() for key in group.keys}
    named = set(re.findall(rf"`((?:{'|'.join(_GROUPS)})\.[a-zA-Z.]+)`", page.read_text("utf-8")))
    assert named - keys == set()
