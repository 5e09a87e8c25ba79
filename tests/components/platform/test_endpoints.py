"""The way in: four routes, each of which may call its function and nothing else may."""

from tests.components.recorder import Outcome


def test_the_routes_are_webhook_approvals_and_alarms(whole: Outcome) -> None:
    """A page is read with GET and decides with POST."""
    routes = {route.inputs["routeKey"] for route in whole.recorder.of("apigatewayv2/route:Route")}
    assert routes == {"POST /github", "GET /approvals/{id}", "POST /approvals/{id}", "POST /alarms/{environment}"}


def test_permission_to_call_is_bound_to_a_route(whole: Outcome) -> None:
    """API Gateway may call for the route, not for the whole API."""
    sources = [
        one.inputs["sourceArn"].partition("/")[2]
        for one in whole.recorder.of("lambda/permission:Permission")
        if one.inputs["principal"] == "apigateway.amazonaws.com"
    ]
    assert sorted(sources) == [
        "*/GET/approvals/{id}",
        "*/POST/alarms/{environment}",
        "*/POST/approvals/{id}",
        "*/POST/github",
    ]


def test_the_stage_is_throttled_and_logged_without_query_strings(whole: Outcome) -> None:
    """The links of approvals carry their secret in the query."""
    stage = whole.recorder.one("apigatewayv2/stage:Stage", "api").inputs
    assert stage["defaultRouteSettings"]["throttlingRateLimit"] > 0
    assert "queryString" not in stage["accessLogSettings"]["format"]
    integrations = whole.recorder.of("apigatewayv2/integration:Integration")
    assert {one.inputs["payloadFormatVersion"] for one in integrations} == {"2.0"}
