"""Whether GitHub knows the commit of a request, before anything is started."""

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws.operator import Operator, OutOfReachError, explain
from functions.adapters.github.client import GitHub
from functions.adapters.github.errors import GitHubError, GitHubNotFoundError
from functions.domain.requests import Request


def look_up(aws: Operator, request: Request) -> str:
    """Why the commit could not be looked up, "" if it exists; one that does not exist is an OutOfReachError.

    The credential of GitHub is in a secret that an operator need not be allowed to read, and the deployment itself
    waits for a GitHub that does not answer: both refuse nothing.
    """
    try:
        GitHub.connect(aws.informed()).commit(request.repository, request.commit or request.ref)
    except GitHubNotFoundError as error:
        raise OutOfReachError(
            f"{error}: nothing was started; push it first, or name a commit, branch or tag that "
            f"`git ls-remote https://github.com/{request.repository}` shows"
        ) from error
    except GitHubError as error:
        return str(error)
    except (BotoCoreError, ClientError) as error:
        return explain(error, aws.stack) or str(error)
    return ""
