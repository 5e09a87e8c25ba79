"""Who may approve, and when two addresses are one person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.approvers import Approvers, person, repeated

NAMES = st.from_regex(r"[A-Za-z0-9.]{1,8}", fullmatch=True)


@given(NAMES, st.text("abc+", max_size=5), NAMES)
def test_spelling_makes_no_other_person(name: str, tag: str, domain: str) -> None:
    """A3: upper case and a `+tag` are the same mailbox."""
    assert person(f"{name.upper()}+{tag}@{domain.swapcase()}") == person(f"{name}@{domain}")
    assert repeated([f"{name}@{domain}", f"{name}+{tag}@{domain}"]) == [f"{name}+{tag}@{domain}"]


@pytest.mark.parametrize("look_alike", ["\u0430da@x.io", "ada@\u212a.io", "ad\uff41@x.io"])
def test_a_letter_that_looks_alike_makes_nobody(look_alike: str) -> None:
    """A3: not even where lower case would make ASCII of it, as of the Kelvin sign."""
    assert person(look_alike) == ""
    approvers = Approvers({"ada@x.io": "", "ada@k.io": "", "@x.io": "", "@k.io": ""})
    assert not any(approvers.admits(look_alike, personal=personal) for personal in (True, False))


def test_a_shared_link_speaks_for_no_holder_of_a_personal_one() -> None:
    """A3: an address with a link of its own can't be typed; others of the domain can."""
    approvers = Approvers({"ada@x.io": "", "@X.io": ""})
    admitted = {
        who: approvers.admits(who, personal=False) for who in ("ada@x.io", "Ada+1@x.io", "bob@x.io", "eve@y.io")
    }
    assert admitted == {"ada@x.io": False, "Ada+1@x.io": False, "bob@x.io": True, "eve@y.io": False}
    assert approvers.admits("ADA@x.io", personal=True)
    assert not any(approvers.admits(nobody, personal=False) for nobody in ("", "x.io", "@x.io"))


def test_an_aws_identity_stands_for_one_address() -> None:
    """A5: the ARN is compared as a whole; another session of the same role is nobody."""
    ada = "arn:aws:sts::123456789012:assumed-role/Admin/ada@x.io"
    approvers = Approvers({"ada@x.io": ""}, identities={"ada@x.io": ada})
    assert approvers.address(ada) == "ada@x.io"
    assert [approvers.address(one) for one in (f"{ada}2", ada.upper(), "", "ada@x.io")] == [""] * 4


def test_anybody_with_a_link_may_approve_where_nobody_is_named() -> None:
    """A1: an environment without approvers."""
    assert Approvers().admits("J\u00fcrgen", personal=False)


def test_a_login_is_found_by_the_person() -> None:
    """A3: in lower case, as GitHub compares logins."""
    approvers = Approvers({"ada@x.io": "AdaLovelace", "bob@x.io": ""})
    assert [approvers.login(who) for who in ("Ada@x.io", "bob@x.io", "eve@x.io")] == ["adalovelace", "", ""]


def test_a_slack_user_stands_for_one_address() -> None:
    """A5: the id is compared as a whole; nobody is found by a part of it."""
    known = Approvers({"ada@x.io": ""}, slack_users={"ada@x.io": "U0ADA12345"})
    assert known.slack_address("U0ADA12345") == "ada@x.io"
    assert (known.slack_address("U0ADA1234"), known.slack_address(""), Approvers().slack_address("U1")) == ("", "", "")
