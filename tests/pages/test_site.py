"""The site builds strictly, and no page of it asks a third party for anything."""

from __future__ import annotations

import importlib
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
        # never --quiet: what is not said is not counted either, and strict lets it pass
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return folder


class Page:
    def __init__(self, uri: str, generated_by: str | None = None) -> None:
        self.src_uri, self.generated_by, self.file = uri, generated_by, self


class Taken:
    """The files of a site, by name."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def get_file_from_path(self, name: str) -> str | None:
        return name if name in self.names else None


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("mkdocs", reason="the site needs mkdocs-material (extra [docs])")
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    yield importlib.import_module("hooks")
    sys.modules.pop("hooks", None)


@pytest.mark.parametrize(
    ("here", "said", "turned"),
    [
        ("how-to/floors.md", "[a](../../results/LOG.md#x)", "[a](../results/LOG.md#x)"),
        ("how-to/floors.md", "[a](audit.md)", "[a](audit.md)"),
        ("index.md", "[n](../notebooks/7_planning.py)", "[n](notebooks/7_planning.md)"),
        ("how-to/floors.md", "[code](../../Makefile)", "code"),
        ("how-to/floors.md", "[web](https://example.com/a.md)", "[web](https://example.com/a.md)"),
        ("how-to/floors.md", "see\n- one", "see\n\n- one"),
        ("how-to/floors.md", "```\n[a](nowhere.md)\n```", "```\n[a](nowhere.md)\n```"),
    ],
)
def test_links_are_turned_for_the_site(hooks, here: str, said: str, turned: str) -> None:
    taken = Taken("results/LOG.md", "how-to/audit.md", "notebooks/7_planning.md")
    assert hooks.on_page_markdown(said, Page(here), None, taken) == turned


def test_pages_from_outside_link_from_where_they_lie(hooks) -> None:
    page = Page("results/LOG.md", generated_by="hooks")
    turned = hooks.on_page_markdown(
        "[d](../docs/decisions/0001-fails-and-bounds.md)", page, None,
        Taken("decisions/0001-fails-and-bounds.md"),
    )  # fmt: skip
    assert turned == "[d](../decisions/0001-fails-and-bounds.md)"


def test_a_link_to_nothing_is_a_warning(hooks, caplog: pytest.LogCaptureFixture) -> None:
    hooks.on_page_markdown("[a](nowhere.md)", Page("how-to/floors.md"), None, Taken())
    assert "links to nowhere.md, which is not there" in caplog.text


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
