"""The program of the worker's build: check out a branch, run the agent for the open tasks, test and push (W5).

It needs the standard library and the libraries in its archive only. It removes credentials from the environment first:
the agent and the tests, which run code that nobody has reviewed, get neither the git credential nor a role.
"""
