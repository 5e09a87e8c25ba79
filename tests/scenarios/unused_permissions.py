"""Permissions that no scenario uses, each with the reason why its role has it.

A key is a role without the stack's prefix and an action, with wildcards where the reason holds for several. A test that
a reason names has the fault or the case that needs the permission.
"""

from collections.abc import Mapping

_SERVICE = "AWS does it in the role's name without a call, and the laptop has no such service"
_STOPPED = "the execution was stopped meanwhile: tests/functions/shared/test_start_build.py, tests/faults/test_stops.py"
_FULL = "the account's build queue is full: tests/functions/shared/test_await_build.py"
_QUEUED = "a release waits for the lock: tests/faults/test_contention.py, tests/functions/shared/test_await_lock.py"
_OUTSIDE = "no scenario has an alarm of another system: tests/functions/events/test_outside_alarm.py"
_OFF = "Security Hub is off in this stack: tests/functions/events/test_import_findings.py"
_EXAMPLE = "the example's builds of this project do not: tests/local/codebuild has builds that do"
_MISSING = "to answer that an object is missing, instead of AccessDenied: tests/local/strict/test_roles.py"
_BUNDLE = "who changes a wait may read, write and remove it; one declaration serves all of them (WaitsTable.WRITE)"
_NESTED = "Step Functions stops a nested execution with its parent: tests/faults/test_stops.py"
_ENHANCED = "the enhanced watch of the first day finds nothing: tests/statemachines/paths/test_enhanced_watch.py"
_UNSTARTED = "a build never started: tests/functions/stage/test_withdraw_ledger.py, the fault scenario `unstarted`"
_PACKAGE = "a package of more than 50 MB: tests/functions/adapters/test_delivered_functions.py"
_OLDER = "an older release changes or waits there: tests/functions/deployment/test_reach_environment.py"
_KEPT_A_DAY = "a version is kept for a day: tests/functions/events/test_prune_versions.py"
_KEPT_30_DAYS = "a previous value is kept for 30 days: tests/functions/events/test_measure_secrets.py"
_UNFROZEN = "the unfreeze came before the wait: tests/functions/stage/test_await_unfreeze.py"
_YIELDED = "a freeze or an alarm came while the release waited: tests/functions/stage/test_yield_lock.py"
_SOAK = "no scenario has a soak: tests/functions/stage/test_check_evidence.py"
_NO_WAY_BACK = "a rollback failed: tests/faults/test_no_way_back.py"

_PRESSED = "nobody presses a button in a scenario: tests/functions/events/test_slack_interaction.py"
_KEPT_IMAGE = "a commit configures a service whose image a request named: tests/functions/stage/test_apply_service.py"
_UNSIGNED = "no version is older than the stack's key: tests/functions/procedures/test_provenance.py"
_BY_DISPATCH = "no dispatch names a part or a version: tests/functions/procedures/test_requested_rollbacks.py"
_LATER_STEP = "a target may read and keep files of the artifact in each step; functions do so in the first"
_BY_AWS = "no target of a scenario has a rollout that AWS performs: tests/functions/shared/test_await_rollout.py"

REASONS: Mapping[str, str] = {
    # What AWS does in a role's name
    "* logs:CreateLogStream": _SERVICE,
    "* logs:PutLogEvents": _SERVICE,
    "* logs:*LogDelivery": _SERVICE,
    "* logs:ListLogDeliveries": _SERVICE,
    "* logs:Describe*": _SERVICE,
    "* logs:PutResourcePolicy": _SERVICE,
    "* xray:*": _SERVICE,
    "events-* sqs:SendMessage": f"Lambda keeps events whose handler failed: {_SERVICE}",
    "codebuild* kms:DescribeKey": _SERVICE,
    "codebuild* s3:GetBucketAcl": _SERVICE,
    "codebuild* s3:GetBucketLocation": _SERVICE,
    "codebuild-deploy-* iam:PassRole": "Lambda checks it in CreateFunction, and the laptop does not",
    # What only some builds do
    "codebuild-* codebuild:*Report*": _EXAMPLE,
    "codebuild-* codebuild:BatchPut*": _EXAMPLE,
    "codebuild* s3:GetObjectVersion": _EXAMPLE,
    # Faults and rare cases
    "events-slack-interaction *": _PRESSED,
    "shared-start-build codebuild:StopBuild": _STOPPED,
    "shared-start-build dynamodb:DeleteItem": _STOPPED,
    "stage-start-tests codebuild:StopBuild": _STOPPED,
    "stage-start-tests dynamodb:DeleteItem": _STOPPED,
    "stage-await-tests codebuild:StopBuild": _STOPPED,
    "stage-await-tests dynamodb:DeleteItem": _STOPPED,
    "rollback-plan-rollback codebuild:StopBuild": _STOPPED,
    "work-item-conclude codebuild:StopBuild": _STOPPED,
    "shared-start-build dynamodb:UpdateItem": _FULL,
    "stage-start-tests dynamodb:UpdateItem": _FULL,
    "stage-apply-service dynamodb:Query": _KEPT_IMAGE,
    "stage-continue-rollout dynamodb:Query": _KEPT_IMAGE,
    "stage-withdraw-ledger *": _UNSTARTED,
    "shared-await-rollout *": _BY_AWS,
    "events-rollout-changed *": _BY_AWS,
    "shared-await-build codebuild:StartBuild": _FULL,
    "stage-await-tests codebuild:StartBuild": _FULL,
    "shared-await-build dynamodb:*": _FULL,
    "stage-await-tests dynamodb:*": _FULL,
    "stage-await-tests states:SendTaskSuccess": "the tests ended before they were waited for: test_await_tests.py",
    "shared-start-build dynamodb:GetItem": _BUNDLE,
    "stage-start-tests dynamodb:GetItem": _BUNDLE,
    "stage-request-approval dynamodb:DeleteItem": _BUNDLE,
    "stage-await-approval dynamodb:DeleteItem": _STOPPED,
    "stage-await-approval dynamodb:UpdateItem": "no approval counts from a later time: test_await_approval.py",
    "stage-await-approval dynamodb:GetItem": "no approval counts from a later time: test_await_approval.py",
    "stage-await-approval events:PutEvents": "no approval counts from a later time: test_await_approval.py",
    "stage-await-approval states:SendTaskSuccess": "a decision came first: test_await_approval.py",
    "shared-await-lock *": _QUEUED,
    "shared-acquire-lock states:SendTaskSuccess": _QUEUED,
    "shared-release-lock states:*": _QUEUED,
    "stage-end-enhanced-watch states:*": _ENHANCED,
    "enhanced-watch *": _ENHANCED,
    "deployment states:StopExecution": _NESTED,
    "stage states:StopExecution": _NESTED,
    "stage-record-good dynamodb:DeleteItem": "no scenario takes a part out: tests/functions/stage/test_record_good.py",
    "rollback-plan-rollback dynamodb:*": "a build of the failed stage runs: test_plan_rollback.py",
    "rollback-record-restored dynamodb:*": "a command went back: tests/functions/rollback/test_record_restored.py",
    "rollback-restore-service dynamodb:GetItem": _UNSIGNED,
    "rollback-freeze dynamodb:UpdateItem": _NO_WAY_BACK,
    "rollback-record-rollback dynamodb:UpdateItem": _NO_WAY_BACK,
    "work-item-conclude dynamodb:*": "a build of the attempt runs: tests/functions/work_item/test_conclude.py",
    "deployment-reach-environment *": _OLDER,
    "deployment-plan-release dynamodb:UpdateItem": "no part is handed over: test_plan_release.py",
    "stage-request-approval states:SendTaskSuccess": "a newer release asks, too: test_request_approval.py",
    "events-review-jobs states:DescribeExecution": "no scenario has a soak: tests/functions/domain/test_job_reviews.py",
    "stage-check-evidence events:PutEvents": _SOAK,
    "stage-check-evidence states:DescribeExecution": _SOAK,
    "stage-check-evidence dynamodb:UpdateItem": _SOAK,
    "stage-check-evidence dynamodb:Query": "parts changed in each environment: test_check_evidence.py",
    "stage-check-window events:PutEvents": "the windows are open: tests/functions/stage/test_check_window.py",
    "stage-await-unfreeze *": _UNFROZEN,
    "events-unfrozen dynamodb:GetItem": _BUNDLE,
    "stage-yield-lock *": _YIELDED,
    "events-keep-artifacts *": "it runs once a day: tests/functions/events/test_keep_artifacts.py",
    "events-measure-secrets secretsmanager:UpdateSecretVersionStage": _KEPT_30_DAYS,
    "events-prune-versions lambda:DeleteFunction": _KEPT_A_DAY,
    "events-prune-versions states:DeleteStateMachineVersion": _KEPT_A_DAY,
    "stage-apply-service kms:GenerateDataKey": _PACKAGE,
    "stage-apply-service s3:PutObject": _PACKAGE,
    "stage-continue-rollout kms:*": _LATER_STEP,
    "stage-continue-rollout s3:*": _LATER_STEP,
    "deploy-* lambda:DeleteFunction": "ten versions stay: tests/functions/adapters/test_delivered_functions.py",
    "deploy-* s3:GetObject": _PACKAGE,
    "deploy-* kms:Decrypt": _PACKAGE,
    "deploy-* lambda:CreateAlias": "the example's function has its alias: tests/functions/targets",
    "read-* cloudtrail:LookupEvents": "a part drifts in one environment: tests/scenarios/test_pins.py, test_trails.py",
    "read-* lambda:GetFunctionConfiguration": "it is read where a person approves a release: tests/functions/targets",
    "rollback-restore-service sts:AssumeRole": "a service on ECS is read, too: tests/functions/targets/test_ecs.py",
    "events-outside-alarm *": _OUTSIDE,
    "events-import-findings *": _OFF,
    "events-publish-checks *": "its credential is a token: tests/functions/events/test_publish_checks.py",
    "events-publish-version *": "no scenario has versions: tests/functions/events/test_publish_version.py",
    "* s3:ListBucket": _MISSING,
    "events-github-webhook dynamodb:Query": _BY_DISPATCH,
    "events-github-webhook dynamodb:UpdateItem": _BY_DISPATCH,
    "events-execution-ended *": "an execution ended with a lock or a wait: tests/faults/test_stops.py",
    "events-reconcile *": "an event or a token was lost: tests/functions/events/test_reconcile.py",
}
