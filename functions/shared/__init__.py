"""Task states that several workflows have: locks, builds, watches."""
