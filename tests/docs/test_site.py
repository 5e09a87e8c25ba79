"""The documents as a site: MkDocs builds it without a warning, and each page is reached by the navigation."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_site_has_every_page_and_no_broken_link(tmp_path: Path) -> None:
    """`strict` makes each warning an error: a page outside of `nav`, a link or an anchor that leads nowhere."""
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (built.returncode, re.findall(r"WARNING.*", built.stderr)) == (0, [])
    pages = {page.relative_to(ROOT / "docs").with_suffix("").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    home = (tmp_path / "index.html").read_text("utf-8")
    assert pages <= set(re.findall(r'href="([a-z0-9/_-]+)/"', home))
    # README.md is the home page: its links to documents are links of the site, others are text
    assert 'href="quick-start/#to-aws"' in home
    assert "<code>CONTRIBUTING.md</code>" in home
    assert not re.findall(r'href="[^":]+\.md', home)
