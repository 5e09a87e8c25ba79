"""The project's own security gate, and what it is allowed to leave standing."""
