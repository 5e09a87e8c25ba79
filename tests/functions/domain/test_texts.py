"""Texts of others have an end."""

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.texts import cut


@given(st.text(), st.integers(1, 50))
def test_a_cut_text_is_short_and_begins_as_it_did(text: str, limit: int) -> None:
    """What is short enough stays as it is; what is not says so."""
    short = cut(text, limit)
    assert len(short) <= limit
    assert (short == text) if len(text) <= limit else (text.startswith(short[:-1]) and short.endswith("…"))
