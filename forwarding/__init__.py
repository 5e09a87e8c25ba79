"""The Pulumi program that forwards the alarm events of another account or region to a stack, and its names."""
