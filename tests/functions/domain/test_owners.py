"""What a repository may deliver; the property over several repositories is in `tests/attackers`."""

import pytest

from functions.domain.owners import Claim, claim_of, overlaps

SHOP = Claim("acme/shop", ["shop"], ["shop-*"], ["test"])


def test_a_claim_without_limits_has_everything() -> None:
    """The only repository of a stack."""
    claim = Claim("acme/shop")
    assert claim.enters("anywhere")
    assert claim.changes("anything")


def test_a_claim_bounds_environments_and_targets() -> None:
    """A pattern matches a whole name."""
    assert [SHOP.enters(name) for name in ("test", "production")] == [True, False]
    assert [SHOP.changes(name) for name in ("shop-api", "shop", "workshop-api")] == [True, False, False]


def test_a_repository_without_a_claim_is_not_delivered() -> None:
    """Its name is compared as the settings spell it."""
    assert claim_of("acme/shop", [SHOP]) is SHOP
    assert claim_of("acme/other", [SHOP]) is None


@pytest.mark.parametrize(
    ("mine", "theirs", "meet"),
    [
        ("shop-*", "shop-api", True),
        ("shop-*", "*-api", True),
        ("shop-*", "shop", False),
        ("a*b", "a*c", False),
        ("*", "x", True),
    ],
)
def test_two_patterns_overlap_if_a_name_matches_both(mine: str, theirs: str, meet: bool) -> None:
    """Whatever the order in which they are given."""
    for one, other in ((mine, theirs), (theirs, mine)):
        claims = [Claim("acme/a", ["a"], [one]), Claim("acme/b", ["b"], [other])]
        assert bool(list(overlaps(claims))) == meet
