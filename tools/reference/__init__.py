"""Pages of reference, written from the code they tell of: `docs/reference/`."""
