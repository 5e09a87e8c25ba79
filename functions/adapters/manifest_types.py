"""Types of texts in `delivery.yml`, as annotations, so that Pydantic is imported only to read a manifest."""

from typing import Annotated, Any

from functions.domain.rollouts import mistake_in_steps


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


class Whole:
    """A whole number between two limits."""

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of the number."""
        from pydantic_core import core_schema

        return core_schema.int_schema(strict=True, ge=self._least, le=self._most)


class Percentage:
    """A number above 0, up to `most`."""

    def __init__(self, most: float) -> None:
        self._most = most

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of the number."""
        from pydantic_core import core_schema

        return core_schema.float_schema(strict=True, gt=0, le=self._most)


class RisingPercentages:
    """At most five whole percentages of 1 to 99, each above the one before."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of the list."""
        from pydantic_core import core_schema

        numbers = core_schema.list_schema(core_schema.int_schema(strict=True, ge=1, le=99), max_length=5, strict=True)
        return core_schema.no_info_after_validator_function(_rising, numbers)


def _rising(steps: list[int]) -> list[int]:
    if mistake := mistake_in_steps(steps):
        raise ValueError(mistake)
    return steps


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
# The shares of the requests that meet a new version, one after the other; and how long each is watched.
Steps = Annotated[list[int], RisingPercentages()]
StepSeconds = Annotated[int, Whole(60, 900)]
# When a new version is worse than the old one, and how many requests of each are compared.
Percent = Annotated[float, Percentage(1000)]
Requests = Annotated[int, Whole(1, 100_000)]
