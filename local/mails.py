"""The mails of the running platform, from another process: the server of the console hands them out."""

import json
import re
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from local.mailbox import Mail
from local.platform import PlatformError

_ADDRESS = re.compile(r"https?://[^\s<>]+")


def received(where: Mapping[str, Any]) -> list[Mail]:
    """All mails, oldest first; links to the console lead to the one of this machine.

    `where` is what `Platform.describe` returned. PlatformError if the stack has no console.
    """
    if "console" not in where:
        raise PlatformError("the stack has `console: false`, so nothing here reads its mails")
    address = where["console"].removesuffix("/console")
    with urllib.request.urlopen(f"{address}/mail.json", timeout=20) as answer:  # noqa: S310 - loopback
        mails = json.load(answer)
    return [Mail(**{**mail, "text": mail["text"].replace(where["consoleUrl"], where["console"])}) for mail in mails]


def chosen(mails: Sequence[tuple[int, Mail]], which: str) -> tuple[int, Mail]:
    """A mail by its number, or the `last`; PlatformError if there is none."""
    found = [one for one in mails if which in (str(one[0]), "last")]
    if not found:
        raise PlatformError(f"there is no mail {which}: {len(mails)} have arrived")
    return found[-1]


def links(mail: Mail) -> list[str]:
    """The addresses in a mail, in their order."""
    return list(dict.fromkeys(_ADDRESS.findall(mail.text)))
