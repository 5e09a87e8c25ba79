"""Decisions by the links of approval mails: opens a link, reads the page, and posts its form."""

import re
import urllib.error
import urllib.parse
import urllib.request

from local.mailbox import Mail, Mailbox

_LINK = re.compile(r"^  approve:\s+(\S+)", re.MULTILINE)


def link_of(mail: Mail) -> str | None:
    """The link of a mail that asks for an approval; None for any other mail."""
    found = _LINK.search(mail.text)
    return found[1] if found else None


def decide(link: str, name: str, reason: str, *, approve: bool) -> None:
    """Open the page of a link and post its form; HTTPError with the page if it has ended, or refuses."""
    with urllib.request.urlopen(link, timeout=20) as page:  # noqa: S310 - an address of this machine
        form = page.read().decode()
    secret = re.search(r'name="secret" value="([^"]+)"', form)
    if secret is None:
        raise RuntimeError(f"the approval page of {link.partition('?')[0]} has no form")
    fields = {"secret": secret[1], "name": name, "reason": reason, "decision": "approve" if approve else "reject"}
    body = urllib.parse.urlencode(fields).encode()
    with urllib.request.urlopen(link.partition("?")[0], body, timeout=20) as answer:  # noqa: S310 - as above
        answer.read()


class Approver:
    """Decides each approval request once.

    `decided` holds the subjects of the mails that were decided; `too_late` the HTTP status of those that could not be,
    and `pages` what their links answered.
    """

    def __init__(self, mailbox: Mailbox, name: str) -> None:
        self._mailbox = mailbox
        self._name = name
        self.decided: list[str] = []
        self.too_late: dict[str, int] = {}
        self.pages: dict[str, str] = {}
        self._unread: list[Mail] = []

    def decide_next(self, approve: bool = True, reason: str = "") -> str | None:
        """Fetch mails and decide the first approval request among them.

        Returns the mail's subject, or None when there is no open request.
        """
        self._unread += self._mailbox.fetch()
        while self._unread:
            mail = self._unread.pop(0)
            link = link_of(mail)
            if link is None:
                continue
            try:
                decide(link, self._name, reason, approve=approve)
            except urllib.error.HTTPError as page:  # superseded, expired or void: the page gives the reason
                with page:
                    self.too_late[mail.subject] = page.code
                    self.pages[mail.subject] = page.read().decode()
                continue
            self.decided.append(mail.subject)
            return mail.subject
        return None
