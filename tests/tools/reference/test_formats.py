"""The page of formats, and the corpus that it is generated from."""

from tests.cases.expectations import expectations
from tools.reference import formats


def test_every_tool_of_the_corpus_is_on_the_page() -> None:
    """With the gate's text about its file."""
    page = formats.page()
    found = expectations("corpus")
    assert found
    assert not [str(one) for one in found if f"`{one.file.name}`" not in page]
