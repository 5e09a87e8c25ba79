"""The presets of the worker's agent (W9): one file for each, listed in `registry.py`; docs/agents.md has the manual."""
