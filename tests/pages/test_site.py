"""The site builds strictly, and no page of it asks a third party for anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pages.running import ROOT

_FOREIGN = re.compile(
    r"<(?:script|img|iframe|source|video|audio|link)\b[^>]*?\b(?:src|href)=\"?(https?:)?//[^>]*>"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="the site needs mkdocs-material (extra [docs])")
    pytest.importorskip("mkdocstrings", reason="the site needs mkdocstrings (extra [docs])")
    folder = tmp_path_factory.mktemp("site")
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.mark.slow
def test_every_page_is_there_and_names_nobody_else(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    names = {str(page.relative_to(site)) for page in pages}
    assert {"index.html", "tutorial.html", "reference/metrics.html", "results/LOG.html",
            "notebooks/7_planning.html", "CHANGELOG.html"} <= names  # fmt: skip
    for page in pages:
        text = page.read_text(encoding="utf-8")
        asked = [m[0] for m in _FOREIGN.finditer(text) if "rel=canonical" not in m[0]]
        assert asked == [], page.name
        assert "[[[" + "cog" not in text, page.name
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//", sheet.read_text("utf-8")), sheet.name


@pytest.mark.slow
def test_what_a_reader_may_name_can_be_found(site: Path) -> None:
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    for wanted in ("every_repeat", "qfloor drift", "preference.hps_v2", "max_fail", "NeedError"):
        assert wanted in index
    python = (site / "reference" / "python.html").read_text(encoding="utf-8")
    assert 'id="qfloor.router.choosing.choose"' in python
