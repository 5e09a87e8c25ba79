"""Integration tests: what requests meet on their way to the service and back."""

from service import get


def test_the_world_is_greeted():
    """A request without a name is greeted as the world."""
    assert get("/")["message"] == "Hello, world!"


def test_names_arrive_as_they_were_written():
    """A name with spaces and letters of any script survives the way through the address."""
    assert get("/?name=Grace%20Hopper")["message"] == "Hello, Grace Hopper!"
    assert get("/?name=Zo%C3%AB")["message"] == "Hello, Zoë!"
