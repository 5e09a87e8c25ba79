"""The gates: each is one file and one entry of the registry."""
