"""Base URLs in a stack's settings."""

import pytest
from msgspec.structs import replace

from functions.adapters.links import ApprovalLinks, IncidentLinks, MessageLinks, ReleaseLinks
from tests.functions.samples import COMMIT, OLDER, RELEASE
from tests.functions.stack import REGION, Stack


@pytest.mark.parametrize("slash", ["", "/"])
def test_addresses_end_without_a_slash(stack: Stack, slash: str) -> None:
    """Links have one slash between their parts, whether or not the setting ends with one."""
    stack.settings["GITHUB_URL"] = f"https://github.example.com{slash}"
    stack.settings["APPROVALS_URL"] = f"https://approvals.example.com/approvals{slash}"
    message, incident = MessageLinks.connect(stack.clients).links, IncidentLinks.connect(stack.clients).links
    assert message.console == "https://approvals.example.com/console"
    assert (message.github, message.runbooks) == ("https://github.example.com", "https://runbooks.example.com")
    assert (incident.github, incident.region) == ("https://github.example.com", REGION)
    link = ApprovalLinks.connect(stack.clients).link("a1", "hush")
    assert link == "https://approvals.example.com/approvals/a1?secret=hush"


def test_a_stack_without_the_console_links_to_none(stack: Stack) -> None:
    """Its setting is `off`."""
    stack.settings["CONSOLE_URL"] = "off"
    assert MessageLinks.connect(stack.clients).links.console == ""


def test_approvers_are_led_to_what_changes_and_what_runs(stack: Stack) -> None:
    """A1: without a commit that runs there is no diff; each segment of an address is encoded."""
    links, page = ReleaseLinks.connect(stack.clients), "https://github.example.com/acme/hello-service"
    merged = replace(RELEASE, message="feat: greet (#12)")
    assert links.pages(merged, OLDER, "", {}) == {
        "Commit": f"{page}/commit/{COMMIT}",
        "Diff": f"{page}/compare/{OLDER}...{COMMIT}",
        "Pull request": f"{page}/pull/12",
    }
    assert links.pages(RELEASE, "", "", {}) == {"Commit": f"{page}/commit/{COMMIT}"}
    assert "Diff" not in links.pages(RELEASE, COMMIT, "", {})
    more = links.pages(RELEASE, "", "https://logs.example.com/1", {"hello in test": "https://hello.example.com"})
    assert (more["Build"], more["hello in test"]) == ("https://logs.example.com/1", "https://hello.example.com")
    assert "/%2E%2E/" in links.pages(replace(RELEASE, repository="../x"), "", "", {})["Commit"]
