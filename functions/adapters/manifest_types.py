"""Types of the keys of `delivery.yml`, for whoever describes some of them."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

# A part's name is a key in tables and a word in execution names.
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


def inside(path: str) -> str:
    """A path that stays inside the repository; any other is a ValueError."""
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("must be a path inside the repository: no leading / and no ..")
    return path


Path = Annotated[str, StringConstraints(pattern=r"^[\w./*-]+$"), AfterValidator(inside)]


class Closed(BaseModel):
    """A group of keys: any other key, and a value of another type, is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
