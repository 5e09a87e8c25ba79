"""End-to-end tests: what a person does with the service, from the first request to the last."""

from service import get


def test_a_visitor_is_greeted_again_and_again():
    """Each visitor gets a greeting of their own, also beside others."""
    for name in ("Alan", "Grace", "Alan"):
        assert get(f"/?name={name}")["message"] == f"Hello, {name}!"
    assert get("/health")["status"] == "ok"
