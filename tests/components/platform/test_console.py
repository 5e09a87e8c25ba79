"""The console: its routes and its function exist with the setting, and a reader's policy opens it."""

import json

from tests.components.recorder import Outcome

FUNCTION, ROUTES = "events-console", {"GET /console", "GET /console/{deployment}"}


def routes(outcome: Outcome) -> set[str]:
    """The routes of the API."""
    return {route.inputs["routeKey"] for route in outcome.recorder.of("apigatewayv2/route:Route")}


def test_a_stack_has_the_console_unless_it_is_switched_off(whole: Outcome, switched_on: Outcome) -> None:
    """Without it there is neither a route nor a function, and nobody may write an access."""
    assert routes(whole) >= ROUTES
    assert whole.recorder.one("lambda/function:Function", FUNCTION)
    assert whole.outputs["consoleUrl"].endswith("/console")
    assert not routes(switched_on) & ROUTES
    assert FUNCTION not in {one.name for one in switched_on.recorder.of("lambda/function:Function")}
    assert switched_on.outputs["consoleUrl"] == "off"
    assert "console/*" not in switched_on.outputs["readerPolicy"]


def test_a_reader_may_write_an_access_and_no_other_row(whole: Outcome) -> None:
    """By the beginning of the key, which the request must have."""
    statements = json.loads(whole.outputs["readerPolicy"])["Statement"]
    (writes,) = [one for one in statements if "dynamodb:UpdateItem" in one["Action"]]
    assert writes["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["console/*"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_messages_link_to_the_console_of_their_stack(whole: Outcome, switched_on: Outcome) -> None:
    """A stack without one has no such links."""
    for outcome, ends in ((whole, "/console"), (switched_on, "off")):
        function = outcome.recorder.one("lambda/function:Function", "events-notify").inputs
        assert function["environment"]["variables"]["CONSOLE_URL"].endswith(ends)
