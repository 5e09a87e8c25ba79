"""Service Quotas, which ministack lacks: what `STRICT_BUILDS` says of the builds that run at a time.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
"""

import json
import os
from typing import Any

from ministack import app
from ministack.core import router
from ministack.core.responses import error_response_json, json_response

from local.strict.around import Answer

SERVICE = "servicequotas"
BUILDS = float(os.environ.get("STRICT_BUILDS", "4"))
# https://docs.aws.amazon.com/general/latest/gr/codebuild.html: each compute type has its own.
SIZES = ("Small", "Medium", "Large")


async def answer(_method: str, _path: str, headers: dict[str, str], body: bytes, _query: Any) -> Answer:
    """ListServiceQuotas of CodeBuild; no other operation is needed."""
    operation, service = headers.get("x-amz-target", "").rpartition(".")[2], json.loads(body).get("ServiceCode")
    if (operation, service) != ("ListServiceQuotas", "codebuild"):
        return error_response_json("NoSuchResourceException", f"{operation} of {service} is not emulated", 400)
    names = [f"Concurrently running builds for Linux/{size} environment" for size in SIZES]
    return json_response({"Quotas": [{"QuotaName": name, "Value": BUILDS} for name in names]})


router.SERVICE_PATTERNS[SERVICE] = {"target_prefixes": ["ServiceQuotasV20190624"]}
app.SERVICE_HANDLERS[SERVICE] = answer
