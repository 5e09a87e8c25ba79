"""The website: a page with the products, which it gets from the API at `API_URL`."""

import html
import json
import os
import urllib.request

from storefront.server import Handler, serve, version


def page(products: dict[str, str]) -> str:
    """The page as HTML."""
    items = "".join(f"<li id='{html.escape(key)}'>{html.escape(name)}</li>" for key, name in products.items())
    return f"<!doctype html><html lang='en'><title>Storefront</title><h1>Storefront</h1><ul>{items}</ul></html>"


def products() -> dict[str, str]:
    """The products; OSError or ValueError if the API does not answer well."""
    with urllib.request.urlopen(f"{os.environ['API_URL']}/products", timeout=5) as answer:  # noqa: S310 - our own
        found: dict[str, str] = json.load(answer)["products"]
        return found


class Web(Handler):
    """Its own health does not depend on the API: a fault there must not stop the tasks here."""

    def do_GET(self) -> None:  # noqa: N802
        """Answer with the page, or with the health."""
        if self.path == "/health":
            self.reply(200, "application/json", json.dumps({"status": "ok", "version": version()}))
        elif self.path == "/":
            try:
                self.reply(200, "text/html; charset=utf-8", page(products()))
            except (OSError, ValueError) as error:
                self.log_error("%s: %s", type(error).__name__, error)
                self.reply(502, "text/plain; charset=utf-8", "The shop is closed for a moment.\n")
        else:
            self.reply(404, "text/plain; charset=utf-8", "There is no such page.\n")


if __name__ == "__main__":
    serve(Web)
