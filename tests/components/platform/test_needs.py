"""`kiro doctor` asks for what the program needs: no type of resource is forgotten."""

import re

from cli.needs import NEEDS, by_resource
from tests.components.recorder import Outcome, stack

NAMES = {"partition": "aws", "region": "eu-central-1", "account": "123456789012", "pipeline": "kiro-pipeline-test"}


def types(outcome: Outcome) -> set[str]:
    """The types of AWS resources that a run registered."""
    return {one.type for one in outcome.recorder.resources if one.type.startswith("aws:")}


def test_every_type_of_every_stack_is_known(whole: Outcome, switched_on: Outcome) -> None:
    """A new type of resource brings its actions along."""
    assert types(whole) | types(switched_on) | types(stack("production")) <= NEEDS.keys()


def test_what_is_asked_for_fits_a_policy_of_the_stacks_own_names(whole: Outcome) -> None:
    """Else somebody who may do just this would be told no."""
    for resource, actions in by_resource(**NAMES).items():
        assert resource == "*" or re.match(r"arn:aws:[a-z0-9]+:(eu-central-1)?:(123456789012)?:", resource)
        assert "{" not in resource
        assert all(re.match(r"^[a-z0-9]+:[A-Z]\w+$", action) for action in actions)
