"""The error of the worker's build."""


class WorkError(Exception):
    """The work can't continue; the text names the thing and the reason."""
