"""Orders and domains in the database: PostgreSQL on AWS, a file of SQLite in tests and on a laptop.

`DATABASE_HOST` with `DATABASE_NAME`, `DATABASE_USER` and `DATABASE_PASSWORD` name a PostgreSQL server; otherwise
`DATABASE_FILE` is the file. Both drivers have `execute` on the connection, so all statements are written once.
"""

import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# In the order in which `python -m storefront.migrate` applies them; an applied one is never edited.
MIGRATIONS = (
    "CREATE TABLE orders (id TEXT PRIMARY KEY, item TEXT NOT NULL, quantity INTEGER NOT NULL, status TEXT NOT NULL)",
    "CREATE TABLE domains (name TEXT PRIMARY KEY, status TEXT NOT NULL)",
)
_TRIES = 30


class Store:
    """One connection; `parameter` is how its driver writes the place of a value."""

    def __init__(self, connection: Any, parameter: str) -> None:
        self._connection = connection
        self._parameter = parameter

    def run(self, statement: str, *values: Any) -> Any:
        """Run a statement whose values are written as `?`; returns a cursor."""
        return self._connection.execute(statement.replace("?", self._parameter), values)

    def migrate(self) -> int:
        """Apply the migrations that are missing; returns how many. Repeating it changes nothing."""
        self.run("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY)")
        (done,) = self.run("SELECT COUNT(*) FROM migrations").fetchone()
        for number, statement in enumerate(MIGRATIONS[done:], start=done + 1):
            self.run(statement)
            self.run("INSERT INTO migrations (number) VALUES (?)", number)
        return len(MIGRATIONS[done:])

    def create(self) -> None:
        """Create the tables where there are none, as in a new environment; later, releases bring the migrations."""
        self.run("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY)")
        if self.run("SELECT COUNT(*) FROM migrations").fetchone() == (0,):
            self.migrate()

    def check(self) -> None:
        """Raise the driver's error if the database does not answer."""
        self.run("SELECT 1")

    def add_order(self, item: str, quantity: int) -> str:
        """Keep a new order; returns its id."""
        order = uuid.uuid4().hex
        self.run("INSERT INTO orders (id, item, quantity, status) VALUES (?, ?, ?, 'received')", order, item, quantity)
        return order

    def order(self, order: str) -> dict[str, Any] | None:
        """An order by its id."""
        row = self.run("SELECT id, item, quantity, status FROM orders WHERE id = ?", order).fetchone()
        return dict(zip(("id", "item", "quantity", "status"), row, strict=True)) if row else None

    def accept_orders(self) -> int:
        """Accept all received orders; returns how many. Two listeners never accept one order twice."""
        return int(self.run("UPDATE orders SET status = 'accepted' WHERE status = 'received'").rowcount)

    def add_domain(self, name: str) -> None:
        """Keep a domain that shall lead to the shop; one that is known is looked up again."""
        self.run(
            "INSERT INTO domains (name, status) VALUES (?, 'waiting') "
            "ON CONFLICT (name) DO UPDATE SET status = 'waiting'",
            name,
        )

    def domain(self, name: str) -> dict[str, str] | None:
        """A domain by its name."""
        row = self.run("SELECT name, status FROM domains WHERE name = ?", name).fetchone()
        return {"name": row[0], "status": row[1]} if row else None

    def waiting_domains(self) -> list[str]:
        """The domains that nobody has looked up yet."""
        return [name for (name,) in self.run("SELECT name FROM domains WHERE status = 'waiting'").fetchall()]

    def set_domain(self, name: str, status: str) -> None:
        """Note what the lookup of a domain has found."""
        self.run("UPDATE domains SET status = ? WHERE name = ?", status, name)


@contextmanager
def opened() -> Iterator[Store]:
    """The database of the environment, in one transaction: an error undoes it."""
    host = os.environ.get("DATABASE_HOST")
    connection: Any
    if host:
        import psycopg  # noqa: PLC0415 - only the images have it

        connection = psycopg.connect(
            host=host,
            dbname=os.environ["DATABASE_NAME"],
            user=os.environ["DATABASE_USER"],
            password=os.environ["DATABASE_PASSWORD"],
            sslmode="require",
            connect_timeout=5,
        )
    else:
        connection = sqlite3.connect(os.environ["DATABASE_FILE"], timeout=30, isolation_level=None)
        connection.execute("BEGIN")  # otherwise CREATE TABLE would be outside of the transaction
    try:
        with connection:
            yield Store(connection, "%s" if host else "?")
    finally:
        connection.close()


def prepare() -> None:
    """Create the tables of a new environment: the first task does it, and the others find them at a later try."""
    for tries_left in reversed(range(_TRIES)):
        try:
            with opened() as store:
                store.create()
        except Exception:
            if not tries_left:
                raise
            time.sleep(1)
        else:
            return
