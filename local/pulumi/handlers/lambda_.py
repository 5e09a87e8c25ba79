"""Lambda functions, which AWS's own runtime client runs, their aliases and layers."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.emulator import GUARD, LAMBDA_START
from local.pulumi.assets import zip_bytes
from local.pulumi.errors import ResourceError
from local.pulumi.handlers.base import Call, Cloud, Handler, Properties, Tagging, handles, pick

if TYPE_CHECKING:
    from collections.abc import Callable

# ministack's own Python worker reports every exception as Runtime.HandlerError, so that no Catch could match a class.
# AWS's runtime client reports the class. It has wheels for Linux only.
HAS_RUNTIME_CLIENT = sys.platform == "linux"
CUSTOM_RUNTIME = "provided.al2023"
BOOTSTRAP = f"""#!/bin/sh
exec {quote(sys.executable)} -I -S {quote(str(LAMBDA_START))} {quote(str(GUARD))} "$PPID" awslambdaric "$_HANDLER"
"""
# The path of a module `faulty` that wraps every handler; set by the tests that inject faults.
WRAPPER = "FAULT_WRAPPER"
# The timeout of every function, in seconds, instead of the declared one; set by the same tests.
TIMEOUT = "FAULT_TIMEOUT"
FAULTY = BOOTSTRAP.replace('"$_HANDLER"', "faulty.handle")
SETTINGS = (
    "role",
    "handler",
    "timeout",
    "memorySize",
    "description",
    "tracingConfig",
    "deadLetterConfig",
    "ephemeralStorage",
    "loggingConfig",
    "kmsKeyArn",
)
CODE = frozenset({"code", "s3Key", "s3Bucket", "s3ObjectVersion"})
# How often the end of an update is looked for.
LOOK = {"Delay": 0.1, "MaxAttempts": 600}
ROLE_KNOWN_SECONDS = 120
RENAME = {"kmsKeyArn": "KMSKeyArn"}


def _invoke_arn(call: Call, arn: str) -> str:
    return f"arn:aws:apigateway:{call.region}:lambda:path/2015-03-31/functions/{arn}/invocations"


def once_the_role_is_known(create: Callable[[], Any]) -> None:
    """Create, again and again while the role is too new to be assumed, as the provider does for two minutes."""
    deadline = time.monotonic() + ROLE_KNOWN_SECONDS
    while True:
        try:
            create()
        except ClientError as error:
            if "cannot be assumed by Lambda" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


@handles("aws:lambda/function:Function")
class Function(Handler):
    """A function; its layers are registered but not attached: the virtual environment has the same versions."""

    replace_on = frozenset({"name", "packageType"})
    tagging = Tagging("lambda", "Resource", pair=None)

    def salt(self, cloud: Cloud) -> Properties:
        return {"functionEnvironment": cloud.function_environment, "bootstrap": BOOTSTRAP}

    def create(self, call: Call) -> str:
        name = call.auto_name()
        wanted = {
            "FunctionName": name,
            "Code": self._code(call),
            "Runtime": self._runtime(call),
            "Publish": bool(call.inputs.get("publish")),
            **pick(call.inputs, "architectures", "packageType"),
            **self._settings(call),
        }
        functions = call.aws("lambda")
        once_the_role_is_known(lambda: functions.create_function(**wanted))
        functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=LOOK)
        self._concurrency(call, name)
        return name

    def read(self, call: Call) -> Properties:
        answer = call.aws("lambda").get_function(FunctionName=call.id)
        found, arn = answer["Configuration"], answer["Configuration"]["FunctionArn"]
        pages = call.aws("lambda").get_paginator("list_versions_by_function").paginate(FunctionName=call.id)
        versions = [item["Version"] for page in pages for item in page["Versions"]]
        numbers = [int(version) for version in versions if version.isdigit()]
        version = str(max(numbers)) if numbers else "$LATEST"
        return {
            "name": found["FunctionName"],
            "arn": arn,
            "invokeArn": _invoke_arn(call, arn),
            "qualifiedArn": f"{arn}:{version}",
            "qualifiedInvokeArn": _invoke_arn(call, f"{arn}:{version}"),
            "responseStreamingInvokeArn": _invoke_arn(call, arn).replace(
                "/invocations", "/response-streaming-invocations"
            ),
            "version": version,
            "lastModified": found["LastModified"],
            "codeSha256": found["CodeSha256"],
            "sourceCodeHash": found["CodeSha256"],
            "sourceCodeSize": found["CodeSize"],
            "architectures": found.get("Architectures", ["x86_64"]),
            "signingJobArn": "",
            "signingProfileVersionArn": "",
        }

    def update(self, call: Call) -> None:
        """As the provider does: one change after the other, and a version only of a changed function."""
        functions = call.aws("lambda")
        updated = functions.get_waiter("function_updated_v2")
        configured = call.changed - CODE - {"tags", "publish", "reservedConcurrentExecutions"}
        coded = call.changed & (CODE | {"salt"})
        if configured:
            functions.update_function_configuration(
                FunctionName=call.id, Runtime=self._runtime(call), **self._settings(call)
            )
            updated.wait(FunctionName=call.id, WaiterConfig=LOOK)
        if coded:
            functions.update_function_code(FunctionName=call.id, **self._code(call))
            updated.wait(FunctionName=call.id, WaiterConfig=LOOK)
        if call.inputs.get("publish") and (configured or coded or "publish" in call.changed):
            functions.publish_version(FunctionName=call.id)
        self._concurrency(call, call.id)

    def delete(self, call: Call) -> None:
        call.aws("lambda").delete_function(FunctionName=call.id)

    def _code(self, call: Call) -> Properties:
        inputs = call.inputs
        inputs.get("sourceCodeHash")  # only a change of it matters
        if inputs.get("code"):
            files = {"bootstrap": BOOTSTRAP.encode()} if self._is_python(call) and HAS_RUNTIME_CLIENT else {}
            wrapper = call.cloud.function_environment.get(WRAPPER)
            if files and wrapper:
                files = {"bootstrap": FAULTY.encode(), "faulty.py": Path(wrapper).read_bytes()}
            return {"ZipFile": zip_bytes(inputs["code"], files)}
        if inputs.get("s3Bucket"):
            return pick(inputs, "s3Bucket", "s3Key", "s3ObjectVersion")
        raise ResourceError("has no code; give it an archive or an S3 object")

    def _is_python(self, call: Call) -> bool:
        return str(call.inputs.get("runtime") or "").startswith("python") and bool(call.inputs.get("code"))

    def _runtime(self, call: Call) -> str:
        if not self._is_python(call):
            return str(call.inputs["runtime"])
        if HAS_RUNTIME_CLIENT:
            return CUSTOM_RUNTIME
        call.cloud.warn(
            "awslambdaric has no wheel for this platform: functions run in the emulator's own Python worker, "
            "which reports every exception as Runtime.HandlerError"
        )
        return str(call.inputs["runtime"])

    def _settings(self, call: Call) -> Properties:
        inputs = call.inputs
        inputs.get("layers")
        declared = (inputs.get("environment") or {}).get("variables") or {}
        variables = {name: str(value) for name, value in declared.items()} | call.cloud.function_environment
        settings = pick(inputs, *SETTINGS, rename=RENAME)
        if TIMEOUT in variables:
            settings["Timeout"] = int(variables[TIMEOUT])
        return {**settings, "Environment": {"Variables": variables}}

    def _concurrency(self, call: Call, name: str) -> None:
        reserved = call.inputs.get("reservedConcurrentExecutions")
        if reserved is not None and reserved >= 0:
            call.aws("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)
        elif "reservedConcurrentExecutions" in call.changed and call.id:
            call.aws("lambda").delete_function_concurrency(FunctionName=name)


@handles("aws:lambda/alias:Alias")
class Alias(Handler):
    """A name for a version of a function."""

    replace_on = frozenset({"name", "functionName"})

    def create(self, call: Call) -> str:
        return str(self._put(call, call.aws("lambda").create_alias)["AliasArn"])

    def read(self, call: Call) -> Properties:
        function, _, name = call.id.rpartition(":")
        found = call.aws("lambda").get_alias(FunctionName=function, Name=name)
        arn = found["AliasArn"]
        return {
            "arn": arn,
            "name": name,
            "invokeArn": _invoke_arn(call, arn),
            "functionVersion": found["FunctionVersion"],
        }

    def update(self, call: Call) -> None:
        self._put(call, call.aws("lambda").update_alias)

    def delete(self, call: Call) -> None:
        function, _, name = call.id.rpartition(":")
        call.aws("lambda").delete_alias(FunctionName=function, Name=name)

    def _put(self, call: Call, method: Callable[..., Any]) -> Any:
        inputs = call.inputs
        weights = (inputs.get("routingConfig") or {}).get("additionalVersionWeights") or {}
        return method(
            Name=call.auto_name(),
            RoutingConfig={"AdditionalVersionWeights": weights},
            **pick(inputs, "functionName", "functionVersion", "description"),
        )


@handles("aws:lambda/layerVersion:LayerVersion")
class LayerVersion(Handler):
    """A version of a layer."""

    replace_on = None

    def create(self, call: Call) -> str:
        inputs = call.inputs
        inputs.get("sourceCodeHash")
        inputs.get("skipDestroy")
        content = (
            {"ZipFile": zip_bytes(inputs["code"])}
            if inputs.get("code")
            else pick(inputs, "s3Bucket", "s3Key", "s3ObjectVersion")
        )
        answer = call.aws("lambda").publish_layer_version(
            Content=content,
            **pick(inputs, "layerName", "description", "licenseInfo", "compatibleRuntimes", "compatibleArchitectures"),
        )
        return str(answer["LayerVersionArn"])

    def read(self, call: Call) -> Properties:
        layer_arn, _, version = call.id.rpartition(":")
        found = call.aws("lambda").get_layer_version(LayerName=layer_arn, VersionNumber=int(version))
        return {
            "arn": call.id,
            "layerArn": layer_arn,
            "layerName": layer_arn.rpartition(":")[2],
            "version": version,
            "createdDate": str(found["CreatedDate"]),
            "codeSha256": found["Content"]["CodeSha256"],
            "sourceCodeHash": found["Content"]["CodeSha256"],
            "sourceCodeSize": found["Content"]["CodeSize"],
            "signingJobArn": "",
            "signingProfileVersionArn": "",
        }

    def delete(self, call: Call) -> None:
        if call.inputs.get("skipDestroy"):
            return
        layer, _, version = call.id.rpartition(":")
        call.aws("lambda").delete_layer_version(LayerName=layer, VersionNumber=int(version))
