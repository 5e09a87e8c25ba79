"""ARNs as IAM compares them with policies."""


def of_the_machine(arn: str) -> str:
    """The ARN of a state machine, also for one of its versions, which has one part more: it authorizes them.

    https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
    """
    return ":".join(arn.split(":")[:7]) if ":stateMachine:" in arn else arn
