"""Which build project is whose: each repository has projects of its own, named after it."""

from functions.domain.releases import repository_mark


def project_of(project: str, repository: str) -> str:
    """The project of a repository; `project` is the name that the projects of all repositories begin with.

    Names of repositories are too long for names of roles, and have characters that those of projects can't have.
    """
    return f"{project}-{repository_mark(repository)}"
