"""The image repositories, with immutable tags, and the role of the workflows that push to them by OIDC."""

import json

import pulumi
from pulumi_aws import ecr, iam

SERVICES = ("api", "web", "listener", "dns-worker")
ISSUER = "token.actions.githubusercontent.com"
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
OLD_BRANCHES = {
    "rulePriority": 1,
    "description": "images of branches, after a month",
    "selection": {
        "tagStatus": "tagged",
        "tagPatternList": ["dev-*"],
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 30,
    },
    "action": {"type": "expire"},
}

config = pulumi.Config()
repositories = []
for service in SERVICES:
    made = ecr.Repository(
        service,
        name=service,
        image_tag_mutability="IMMUTABLE",
        image_scanning_configuration=ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
        opts=pulumi.ResourceOptions(protect=True),
    )
    ecr.LifecyclePolicy(service, repository=made.name, policy=json.dumps({"rules": [OLD_BRANCHES]}))
    repositories.append(made)

# Only workflows of this repository, on a branch of it: a pull request has another subject.
# https://docs.github.com/en/actions/reference/security/oidc
trust = {
    "Effect": "Allow",
    "Principal": {"Federated": config.require("oidcProviderArn")},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {
        "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{ISSUER}:sub": f"repo:{config.require('repository')}:ref:refs/heads/*"},
    },
}
role = iam.Role(
    "storefront-push",
    name="storefront-push",
    assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
)
push = {"Effect": "Allow", "Action": PUSH, "Resource": [one.arn for one in repositories]}
login = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
iam.RolePolicy(
    "storefront-push",
    role=role.name,
    policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [push, login]}),
)
pulumi.export("pushRole", role.arn)
