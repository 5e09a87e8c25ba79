"""Types of texts in the manifest: Pydantic reads them as annotations."""

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from functions.adapters.manifest_types import AnyText, PreviewPath, RepositoryPath, Text, Word


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (AnyText, "hello-{environment}"),
        (RepositoryPath, "dist/*.zip"),
        (PreviewPath, "reports/{environment}.json"),
        (Annotated[str, Text(max_length=2)], "ab"),
    ],
)
def test_a_text_of_its_form_is_taken_as_it_is(form: Any, text: str) -> None:
    """A valid text is neither trimmed nor converted."""
    assert TypeAdapter(form).validate_python(text) == text


@pytest.mark.parametrize(
    ("form", "value", "said"),
    [
        (AnyText, "", "at least 1 character"),
        (AnyText, 7, "valid string"),
        (RepositoryPath, "/etc/passwd", "must be a path inside the repository"),
        (RepositoryPath, "a/../../b", "must be a path inside the repository"),
        (RepositoryPath, "a b; rm", "should match pattern"),
        (RepositoryPath, "{environment}", "should match pattern"),
        (PreviewPath, "{stack}.json", "should match pattern"),
        (PreviewPath, "../{environment}", "must be a path inside the repository"),
    ],
)
def test_any_other_text_is_refused_with_its_reason(form: Any, value: object, said: str) -> None:
    """An invalid text has the same reason wherever it stands in the manifest."""
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(form).validate_python(value)


@pytest.mark.parametrize("word", ["Hello", "1st", "a_b", "a" * 41, ""])
def test_a_word_can_be_a_name_in_aws(word: str) -> None:
    """A word has small letters, digits and dashes, and at most 40 characters."""
    words: TypeAdapter[str] = TypeAdapter(Word)
    with pytest.raises(ValidationError):
        words.validate_python(word)
    assert words.validate_python("a" * 40) == "a" * 40
