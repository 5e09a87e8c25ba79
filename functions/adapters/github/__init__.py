"""Adapters to GitHub: REST and GraphQL through PyGithub."""
