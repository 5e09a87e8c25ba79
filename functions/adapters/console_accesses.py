"""The accesses to the console, in the waits table: `console/{id}`, which expires with the session."""

import re
from datetime import datetime
from secrets import token_hex, token_urlsafe
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.records import conditional, plain, stored
from functions.domain.console_access import Access, grant
from functions.domain.errors import BadInputError
from functions.handler import Allow, decode

if TYPE_CHECKING:
    from functions.runtime import Clients

PREFIX = "console/"
_ID = re.compile(r"[0-9a-f]{32}")


class ConsoleAccesses:
    """Reads accesses for the console's function; `kiro-worker open` writes them with the permissions of its caller."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WAITS_TABLE",)
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:GetItem",), on="table/waits"),)

    def __init__(self, table: Any) -> None:
        self._table = table

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The table of this stack."""
        return cls(aws.table("WAITS_TABLE"))

    def find(self, access_id: str) -> Access | None:
        """The access with this id (strongly consistent); None if there is none, or for a text that is no id."""
        if not _ID.fullmatch(access_id):
            return None
        item = self._table.get_item(Key={"waitKey": PREFIX + access_id}, ConsistentRead=True).get("Item")
        return decode(Access, plain(item)) if item else None

    def open(self, by: str, now: datetime) -> str:
        """Write an access for `by` (an ARN), and return what the link says after `?open=`."""
        access_id, secret = token_hex(16), token_urlsafe(32)
        access = grant(access_id, secret, token_hex(16), by, now)
        facts = {**stored(access), "expiresAt": int(datetime.fromisoformat(access.ends_at).timestamp())}
        written = conditional(
            self._table,
            "update_item",
            Key={"waitKey": PREFIX + access_id},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in facts),
            ConditionExpression="attribute_not_exists(waitKey)",
            ExpressionAttributeNames={f"#{name}": name for name in facts},
            ExpressionAttributeValues={f":{name}": value for name, value in facts.items()},
        )
        if written is None:
            raise BadInputError("an access to the console with this id exists already: try again")
        return f"{access_id}.{secret}"
