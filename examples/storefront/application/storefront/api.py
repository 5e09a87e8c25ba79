"""The API: products, orders and domains, as JSON."""

import json
import re
from typing import Any

from storefront.server import Handler, serve, version
from storefront.store import Store, opened, prepare

PRODUCTS = {"mug": "A mug", "shirt": "A shirt"}
_DOMAIN = re.compile(r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")
Answer = tuple[int, dict[str, Any]]


def get(store: Store, path: str) -> Answer:
    """Answer a GET."""
    kind, _, name = path.strip("/").partition("/")
    if kind == "health":
        store.check()
        return 200, {"status": "ok", "version": version()}
    if kind == "products" and not name:
        return 200, {"products": PRODUCTS, "version": version()}
    found = store.order(name) if kind == "orders" else store.domain(name) if kind == "domains" else None
    return (200, found) if found else (404, {"error": f"there is no {path}"})


def post(store: Store, path: str, given: Any) -> Answer:
    """Answer a POST; what is wrong with its body is named."""
    if not isinstance(given, dict):
        return 400, {"error": "the body must be a JSON object"}
    if path == "/orders":
        item, quantity = given.get("item"), given.get("quantity", 1)
        if item not in PRODUCTS:
            return 400, {"error": f"item must be one of {', '.join(PRODUCTS)}"}
        if type(quantity) is not int or not 1 <= quantity <= 100:
            return 400, {"error": "quantity must be a whole number from 1 to 100"}
        return 201, {"id": store.add_order(item, quantity), "status": "received"}
    if path == "/domains":
        name = given.get("name")
        if not isinstance(name, str) or not _DOMAIN.match(name):
            return 400, {"error": "name must be a domain such as shop.example.com"}
        store.add_domain(name)
        return 201, {"name": name, "status": "waiting"}
    return 404, {"error": f"there is no {path}"}


class Api(Handler):
    """Each request has a transaction of its own; one that can't be had is answered with 503."""

    def do_GET(self) -> None:  # noqa: N802
        """Answer a GET."""
        self._answer(lambda store: get(store, self.path.partition("?")[0]))

    def do_POST(self) -> None:  # noqa: N802
        """Answer a POST."""
        try:
            given = json.loads(self.body())
        except ValueError as error:
            self.reply(400, "application/json", json.dumps({"error": f"the body is no JSON: {error}"}))
            return
        self._answer(lambda store: post(store, self.path, given))

    def _answer(self, work: Any) -> None:
        try:
            with opened() as store:
                status, body = work(store)
        except Exception as error:  # the user gets a response, the log the reason
            self.log_error("%s: %s", type(error).__name__, error)
            status, body = 503, {"error": "the request could not be answered", "version": version()}
        self.reply(status, "application/json", json.dumps(body))


if __name__ == "__main__":
    prepare()
    serve(Api)
