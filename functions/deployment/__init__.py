"""One file per Task state of `deployment.asl.json`; builds, which other workflows run too, live here."""
