"""What every type of data is made of: immutable values, with camelCase names in JSON and in tables."""

from msgspec import Struct


class Value(Struct, frozen=True, rename="camel"):
    """A value with typed fields, equal to another of its type with the same fields.

    A function creates up to two hundred such types when it starts cold. A `Struct` takes a tenth of the time of a
    frozen dataclass, and is read from JSON without code of our own (https://jcristharif.com/msgspec/structs.html).
    """
