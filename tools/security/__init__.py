"""The project's own security gate, and its allow-list."""
