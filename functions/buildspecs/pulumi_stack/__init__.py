"""Applies a Pulumi stack in a build: `python3 -m buildspecs.pulumi_stack`; it needs the standard library only."""
