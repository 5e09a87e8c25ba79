"""Create the infrastructure of the service in an environment: role, log group, function, alias, address, alarm.

`delivery/infrastructure.yml` runs it once for each environment, in the environment's region and, where it has one,
under its deploy role; running it again changes nothing. The outputs for services and health probes are written to
`outputs.json`.
"""

import json
import os
import time
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3

ENVIRONMENT = os.environ["KIRO_ENVIRONMENT"]
NAME = f"hello-{ENVIRONMENT}"
ALIAS = "live"
SETTINGS = {"Timeout": 5, "Environment": {"Variables": {"ENVIRONMENT": ENVIRONMENT}}}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ASSUMABLE_SECONDS = 60
# Both are needed: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
PUBLIC = {
    "public": {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    "public-invoke": {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
}
NOT_YET = "def handler(event, context):\n    return {'statusCode': 503, 'body': 'not deployed yet'}\n"


def session(region: str, role_arn: str | None) -> boto3.Session:
    """The environment's region, and the role of its account if the build's own role is not of that account."""
    if not role_arn:
        return boto3.Session(region_name=region)
    sts = boto3.client("sts")
    taken = sts.assume_role(RoleArn=role_arn, RoleSessionName=f"{NAME}-infrastructure")["Credentials"]
    return boto3.Session(taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"], region)


def role(iam: Any) -> str:
    """Create the role of the function, which may write its own log only; return its ARN."""
    try:
        arn: str = iam.get_role(RoleName=NAME)["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        arn = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    statement = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:*:*:log-group:/aws/lambda/{NAME}:*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_role_policy(RoleName=NAME, PolicyName="logs", PolicyDocument=json.dumps(policy))
    return arn


def log_group(logs: Any) -> None:
    """Create the log group; entries are kept for two weeks."""
    name = f"/aws/lambda/{NAME}"
    try:
        logs.create_log_group(logGroupName=name)
    except logs.exceptions.ResourceAlreadyExistsException:
        pass
    logs.put_retention_policy(logGroupName=name, retentionInDays=14)


def function(client: Any, role_arn: str) -> None:
    """Create the function with code that answers 503 and the alias that deployments move; update its settings.

    Requests meet new settings once the service is published again, which a release does with its infrastructure.
    """
    try:
        found = client.get_function(FunctionName=NAME)["Configuration"]
        if any(found.get(key) != value for key, value in SETTINGS.items()):
            client.update_function_configuration(FunctionName=NAME, **SETTINGS)
            client.get_waiter("function_updated_v2").wait(FunctionName=NAME)
    except client.exceptions.ResourceNotFoundException:
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("hello.py", NOT_YET)
        create_once_the_role_is_known(
            client,
            FunctionName=NAME,
            Runtime="python3.13",
            Handler="hello.handler",
            Role=role_arn,
            **SETTINGS,
            Code={"ZipFile": packed.getvalue()},
        )
        client.get_waiter("function_active_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 1})
    try:
        client.get_alias(FunctionName=NAME, Name=ALIAS)
    except client.exceptions.ResourceNotFoundException:
        client.create_alias(FunctionName=NAME, Name=ALIAS, FunctionVersion="$LATEST")


def create_once_the_role_is_known(client: Any, **function: Any) -> None:
    """A new role can be assumed after some seconds; until then Lambda refuses it."""
    deadline = time.monotonic() + ASSUMABLE_SECONDS
    while True:
        try:
            client.create_function(**function)
        except client.exceptions.InvalidParameterValueException as error:
            if "cannot be assumed by Lambda" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(2)
        else:
            return


def address(client: Any) -> str:
    """Create the public address of the alias; return it, or `PUBLIC_URL` where another address leads to it."""
    where = {"FunctionName": NAME, "Qualifier": ALIAS}
    try:
        url: str = client.get_function_url_config(**where)["FunctionUrl"]
    except client.exceptions.ResourceNotFoundException:
        url = client.create_function_url_config(**where, AuthType="NONE")["FunctionUrl"]
    for statement, permission in PUBLIC.items():
        try:
            client.add_permission(**where, StatementId=statement, Principal="*", **permission)
        except client.exceptions.ResourceConflictException:
            pass  # it is there already
    identity = url.removeprefix("https://").partition(".")[0]
    return os.environ.get("PUBLIC_URL", url).format(id=identity).rstrip("/")


def alarm(cloudwatch: Any) -> None:
    """Create the alarm on three failed requests within ten seconds."""
    cloudwatch.put_metric_alarm(
        AlarmName=f"{NAME}-errors",
        AlarmDescription="The service answers its users with errors.",
        Namespace="HelloService",
        MetricName="Errors",
        Dimensions=[{"Name": "Environment", "Value": ENVIRONMENT}],
        Statistic="Sum",
        Period=10,
        EvaluationPeriods=1,
        Threshold=3,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )


def main() -> None:
    """Create everything, each resource after those it needs; write and print the outputs."""
    aws = session(os.environ["KIRO_REGION"], os.environ.get("KIRO_DEPLOY_ROLE"))
    client = aws.client("lambda")
    log_group(aws.client("logs"))
    function(client, role(aws.client("iam")))
    alarm(aws.client("cloudwatch"))
    outputs = {"url": address(client)}
    Path("outputs.json").write_text(json.dumps(outputs), "utf-8")
    print(json.dumps(outputs))


if __name__ == "__main__":
    main()
