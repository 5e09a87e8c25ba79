"""Types of texts in `delivery.yml`, as annotations: Pydantic is imported only where a manifest is read."""

from typing import Annotated, Any


class Text:
    """A text with the constraints of Pydantic's string (`pattern`, `min_length`); `inside` keeps it in the repository.

    Pydantic calls `__get_pydantic_core_schema__` of what it finds in `Annotated`:
    https://docs.pydantic.dev/latest/concepts/types/#customizing-validation-with-__get_pydantic_core_schema__
    """

    def __init__(self, *, inside: bool = False, **constraints: Any) -> None:
        self._inside = inside
        self._constraints = constraints

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Any other text is refused, with its reason."""
        from pydantic_core import core_schema

        text = core_schema.str_schema(strict=True, **self._constraints)
        return core_schema.no_info_after_validator_function(_inside, text) if self._inside else text


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("must be a path inside the repository: no leading / and no ..")
    return path


AnyText = Annotated[str, Text(min_length=1)]
RepositoryPath = Annotated[str, Text(pattern=r"^[\w./*-]+$", inside=True)]
# A preview is about one environment: `{environment}` stands for its name.
PreviewPath = Annotated[str, Text(pattern=r"^([\w./-]|\{environment\})+$", inside=True)]
# A part's name is a key in tables and a word in execution names.
Word = Annotated[str, Text(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
