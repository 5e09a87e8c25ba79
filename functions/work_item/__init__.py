"""The Task states of `work_item.asl.json`."""
