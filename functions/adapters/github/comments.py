"""One comment on an issue or pull request that is kept current in place."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from functions.adapters.github.authored import authored

if TYPE_CHECKING:
    from github.IssueComment import IssueComment
    from github.Repository import Repository


def own_comments(repo: "Repository", number: int, about: str, marked: Callable[[str], object]) -> list["IssueComment"]:
    """The platform's own comments whose text is marked, oldest first."""
    found = (one for one in repo.get_issue(number).get_comments() if marked(one.body or ""))
    return list(authored(repo, found, about))


def keep_comment(
    repo: "Repository", number: int, about: str, marked: Callable[[str], object], body: str, *, create: bool = True
) -> None:
    """Change the comment, or write it if there is none and `create` is true; an equal one is left as it is.

    Two runs at a time may both write one. Each reads the comments again, keeps the oldest and deletes the others.
    """
    from github import UnknownObjectException

    found = own_comments(repo, number, about, marked)
    if not found and create:
        repo.get_issue(number).create_comment(body)
        found = own_comments(repo, number, about, marked)
    for double in found[1:]:
        with suppress(UnknownObjectException):  # the other run has deleted it
            double.delete()
    if found and found[0].body != body:
        found[0].edit(body)
