"""The base class of all groups of settings: unknown keys and wrong types are refused, values are immutable (I1)."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Closed(BaseModel):
    """A group of settings; its keys are camelCase in `Pulumi.<stack>.yaml` and in errors."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )
