"""What a stack is made of: settings, names, key, storage, secrets, topics and roles."""
