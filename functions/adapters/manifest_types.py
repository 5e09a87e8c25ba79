"""Types of texts in `delivery.yml`, as annotations, so that Pydantic is imported only to read a manifest."""

from typing import Annotated, Any


class Text:
    """A text with the constraints of Pydantic's string (`pattern`, `min_length`).

    `inside` requires a path inside the repository. Pydantic calls `__get_pydantic_core_schema__` of an annotation:
    https://docs.pydantic.dev/latest/concepts/types/#customizing-validation-with-__get_pydantic_core_schema__
    """

    def __init__(self, *, inside: bool = False, **constraints: Any) -> None:
        self._inside = inside
        self._constraints = constraints

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of the text."""
        from pydantic_core import core_schema

        text = core_schema.str_schema(strict=True, **self._constraints)
        return core_schema.no_info_after_validator_function(_inside, text) if self._inside else text


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("must be a path inside the repository: no leading / and no ..")
    return path


AnyText = Annotated[str, Text(min_length=1)]
RepositoryPath = Annotated[str, Text(pattern=r"^[\w./*-]+$", inside=True)]
# A preview belongs to one environment: `{environment}` is replaced by its name.
PreviewPath = Annotated[str, Text(pattern=r"^([\w./-]|\{environment\})+$", inside=True)]
# The name of a part is used in table keys and execution names.
Word = Annotated[str, Text(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
