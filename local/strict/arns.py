"""ARNs as IAM compares them with policies."""


def role_of(arn: str) -> str:
    """The ARN of the role of a session; any other ARN as it is."""
    start, _, rest = arn.partition(":assumed-role/")
    return f"{start.replace(':sts:', ':iam:')}:role/{rest.partition('/')[0]}" if rest else arn


def of_the_machine(arn: str) -> str:
    """The ARN of a state machine, also for one of its versions, which has one part more: it authorizes them.

    https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
    """
    return ":".join(arn.split(":")[:7]) if ":stateMachine:" in arn else arn
