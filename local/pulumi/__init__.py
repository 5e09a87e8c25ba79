"""Runs a Pulumi Python program against the emulator: the resource monitor lives in the program's own process."""
