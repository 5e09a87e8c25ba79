"""What every group of settings has in common: nothing unknown, nothing converted, nothing changed later (I1)."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Closed(BaseModel):
    """camelCase in `Pulumi.<stack>.yaml`, and in every error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )
