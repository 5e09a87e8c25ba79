"""Rules of AWS that the emulated AWS lacks, applied in the process that calls it.

Every process of a run that calls AWS for the product (Lambda workers, builds, the operator's command, the Pulumi
program) is started with `HOOK` on its PYTHONPATH. Python then imports `hook/sitecustomize.py`, which adds the handlers
of `hooks.py` to every session of the SDK. The product knows nothing of it. The laptop's own services call the emulator
as it is.

    request ─▶ pages.py ─▶ requests.py, quotas.py ─▶ throttles.py ─▶ emulated AWS
               one a page   refused as AWS does      some calls
"""

from pathlib import Path

HOOK = Path(__file__).with_name("hook")
# The variable that decides which calls are throttled: `throttles.py`.
SEED = "STRICT_SEED"
# The file beside the emulator's log in which it notes each use of a permission; `usage.py` reads it.
USES = "permission-uses.jsonl"
