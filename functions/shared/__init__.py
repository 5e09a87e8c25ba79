"""Task states that several workflows share: locks, builds, watches."""
