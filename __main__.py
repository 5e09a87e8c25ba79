"""Kiro Worker: creates one stack of the platform; settings, handlers and the package are validated first."""

import pulumi

from components.functions import handlers, package
from components.functions.resources import StackResources
from components.platform import console, triggers
from components.platform.builds import Builds
from components.platform.endpoints import Endpoints
from components.platform.monitoring import Monitoring
from components.platform.outputs import outputs
from components.platform.pipeline import Pipeline
from components.platform.worker import Worker
from components.stack import settings_file
from components.stack.channels import Channels
from components.stack.encryption import Encryption
from components.stack.naming import Naming
from components.stack.secrets import Secrets
from components.stack.signing import Signing
from components.stack.storage import Storage

configured = settings_file.read(pulumi.get_stack())
found = handlers.discover()
triggers.require_handlers(found)
layer = package.require_layer()

naming = Naming.here()
encryption = Encryption(naming=naming, retain=configured.retain_stateful)
key_arn = encryption.arn
signing = Signing(naming=naming, retain=configured.retain_stateful)
storage = Storage(naming=naming, key_arn=key_arn, retain=configured.retain_stateful)
channels = Channels(
    naming=naming,
    key_arn=key_arn,
    email=configured.notification_email,
    approvers=configured.approvers(),
    senders=configured.other_accounts(naming.account),
)
secrets = Secrets(naming=naming, settings=configured, key_arn=key_arn)
builds = Builds(naming=naming, settings=configured, storage=storage, key_arn=key_arn)
worker = Worker(naming=naming, settings=configured, storage=storage, secrets=secrets, key_arn=key_arn)
endpoints = Endpoints(naming=naming, settings=configured, key_arn=key_arn)
stack = StackResources(
    *(naming, configured, key_arn, signing, storage, channels, secrets, builds, worker), endpoints.url, endpoints.arn
)
pipeline = Pipeline(
    stack=stack, handlers=console.chosen(found, configured), package=package.package(naming, layer), endpoints=endpoints
)
monitoring = Monitoring(stack=stack, pipeline=pipeline)

for name, value in outputs(stack, encryption, pipeline, monitoring).items():
    pulumi.export(name, value)
