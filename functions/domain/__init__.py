"""Decisions as pure functions: the inputs are values, and there is no clock, no network and no SDK."""
