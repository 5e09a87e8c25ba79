"""End-to-end tests: what a customer sees."""

from service import WEB, get, text


def test_the_page_has_the_products_of_the_api():
    """The website asks the API."""
    page = text(f"{WEB}/")
    assert all(name in page for name in get("/products")["products"].values())
