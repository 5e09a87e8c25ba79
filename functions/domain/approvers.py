"""Who may approve for an environment, as today's settings say, and when two addresses are one person (A3)."""

from collections.abc import Iterable

from msgspec import field

from functions.domain.values import Value


class Approvers(Value, frozen=True):
    """The settings of one environment for its approvals.

    `logins` maps each address, or `@domain` for a whole domain, to the approver's GitHub login, "" where none is set;
    an empty mapping admits anybody with a link. `needed` is how many people must approve. `identities` maps addresses
    to the ARN of the AWS identity that stands for this person, `slack_users` to the person's id in Slack.
    """

    logins: dict[str, str] = field(default_factory=dict)
    needed: int = 1
    author_may_approve: bool = True
    identities: dict[str, str] = field(default_factory=dict)
    slack_users: dict[str, str] = field(default_factory=dict)

    def admits(self, by: str, *, personal: bool) -> bool:
        """Whether this person may approve; `personal` means that the link says who it is.

        Who only types an address into the page of a shared link may be of a domain, but is no one that has a link.
        """
        if not self.logins:
            return True
        who = person(by)
        addresses = {person(one) for one in self.logins if not one.startswith("@")}
        if who in addresses:
            return personal
        name, at, domain = who.rpartition("@")
        return bool(name) and f"{at}{domain}" in {one.casefold() for one in self.logins}

    def address(self, identity: str) -> str:
        """The address of the person whom an AWS identity (an ARN) stands for; "" if the settings name none."""
        return next((address for address, arn in self.identities.items() if arn == identity), "")

    def slack_address(self, user: str) -> str:
        """The address of the person who has this id in Slack; "" if the settings name none."""
        return next((address for address, known in self.slack_users.items() if known == user), "")

    def login(self, by: str) -> str:
        """The GitHub login of an approver, in lower case; "" if the settings name none."""
        return next((login.casefold() for one, login in self.logins.items() if person(one) == person(by)), "")


def person(address: str) -> str:
    """The form of an address in which two of one person are equal: `Ada+2@X.io` → `ada@x.io`.

    It is "" for a text that is not ASCII: a letter that only looks like another one makes another address.
    """
    if not address.isascii():
        return ""
    name, at, domain = address.strip().casefold().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}" if at else domain


def repeated(addresses: Iterable[str]) -> list[str]:
    """The addresses whose person an earlier one of them names already."""
    known: set[str] = set()
    twice = []
    for address in addresses:
        if person(address) in known:
            twice.append(address)
        known.add(person(address))
    return twice
