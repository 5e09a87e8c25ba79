"""What differs between the environments."""

from typing import NamedTuple


class Size(NamedTuple):
    """The tasks of each service, and the database with the days that its backups are kept."""

    tasks: int
    database_class: str
    multi_az: bool
    deletion_protection: bool
    backup_days: int


SIZES = {
    "dev": Size(1, "db.t3.micro", multi_az=False, deletion_protection=False, backup_days=7),
    "staging": Size(2, "db.t3.small", multi_az=False, deletion_protection=False, backup_days=7),
    "prod": Size(3, "db.t3.medium", multi_az=True, deletion_protection=True, backup_days=30),
}
