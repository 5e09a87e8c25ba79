"""RequestApproval: the links to the build and to what runs, in mail and page."""

from msgspec.structs import replace

from functions.adapters.builds import BuildEnd
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.pages import open_page
from functions.domain.manifests import Health
from tests.functions.delivered import runs
from tests.functions.samples import COMMAND, DEPLOYMENT, SERVICE, state
from tests.functions.stack import Stack
from tests.functions.stage.test_request_approval import kept, request
from tests.local.github.support import REPOSITORY

LOG = "https://console.aws.amazon.com/cloudwatch/home#logsV2:log-groups"


def build(stack: Stack, log: str) -> None:
    """Record the end of the build, as CheckGates does."""
    DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, build=BuildEnd("succeeded", "", log))


def test_people_are_led_to_the_build_and_to_what_runs(stack: Stack) -> None:
    """A1: as the record and the outputs say, in mail and page; parts of other repositories are left out."""
    service = replace(SERVICE, health=Health("{url}/health"))
    other = replace(COMMAND, name="other/infrastructure")
    runs(
        stack,
        state(service, outputs={"url": "https://hello.example.com"}, repository=REPOSITORY),
        state(other, outputs={"url": "https://other.example.com"}, repository="acme/other"),
    )
    build(stack, LOG)
    approval = kept(stack, request(stack))
    assert approval.links["Build"] == LOG
    assert approval.links["hello in production"] == "https://hello.example.com"
    assert "other.example.com" not in str(approval.links)
    (mail,) = stack.mails()
    assert LOG in mail["Message"]
    assert '<a href="https://hello.example.com">hello in production</a>' in open_page(approval, "")["body"]


def test_what_is_not_known_is_no_link(stack: Stack) -> None:
    """A1: the first release of images has no build and no address."""
    assert list(kept(stack, request(stack)).links) == ["Commit"]


def test_only_addresses_of_pages_are_links(stack: Stack) -> None:
    """A2: repositories and builds write them."""
    runs(stack, state(COMMAND, outputs={"url": "javascript:alert(1)"}, repository=REPOSITORY))
    build(stack, "javascript:alert(1)")
    assert "javascript" not in str(kept(stack, request(stack)).links)
