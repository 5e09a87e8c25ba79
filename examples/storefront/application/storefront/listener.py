"""The listener: accepts the orders that the API has received."""

from storefront.store import opened, prepare
from storefront.worker import work_until_stopped


def accept() -> int:
    """Accept what is there; returns how many orders."""
    with opened() as store:
        return store.accept_orders()


if __name__ == "__main__":
    prepare()
    work_until_stopped("listener", accept)
