"""The storefront in one environment: the stack's name is the environment."""

import boto3
import pulumi
from pulumi_aws import get_caller_identity
from storefront_stack.alarms import alarms
from storefront_stack.balancer import balancer
from storefront_stack.database import database
from storefront_stack.images import running_images
from storefront_stack.network import network
from storefront_stack.services import SERVICES, services
from storefront_stack.sizes import SIZES

environment = pulumi.get_stack()
size = SIZES[environment]
name = f"storefront-{environment}"
config, region = pulumi.Config(), pulumi.Config("aws").require("region")
registry = f"{get_caller_identity().account_id}.dkr.ecr.{region}.amazonaws.com"
first = {service: f"{registry}/{service}:{config.require('firstTag')}" for service in SERVICES}
images = first | running_images(boto3.client("ecs", region_name=region), name, list(SERVICES))
hosts = {"api": f"api.{config.require('domain')}", "web": config.require("domain")}

place = network(name)
data = database(name, place, size, config.require_secret("databasePassword"))
front = balancer(name, place, hosts, config.require("zoneId"), config.require("certificateArn"))
services(name, place, data, front.entries, size, images)
alarms(name, front)

for service, host in hosts.items():
    pulumi.export(service, f"https://{host}")
