"""Procedures that several handlers share: storing and ending waits, settling executions, opening records."""
