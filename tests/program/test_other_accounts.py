"""docs/operations.md, *Environments in other accounts and regions*: the guide fits what the program creates."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from components.stack.settings_file import NAMESPACE, parse
from tests.components import recorder
from tests.components.recorder import ACCOUNT, FOREIGN_READER, FOREIGN_ROLE, ROOT
from tests.program.policies import statements

PAGE = Path(ROOT, "docs", "operations.md").read_text("utf-8")
(SECTION,) = re.findall(r"^## Environments in other accounts and regions\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)


def patterns(number: int) -> list[str]:
    """The ARNs that a trust policy of the section admits, with the names of the recorded stack."""
    block = re.findall(r"```json\n(.*?)```", SECTION, re.DOTALL)[number].strip()
    policy = json.loads(block if block.startswith("{") else f"{{{block}}}")
    admitted = policy["Condition"]["ArnLike"]["aws:PrincipalArn"]
    listed = [admitted] if isinstance(admitted, str) else admitted
    words = {"ACCOUNT": ACCOUNT, "STACK": "test", "ENVIRONMENT": "production"}
    return [re.sub("|".join(words), lambda found: words[found[0]], one) for one in listed]


def allowed(role: str) -> Iterator[str]:
    """The ARNs of the roles whose policies allow to assume a role of another account."""
    for one in statements(recorder.switched_on().recorder):
        if one.effect == "Allow" and "sts:AssumeRole" in one.actions and role in one.resources:
            yield f"arn:aws:iam::{ACCOUNT}:role/{one.owner.inputs['role']}"


@pytest.mark.parametrize(("role", "number"), [(FOREIGN_ROLE, 0), (FOREIGN_READER, 1)], ids=["deploy", "read"])
def test_the_trust_policies_of_the_guide_admit_what_assumes_the_roles(role: str, number: int) -> None:
    """I7: each role that the program lets assume the deploy or the read role, and no pattern is for nothing."""
    found, admitted = set(allowed(role)), patterns(number)
    assert found
    assert {arn for arn in found if not any(fnmatchcase(arn, one) for one in admitted)} == set()
    assert [one for one in admitted if not any(fnmatchcase(arn, one) for arn in found)] == []


def test_the_settings_of_the_guide_are_accepted() -> None:
    """I7: one environment in another region, one in another account."""
    (block,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)
    given = yaml.safe_load(block)[f"{NAMESPACE}:environments"]
    github = json.dumps({"repositories": ["acme/shop"]})
    staging, production = parse({"github": github, "environments": json.dumps(given)}, "test").environments
    assert (staging.region, staging.account, production.account) == ("us-east-1", None, "222233334444")
