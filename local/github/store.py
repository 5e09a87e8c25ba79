"""Accounts, tokens and repositories, in memory; the git objects are on disk."""

import itertools
import threading
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from local.github.git import GitRepository
from local.github.records import App, Archive, GraphQLUsage, Person, Repository, Token, now

if TYPE_CHECKING:
    from local.github.boards import Board


class Store:
    """The records of one local GitHub."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._ids = itertools.count(1001)
        self.lock = threading.RLock()
        self.tokens: dict[str, Token] = {}
        self.people: dict[str, Person] = {}
        self.apps: dict[int, App] = {}
        self.archives: dict[str, Archive] = {}
        self.repositories: dict[str, Repository] = {}
        self.former_names: dict[str, Repository] = {}
        self.boards: dict[tuple[str, int], Board] = {}
        self.graphql = GraphQLUsage()

    def next_id(self) -> int:
        """A number that was never returned before."""
        return next(self._ids)

    def person(self, login: str, email: str = "") -> Person:
        """The account of a login; created on first use."""
        with self.lock:
            if login not in self.people:
                email = email or f"{login}@users.noreply.github.com"
                self.people[login] = Person(self.next_id(), login, email)
            return self.people[login]

    def person_of(self, email: str) -> Person | None:
        """The account that owns an e-mail address of a commit."""
        return next((person for person in self.people.values() if person.email == email), None)

    def add_token(
        self,
        token: str,
        owner: Person,
        permissions: Mapping[str, str] | None,
        repositories: Collection[str] | None,
        pushes_to: str = "",
        expires: datetime | None = None,
    ) -> None:
        """Accept a token; None means every permission, or every repository."""
        seen = None if repositories is None else frozenset(repositories)
        self.tokens[token] = Token(owner, permissions, seen, pushes_to, expires)

    def token(self, value: str) -> Token | None:
        """The token with this value; None for an unknown one, and for one that has expired."""
        found = self.tokens.get(value)
        return None if found is None or (found.expires and found.expires <= now()) else found

    def create_repository(self, full_name: str, default_branch: str) -> Repository:
        """Create an empty repository; raises ValueError for an invalid or existing name."""
        owner, _, name = full_name.partition("/")
        if not owner or not name or "/" in name or ".." in full_name:
            raise ValueError(f"{full_name!r} is not a repository name: write owner/name")
        with self.lock:
            if full_name in self.repositories:
                raise ValueError(f"the repository {full_name} already exists: use it, or choose another name")
            self.person(owner)
            git = GitRepository.create(self._root / owner / f"{name}.git", default_branch)
            made = Repository(self.next_id(), owner, name, default_branch, git)
            self.repositories[full_name] = made
            return made

    def rename_repository(self, full_name: str, name: str) -> None:
        """Give a repository another name; requests with the former name are redirected."""
        with self.lock:
            renamed = self.repositories.pop(full_name)
            self.former_names[full_name] = renamed
            renamed.name = name
            self.repositories[renamed.full_name] = renamed

    def repository_with(self, identifier: int) -> Repository | None:
        """The repository with this id, which a renamed one keeps."""
        return next((one for one in self.repositories.values() if one.id == identifier), None)
