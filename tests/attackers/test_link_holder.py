"""Somebody who holds a link of an approval, and wants to be more people than one, or one who may approve."""

import pytest

from tests.attackers.approving import approve, request, stored
from tests.functions.approving import approvers
from tests.functions.stack import Stack

TWO = {"ada@x.io": "", "bob@x.io": ""}


def test_one_link_is_not_two_people(stack: Stack) -> None:
    """The holder of a link approves where two must, under any names and spellings, and again by the link of a retry."""
    links = request(stack, logins=TWO, approvals_needed=2)
    links += request(stack, logins=TWO, approvals_needed=2)
    own = [link for link in links if link[0] == "ada@x.io"]
    assert approve(stack, own[0]) == 200
    names = ("bob@x.io", "Bob@x.io", "ada+2@x.io", "\u0430da@x.io", "")
    assert {approve(stack, link, name) for link in own for name in names} == {409}
    assert (stored(stack, own[0]).state, len(stored(stack, own[0]).consents)) == ("open", 1)


def test_a_shared_link_is_nobody_where_two_must_approve(stack: Stack) -> None:
    """The holder of the link of a whole domain approves under two addresses of it; no such link is mailed."""
    links = request(stack, logins={**TWO, "@x.io": ""}, approvals_needed=2)
    assert [link[0] for link in links] == ["ada@x.io", "bob@x.io"]


@pytest.mark.parametrize("name", ["ada@x.io", "ADA@x.io", "ada+1@x.io", "mallory@y.io", "mallory@y.io@x.io.evil"])
def test_a_shared_link_speaks_for_nobody_else(stack: Stack, name: str) -> None:
    """The holder of a domain's link approves as a person who has a link of their own, or as one of another domain."""
    personal, shared = request(stack, logins={"ada@x.io": "", "@x.io": ""})
    assert (personal[0], shared[0]) == ("ada@x.io", "")
    assert approve(stack, shared, name) == 403
    assert stored(stack, shared).state == "open"


def test_a_removed_approver_approves_nothing(stack: Stack) -> None:
    """An approver who was removed from the settings since the mail was sent approves, and helps another to."""
    ada, bob = request(stack, logins=TWO, approvals_needed=2)
    assert approve(stack, ada) == 200
    approvers(stack, {"bob@x.io": "", "eve@x.io": ""}, needed=2)
    assert approve(stack, ada) == 403
    assert approve(stack, bob) == 200
    assert (stored(stack, bob).state, [one.by for one in stored(stack, bob).consents]) == ("open", ["bob@x.io"])


def test_a_link_that_is_opened_approves_nothing(stack: Stack) -> None:
    """A scanner of mails opens the link, with everything that the form would send."""
    (link,) = request(stack, logins={"ada@x.io": ""})
    assert approve(stack, link, method="GET") == 200
    assert stored(stack, link).state == "open"
