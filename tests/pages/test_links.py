"""Every relative link in the repository's pages leads to a file, and to a heading that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pages.running import ROOT

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "prompts/*.md", "results/*.md", "benchmarks/**/*.md")
    for path in ROOT.glob(pattern)
)
_LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(([^)\s]+)\)|<img [^>]*src=\"([^\"]+)\"")
_FENCED = re.compile(r"^( *)(```|~~~).*?^\1\2", re.DOTALL | re.MULTILINE)
_OTHER = re.compile(r"[a-z]+:")


def links(text: str) -> list[str]:
    return [a or b for a, b in _LINK.findall(_FENCED.sub("", text))]


def anchors(text: str) -> set[str]:
    """Headings as GitHub and the site name them."""
    heads = re.findall(r"^#+ (.+)$", _FENCED.sub("", text), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", head.lower().replace("`", "")) for head in heads)
    return {re.sub(r" +", "-", head.strip()) for head in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in links(page.read_text(encoding="utf-8")):
        if _OTHER.match(link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            broken.append(link)
        elif anchor and target.suffix == ".md":
            known = anchors(target.read_text(encoding="utf-8"))
            broken += [link] if anchor not in known else []
    assert broken == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    assert links("see [this](nowhere.md#x) and\n```\n[not](that.md)\n```\n") == ["nowhere.md#x"]
    assert anchors("# One two\n## `qfloor run`, again\n") == {"one-two", "qfloor-run-again"}


def test_every_decision_stands_in_the_index_in_order() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[(\d{4}) .+\]\((.+)\)$", index, re.MULTILINE)
    assert [name for _, name in listed] == sorted(p.name for p in folder.glob("0*.md"))
    assert all(name.startswith(f"{number}-") for number, name in listed)
