"""Slack on this machine: takes messages by the documented rules, keeps them, and presses their buttons."""

from local.slack.server import SIGNING_SECRET, LocalSlack, Posted, signed_request

__all__ = ["SIGNING_SECRET", "LocalSlack", "Posted", "signed_request"]
