"""Slack on this machine: takes messages by the documented rules, keeps them, and presses their buttons."""

from local.slack.server import LocalSlack, Posted

__all__ = ["LocalSlack", "Posted"]
