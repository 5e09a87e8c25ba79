"""Handlers that events, schedules and HTTP requests invoke."""
