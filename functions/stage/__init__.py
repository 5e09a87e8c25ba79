"""One file per Task state of `stage.asl.json`; locks and environment records, shared with rollback, live here."""
