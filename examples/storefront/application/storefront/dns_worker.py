"""The DNS worker: looks up whether the domains of customers lead to the shop at `SHOP_HOST`."""

import os
import socket

from storefront.store import opened, prepare
from storefront.worker import work_until_stopped


def addresses(name: str) -> set[str]:
    """The addresses of a name; none if it has none."""
    try:
        return {str(one[4][0]) for one in socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)}
    except OSError:
        return set()


def look_up() -> int:
    """Look up every domain that waits; returns how many."""
    with opened() as store:
        waiting = store.waiting_domains()
    shop = addresses(os.environ["SHOP_HOST"]) if waiting else set()
    found = {name: "connected" if addresses(name) & shop else "elsewhere" for name in waiting}
    with opened() as store:
        for name, status in found.items():
            store.set_domain(name, status)
    return len(found)


if __name__ == "__main__":
    prepare()
    work_until_stopped("dns-worker", look_up)
