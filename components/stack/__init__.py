"""The foundations of a stack: settings, names, key, storage, secrets, topics, bus and roles."""
