"""What is judged: each gate is one file, and one entry of the registry."""
