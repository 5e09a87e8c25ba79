"""Types of the manifest's keys."""

import pytest
from pydantic import TypeAdapter, ValidationError

from functions.adapters.manifest_types import Closed, Path, Word

PATHS: TypeAdapter[str] = TypeAdapter(Path)
WORDS: TypeAdapter[str] = TypeAdapter(Word)


@pytest.mark.parametrize("path", ["/etc/passwd", "../a", "a/../../b", "", "a b", "a\nb"])
def test_a_path_stays_inside_the_repository(path: str) -> None:
    """No absolute path, no way up, no character that a build could read otherwise."""
    with pytest.raises(ValidationError):
        PATHS.validate_python(path)
    assert PATHS.validate_python("reports/*.xml") == "reports/*.xml"


@pytest.mark.parametrize("word", ["Hello", "1st", "a_b", "a" * 41, ""])
def test_a_word_can_be_a_name_in_aws(word: str) -> None:
    """Small letters, digits and dashes, 40 at most."""
    with pytest.raises(ValidationError):
        WORDS.validate_python(word)
    assert WORDS.validate_python("a" * 40) == "a" * 40


def test_an_unknown_key_and_another_type_are_refused() -> None:
    """Nothing is ignored, nothing is converted."""

    class Group(Closed):
        number: int

    for wrong in ({"number": 1, "more": 2}, {"number": "1"}, {}):
        with pytest.raises(ValidationError):
            Group.model_validate(wrong)
