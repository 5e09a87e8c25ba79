"""The database, and its password in Secrets Manager."""

from typing import NamedTuple

import pulumi
from pulumi_aws import rds, secretsmanager

from storefront_stack.network import Network
from storefront_stack.sizes import Size

USER = DATABASE = "storefront"


class Database(NamedTuple):
    """Where the database is, and the ARN of the secret that is its password."""

    host: pulumi.Output[str]
    secret: pulumi.Output[str]


def database(name: str, network: Network, size: Size, password: pulumi.Output[str]) -> Database:
    """Create the database; where it is protected, its deletion is refused and would leave a last snapshot."""
    subnets = rds.SubnetGroup(name, name=name, subnet_ids=network.private)
    made = rds.Instance(
        name,
        identifier=name,
        engine="postgres",
        engine_version="17",
        instance_class=size.database_class,
        allocated_storage=20,
        max_allocated_storage=100,
        storage_encrypted=True,
        db_name=DATABASE,
        username=USER,
        password=password,
        db_subnet_group_name=subnets.name,
        vpc_security_group_ids=[network.database],
        publicly_accessible=False,
        multi_az=size.multi_az,
        deletion_protection=size.deletion_protection,
        backup_retention_period=size.backup_days,
        copy_tags_to_snapshot=True,
        skip_final_snapshot=not size.deletion_protection,
        final_snapshot_identifier=f"{name}-last" if size.deletion_protection else None,
        opts=pulumi.ResourceOptions(protect=size.deletion_protection),
    )
    secret = secretsmanager.Secret(name, name=f"{name}-database")
    secretsmanager.SecretVersion(name, secret_id=secret.id, secret_string=password)
    return Database(made.address, secret.arn)
