"""The workflows, in Amazon States Language: the behaviour a person reads first."""
