"""Types of texts in `delivery.yml`, as annotations, so that Pydantic is imported only to read a manifest."""

from typing import Annotated, Any

from functions.domain.rollouts import mistake_in_steps


class Meaning:
    """What a key means, in one or two sentences, with examples of its value; the published schema shows both.

    Pydantic calls `__get_pydantic_json_schema__` of an annotation:
    https://docs.pydantic.dev/latest/concepts/json_schema/#implementing-__get_pydantic_json_schema__
    """

    def __init__(self, text: str, *examples: Any) -> None:
        self._text = text
        self._examples = examples

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> Any:
        """The JSON schema of the key."""
        shown = {"examples": [*self._examples]} if self._examples else {}
        return {**handler(core), "description": self._text, **shown}


class Text:
    """A text with the constraints of Pydantic's string (`pattern`, `min_length`).

    `inside` requires a path inside the repository, `committed` that of a file in it, where these are known: they are
    the context of the validation. Pydantic calls `__get_pydantic_core_schema__` of an annotation:
    https://docs.pydantic.dev/latest/concepts/types/#customizing-validation-with-__get_pydantic_core_schema__
    """

    def __init__(self, *, inside: bool = False, committed: bool = False, **constraints: Any) -> None:
        self._inside = inside
        self._committed = committed
        self._constraints = constraints

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of the text."""
        from pydantic_core import core_schema

        text: Any = core_schema.str_schema(strict=True, **self._constraints)
        if self._inside:
            text = core_schema.no_info_after_validator_function(_inside, text)
        return core_schema.with_info_after_validator_function(_committed, text) if self._committed else text


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


class PathPattern:
    """A pattern of paths, as in `.gitignore`, that can match some path; one of the files, where these are known."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of the text."""
        from pydantic_core import core_schema

        text = core_schema.str_schema(strict=True, min_length=1)
        return core_schema.with_info_after_validator_function(_pattern, text)


class PathPatterns:
    """A list of `PathPattern`, in which none takes out what is not selected; where files are known, each does some."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of the list."""
        from pydantic_core import core_schema

        return core_schema.with_info_after_validator_function(_selecting, handler(source))


def _pattern(pattern: str, info: Any) -> str:
    from functions.domain.git_patterns import GitPatterns, mistake_in

    if mistake := mistake_in(pattern):
        raise ValueError(mistake)
    known = info.context is not None and not pattern.startswith("!")
    if known and not any(map(GitPatterns([pattern]).select, info.context)):
        raise ValueError(f"{pattern} fits no file of the repository: correct it, or take it out")
    return pattern


def _selecting(patterns: list[str], info: Any) -> list[str]:
    from functions.domain.git_patterns import GitPatterns

    if patterns and patterns[0].startswith("!"):
        raise ValueError(f"the first one, {patterns[0]}, takes out what none selects: write one before it, such as /**")
    for at, pattern in enumerate(patterns if info.context is not None else ()):
        before, after = GitPatterns(patterns[:at]), GitPatterns(patterns[: at + 1])
        if pattern.startswith("!") and not any(before.select(file) and not after.select(file) for file in info.context):
            raise ValueError(
                f"{pattern} takes out no file; a selected folder is selected whole: write /src/* for /src/"
            )
    return patterns


def _committed(path: str, info: Any) -> str:
    if info.context is not None and path not in info.context:
        raise ValueError(f"{path} is not in the repository: add the file, or correct its path")
    return path


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("must be a path inside the repository: no leading / and no ..")
    return path


AnyText = Annotated[str, Text(min_length=1)]
RepositoryPath = Annotated[str, Text(pattern=r"^[\w./*-]+$", inside=True)]
# A file that the commit has: a buildspec, an allow-list. Reports and packages are in the build's artifact.
CommittedFile = Annotated[str, Text(pattern=r"^[\w./*-]+$", inside=True, committed=True)]
# Which files concern a part.
Paths = Annotated[list[Annotated[str, PathPattern()]], PathPatterns()]
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
