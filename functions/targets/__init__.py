"""What can be deployed: a file per kind of part, and the registry that knows them all."""
