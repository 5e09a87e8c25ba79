"""The kinds of targets that can be deployed: a file per kind, and the registry."""
