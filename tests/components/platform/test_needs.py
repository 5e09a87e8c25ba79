"""`kiro-worker doctor` simulates the actions for every type of resource of the program."""

import re

from cli.needs import NEEDS, by_resource
from tests.components.recorder import Outcome, stack

NAMES = {
    "partition": "aws",
    "region": "eu-central-1",
    "account": "123456789012",
    "pipeline": "kiro-pipeline-test",
    "stack": "test",
}


def types(outcome: Outcome) -> set[str]:
    """The types of AWS resources that a run registered."""
    return {one.type for one in outcome.recorder.resources if one.type.startswith("aws:")}


def test_every_type_of_every_stack_is_known(whole: Outcome, switched_on: Outcome) -> None:
    """A new type of resource must be added to `cli/needs.py`."""
    assert types(whole) | types(switched_on) | types(stack("production")) <= NEEDS.keys()


def test_simulated_resources_match_a_policy_of_the_stacks_own_names(whole: Outcome) -> None:
    """Otherwise somebody with exactly these permissions would be reported as denied."""
    for resource, actions in by_resource(**NAMES).items():
        assert resource == "*" or re.match(r"arn:aws:[a-z0-9]+:(eu-central-1)?:(123456789012)?:", resource)
        assert "{" not in resource
        assert all(re.match(r"^[a-z0-9]+:[A-Z]\w+$", action) for action in actions)
