"""The agent's work on one board item, in a build: check out, do the open tasks, test, push (W5).

Standard library only, for a build image has nothing else. What the build may not tell anybody is taken out of the
environment first: the agent and the tests, which run code that nobody has reviewed, see neither credential nor role.
"""
