"""Every permission of every role is used by a scenario, or has a reason: judged when all scenarios have passed."""

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from local.platform import Platform
from local.strict import USES
from local.strict.usage import Permission, granted, used
from tests.scenarios.unused_permissions import REASONS

GRANTED = "granted-permissions.json"


def record(platform: Platform) -> frozenset[Permission]:
    """Read what the roles of a platform may do, and write it down beside the log of the emulator."""
    found = granted(platform.clients.client("iam"))
    lines = [(one.role, one.action, one.resources) for one in sorted(found)]
    (platform.root / GRANTED).write_text(json.dumps(lines), "utf-8")
    return found


def unused(base: Path) -> frozenset[Permission]:
    """What no platform below pytest's temporary folder has used, with one process or several."""
    files = [file for name in (GRANTED, USES) for at in ("*", "popen-gw*/*") for file in base.glob(f"{at}/{name}")]
    allowed = {
        Permission(role, action, tuple(resources))
        for file in files
        if file.name == GRANTED
        for role, action, resources in json.loads(file.read_text("utf-8"))
    }
    return frozenset(allowed) - used(file for file in files if file.name == USES)


def short(permission: Permission) -> str:
    """How `REASONS` names a permission: `events-notify sns:Publish`, whatever the stack and the resource."""
    return f"{permission.role.split('-', 3)[3]} {permission.action}"


def explains(key: str, name: str) -> bool:
    """Whether a key of `REASONS`, which may have wildcards, is about a permission."""
    return fnmatchcase(name, key)


def unexplained(permissions: Iterable[Permission]) -> list[str]:
    """Those without a reason."""
    return sorted(str(one) for one in permissions if not any(explains(key, short(one)) for key in REASONS))
