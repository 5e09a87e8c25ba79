"""Answers to jobs of GitHub Actions that wait for the platform; only an App may give them (P13)."""

from typing import TYPE_CHECKING, Any

from functions.adapters.github.client import GitHub
from functions.adapters.github.errors import (
    GitHubError,
    GitHubNotFoundError,
    GitHubRefusedError,
    GitHubUnavailableError,
)
from functions.domain.job_reviews import Job, JobReview
from functions.domain.redaction import redact
from functions.domain.texts import markdown

if TYPE_CHECKING:
    from github.Repository import Repository

# https://docs.github.com/actions/how-tos/deploy/configure-and-manage-deployments/create-custom-protection-rules
_LONGEST_COMMENT = 1024


class JobReviews(GitHub):
    """The runs of a repository whose jobs wait for an environment."""

    def answer(self, job: Job, review: JobReview) -> bool:
        """Approve or reject a job, or report what it waits for; False if it waits no more, because the run has ended.

        GitHub takes at most ten reports on a deployment. The same answer twice is no error.
        https://docs.github.com/rest/actions/workflow-runs#review-custom-deployment-protection-rules-for-a-workflow-run
        """
        text = markdown(redact(review.reason), _LONGEST_COMMENT)
        body = {"environment_name": job.environment, "comment": text}
        if review.state != "waiting":
            body["state"] = review.state

        def post(repo: "Repository") -> None:
            url = f"{repo.url}/actions/runs/{job.run}/deployment_protection_rule"
            repo.requester.requestJsonAndCheck("POST", url, input=body)

        try:
            self._request(job.repository, f"review of run {job.run} for {job.environment}", post)
        except GitHubNotFoundError:
            return False
        except (GitHubUnavailableError, GitHubRefusedError):
            raise
        except GitHubError:
            if self._waits(job):
                raise
            return False
        return True

    def _waits(self, job: Job) -> bool:
        """Whether the run still waits for the environment.

        https://docs.github.com/rest/actions/workflow-runs#get-pending-deployments-for-a-workflow-run
        """

        def read(repo: "Repository") -> bool:
            _, listed = repo.requester.requestJsonAndCheck(
                "GET", f"{repo.url}/actions/runs/{job.run}/pending_deployments"
            )
            pending: list[dict[str, Any]] = listed
            return any(one["environment"]["name"] == job.environment for one in pending)

        return self._request(job.repository, f"pending deployments of run {job.run}", read)
