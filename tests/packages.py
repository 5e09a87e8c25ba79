"""Functions for tests, as the embedded program deploys them: under AWS's own runtime client."""

import io
import zipfile

from local.pulumi.handlers.lambda_ import BOOTSTRAP


def packed(code: str) -> bytes:
    """A deployment package whose handler is `main.handler`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        package.writestr("main.py", code)
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = 0o755 << 16
        package.writestr(info, BOOTSTRAP)
    return content.getvalue()
