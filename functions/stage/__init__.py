"""One file per Task state of `stage.asl.json`."""
