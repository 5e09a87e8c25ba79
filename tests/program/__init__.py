"""The whole program, for every stack, without AWS."""
