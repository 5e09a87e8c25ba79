"""Which build project is whose: each repository has projects of its own, named after it."""

from hashlib import sha256


def project_key(repository: str) -> str:
    """The end of the names of a repository's projects: eight hexadecimal digits of the SHA-256 of `owner/name`.

    Names of repositories are too long for names of roles, and have characters that those of projects can't have.
    """
    return sha256(repository.encode()).hexdigest()[:8]


def project_of(project: str, repository: str) -> str:
    """The project of a repository; `project` is the name that the projects of all repositories begin with."""
    return f"{project}-{project_key(repository)}"
