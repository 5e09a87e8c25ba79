"""ECR's event about a pushed image starts the release that the settings give its tag (M3).

Events come at least once, in any order, and some never: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
A repetition has the same execution name. The event of an earlier push starts nothing once a later one was handled, so
an older image never replaces a newer one. After a lost event a dispatch starts the release.
"""

from typing import Any

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.image_rules import ImageRules
from functions.adapters.triggers import Triggers
from functions.adapters.workflows import Deployments
from functions.domain.image_pushes import image_name, read_image_push, requests_of
from functions.handler import Handler

HANDLER = Handler(allow=(*Deployments.START, *DeploymentsTable.WRITE))


def image_pushed(
    event: dict[str, Any], rules: ImageRules, triggers: Triggers, records: DeploymentsTable, deployments: Deployments
) -> dict[str, list[str]]:
    """Start the releases of a pushed image; returns the names of their executions, also of those that ran before."""
    push = read_image_push(event)
    if push is None:
        return {"started": []}
    names = []
    for request in requests_of(push, rules.known, triggers.rules.main_ref):
        # Recorded first: a repetition after a fault in between starts the release.
        if records.note_pushed(request.repository, sorted(request.images), request.until, push.at):
            name = image_name(request, push)
            deployments.start(name, request)
            names.append(name)
    return {"started": names}
