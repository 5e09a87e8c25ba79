"""The HTTP API: its routes, each of which may invoke its own function only."""

from tests.components.recorder import Outcome


def test_the_routes_are_webhook_approvals_and_alarms(whole: Outcome) -> None:
    """GET shows the approval page and POST decides, once for callers whom AWS knows; the console is only read."""
    made = whole.recorder.of("apigatewayv2/route:Route")
    assert {route.inputs["routeKey"]: route.inputs["authorizationType"] for route in made} == {
        "POST /github": "NONE",
        "GET /approvals/{id}": "NONE",
        "POST /approvals/{id}": "NONE",
        "POST /approvals/{id}/decision": "AWS_IAM",
        "POST /alarms/{environment}": "NONE",
        "POST /slack": "NONE",
        "GET /console": "NONE",
        "GET /console/{deployment}": "NONE",
    }


def test_permission_to_call_is_bound_to_a_route(whole: Outcome) -> None:
    """API Gateway may invoke a function for its route, not for the whole API."""
    sources = [
        one.inputs["sourceArn"].partition("/")[2]
        for one in whole.recorder.of("lambda/permission:Permission")
        if one.inputs["principal"] == "apigateway.amazonaws.com"
    ]
    assert sorted(sources) == [
        "*/GET/approvals/{id}",
        "*/GET/console",
        "*/GET/console/{deployment}",
        "*/POST/alarms/{environment}",
        "*/POST/approvals/{id}",
        "*/POST/approvals/{id}/decision",
        "*/POST/github",
        "*/POST/slack",
    ]


def test_the_stage_is_throttled_and_logged_without_query_strings(whole: Outcome) -> None:
    """The query string of an approval link contains its secret."""
    stage = whole.recorder.one("apigatewayv2/stage:Stage", "api").inputs
    assert stage["defaultRouteSettings"] == {"throttlingBurstLimit": 50, "throttlingRateLimit": 25}
    assert "queryString" not in stage["accessLogSettings"]["format"]
    integrations = whole.recorder.of("apigatewayv2/integration:Integration")
    assert {one.inputs["payloadFormatVersion"] for one in integrations} == {"2.0"}
