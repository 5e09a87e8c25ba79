"""The components, each by itself."""
