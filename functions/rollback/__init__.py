"""One file per Task state of `rollback.asl.json`."""
