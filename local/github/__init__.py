"""A local GitHub: real git repositories, a REST API and signed webhooks on 127.0.0.1."""

from local.github.server import LocalGitHub

__all__ = ["LocalGitHub"]
