"""Kiro Worker: one stack of the platform, put together; what can be wrong is checked before anything is made."""

import pulumi

from components import package, rooms, settings, wiring
from components.builds import Builds
from components.channels import Channels
from components.encryption import Encryption
from components.endpoints import Endpoints
from components.estate import Estate
from components.monitoring import Monitoring
from components.outputs import outputs
from components.pipeline import Pipeline
from components.secrets import Secrets
from components.site import Site
from components.storage import Storage
from components.worker import Worker

configured = settings.read(pulumi.get_stack())
found = rooms.discover()
wiring.require_rooms(found)
layer = package.require_layer()

site = Site.here()
encryption = Encryption(site=site, retain=configured.retain_stateful)
key_arn = encryption.arn
storage = Storage(site=site, key_arn=key_arn, retain=configured.retain_stateful)
channels = Channels(site=site, key_arn=key_arn, email=configured.notification_email, approvers=configured.approvers())
secrets = Secrets(site=site, settings=configured, key_arn=key_arn)
builds = Builds(site=site, settings=configured, storage=storage, key_arn=key_arn)
worker = Worker(site=site, settings=configured, storage=storage, secrets=secrets, key_arn=key_arn)
endpoints = Endpoints(site=site, settings=configured, key_arn=key_arn)
estate = Estate(site, configured, key_arn, storage, channels, secrets, builds, worker, endpoints.url)
pipeline = Pipeline(estate=estate, rooms=found, package=package.package(site, layer), endpoints=endpoints)
monitoring = Monitoring(estate=estate, pipeline=pipeline)

for name, value in outputs(estate, encryption, pipeline, monitoring).items():
    pulumi.export(name, value)
