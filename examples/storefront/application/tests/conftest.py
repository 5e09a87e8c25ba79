import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture
def database(tmp_path, monkeypatch):
    """A migrated database of its own, which the code finds by its variable."""
    from storefront.store import opened  # noqa: PLC0415

    monkeypatch.setenv("DATABASE_FILE", str(tmp_path / "shop.db"))
    with opened() as store:
        store.migrate()
    return opened
