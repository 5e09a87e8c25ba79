"""Hooks of MkDocs (mkdocs.yml): README.md is the home page, and `folder/*` in `nav` is every page of a folder.

Links to folders and to files outside of `docs/` are shown as paths: the site has no copies of them, and knows no
address of the repository. `tests/tools/reference/test_guides.py` sees that the files exist.
"""

import re
from pathlib import Path
from posixpath import dirname, normpath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
HOME = "index.md"
_LINK = re.compile(r"\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Expand the folders of `nav`."""
    for section in config.nav or ():
        for title, pages in section.items() if isinstance(section, dict) else ():
            if isinstance(pages, str) and pages.endswith("/*"):
                folder = pages.removesuffix("/*")
                found = sorted((ROOT / "docs" / folder).glob("*.md"))
                section[title] = [f"{folder}/{page.name}" for page in found]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the home page."""
    files.append(File.generated(config, HOME, content=(ROOT / "README.md").read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Adapt the links of a page."""
    source = page.file.src_uri
    folder = "" if source == HOME else f"docs/{dirname(source)}"
    return _LINK.sub(lambda link: _adapted(link, folder), markdown)


def _adapted(link: re.Match[str], folder: str) -> str:
    """A link on a page of a folder of this repository: "" for the README, whose links begin at the root."""
    text, target, anchor = link.groups()
    if re.match(r"[a-z]+:", target):
        return link[0]
    path = normpath(f"{folder}/{target}").lstrip("/")
    if not path.startswith("docs/") or (ROOT / path).is_dir():
        return text if path in text else f"{text} (`{path}`)"
    return link[0] if folder else f"[{text}]({path.removeprefix('docs/')}{anchor or ''})"
