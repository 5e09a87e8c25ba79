"""Resources of a stack that documents name are registered by the program."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.components import recorder
from tests.components.recorder import ROOT

PAGES = [
    page
    for page in sorted([Path(ROOT, "README.md"), *Path(ROOT, "docs").rglob("*.md")])
    if not {"reference", "decisions"} & set(page.parts)
]
_NAME = re.compile(r"\bkiro-(?:pipeline|worker)-(?:test|staging|production|STACK|<stack>)-[\w*<>-]+")
# Words that stand for a part of a name, and the table that a restore creates.
_WORDS = {"ENVIRONMENT": "*", "FUNCTION": "*", "NAME": "*", "KEY": "*", "-restored": ""}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_resource_that_a_page_names_exists(page: Path) -> None:
    """T2: under the name of the stack `test`; a part of a name, such as that of an environment, stands for any."""
    made = [*recorder.stack("test").recorder.resources, *recorder.switched_on().recorder.resources]
    known = {one.physical_name for one in made} | {one.physical_name.rpartition("/")[2] for one in made}
    named = set(_NAME.findall(page.read_text("utf-8")))
    assert {one for one in named if not any(fnmatchcase(name, pattern(one)) for name in known)} == set()


def pattern(name: str) -> str:
    """A name as the stack `test` has it, with `*` for what differs; an alarm's page ends before an environment."""
    first, project, _, rest = name.split("-", 3)
    for word, instead in _WORDS.items():
        rest = rest.replace(word, instead)
    rest = re.sub("<[a-z]+>", "*", rest)
    return f"{first}-{project}-test-{rest}" + ("*" if rest.endswith("-") else "")
