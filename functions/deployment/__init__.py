"""One file per Task state of `deployment.asl.json`."""
