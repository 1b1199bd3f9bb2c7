"""What mkdocs does not do by itself: the nav by folders, and pages that lie outside `docs/`.

The repository's pages link to each other as files do, so that they read well without a site. The
site takes in the pages they link to (results, suites' cards, notebooks, notices) and turns every
link to the page's place there. A link to a file that is no page becomes plain text; a link to
nothing is a warning, which the strict build makes an error.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

LOG = logging.getLogger("mkdocs.hooks.qfloor")
ROOT = Path(__file__).resolve().parents[1]
TAKEN_IN = (
    "results/*.md", "results/*.csv", "prompts/*.md", "benchmarks/classifier/GUIDE.md",
    "NOTICES.md", "CHANGELOG.md", "CONTRIBUTING.md",
)  # fmt: skip
NOTEBOOKS = "notebooks/*.py"

HOW_TO: dict[str, tuple[str, ...]] = {
    "Measure": (
        "planning", "suite", "private-prompts", "offers", "generate", "made-elsewhere",
        "local-pipelines", "adaptive", "metrics", "safety", "doctor", "ray",
    ),
    "Judge": (
        "ratings", "comparisons", "raters", "calibration", "floors", "corrections-and-traffic",
        "audit", "drift", "report", "monthly",
    ),
    "Compare blind": ("blind-sessions", "blind-analysis", "blind-report", "live-audit"),
    "Route": ("classification", "policy", "prices-and-health", "service", "gateway", "replay"),
    "Extend, and live with it": ("provider", "scorer", "store"),
}  # fmt: skip
"""How-to pages by what they are about; a page that stands nowhere comes at the end."""
REFERENCE = (
    "cli", "files", "quality-db", "schemas", "metrics", "providers", "python", "python-stats",
    "python-plugins", "doctor", "errors", "modules",
)  # fmt: skip
EXPLANATION = ("quartile", "calibration", "blinding", "threats")

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_COG = re.compile(r"<!-- \[\[\[(?:cog.*?|end)\]\]\] -->\n?", re.DOTALL)
_TWICE = re.compile(r"<!-- in the repository -->\n.*?<!-- on the site\n(.*?)-->\n", re.DOTALL)
_ITEM = re.compile(r"(?:[-*]|\d+\.) ")


def on_config(config: Any) -> Any:
    """Write the nav from what lies in the folders."""
    config.nav = [
        {"Start": ["index.md", "tutorial.md"]},
        {"How to": _how_to()},
        {"Reference": _ordered("docs/reference/*.md", REFERENCE)},
        {"Explanation": _ordered("docs/explanation/*.md", EXPLANATION)},
        {"Decisions": _pages("docs/decisions/*.md")},
        {"Evidence": [
            {"Results": _pages("results/*.md")},
            {"Suites": _pages("prompts/*.md")},
            {"Notebooks": _pages(NOTEBOOKS)},
            "benchmarks/classifier/GUIDE.md",
        ]},
        {"Project": _pages("[CN]*.md")},
    ]  # fmt: skip
    return config


def on_files(files: Files, config: Any) -> Files:
    """Take in the pages outside `docs/`, and notebooks as pages."""
    for pattern in TAKEN_IN:
        for path in sorted(ROOT.glob(pattern)):
            files.append(File.generated(config, _site(_name(path)), abs_src_path=str(path)))
    for path in sorted(ROOT.glob(NOTEBOOKS)):
        files.append(File.generated(config, _site(_name(path)), content=notebook_page(path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turn links, drop marks and what is for the repository, put blank lines where lists begin."""
    lines: list[str] = []
    fenced = False
    for line in _TWICE.sub(r"\1", _COG.sub("", markdown)).split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            line = _LINK.sub(lambda link: _turned(link, page.file, files), line)
            if _ITEM.match(line) and lines and lines[-1].strip() and not _in_list(lines):
                lines.append("")
        lines.append(line)
    return "\n".join(lines)


def notebook_page(path: Path) -> str:
    """Return a percent notebook as a page: its words as they are, its code in blocks."""
    cells = re.split(r"^# %%(.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    parts: list[str] = []
    for kind, body in zip(cells[1::2], cells[2::2], strict=True):
        if "[markdown]" in kind:
            parts.append(re.sub(r"^# ?", "", body.strip(), flags=re.MULTILINE))
        elif body.strip():
            code = re.sub(r"^# %.*\n", "", body.strip(), flags=re.MULTILINE)  # jupyter's magic
            parts.append(f"```python\n{code}\n```")
    parts.append(f"*The notebook `{_name(path)}`; `make lab` opens it in JupyterLab.*")
    return "\n\n".join(parts)


def _turned(link: re.Match[str], page: File, files: Files) -> str:
    """Return a link as the site needs it."""
    image, text, target = link.groups()
    path, _, anchor = target.partition("#")
    if not path or re.match(r"[a-z]+:", path):
        return link[0]
    here = posixpath.dirname(_in_repository(page))
    name = posixpath.normpath(posixpath.join(here, path))
    if (ROOT / name).is_dir() and (ROOT / name / "README.md").exists():
        name += "/README.md"
    if files.get_file_from_path(_site(name)) is None:
        if not (ROOT / name).exists():
            LOG.warning("%s links to %s, which is not there", _in_repository(page), target)
        return text
    turned = posixpath.relpath(_site(name), posixpath.dirname(page.src_uri) or ".")
    return f"{image}[{text}]({turned}{'#' + anchor if anchor else ''})"


def _in_repository(page: File) -> str:
    """Return where a page of the site lies in the repository."""
    if page.generated_by is None:
        return f"docs/{page.src_uri}"
    return page.src_uri


def _site(name: str) -> str:
    """Return where a file of the repository lies in the site."""
    if name == "README.md":
        return "index.md"
    if name.startswith("notebooks/"):
        return name.removesuffix(".py") + ".md"
    return name.removeprefix("docs/")


def _in_list(lines: list[str]) -> bool:
    """Whether the last lines, up to a blank one, are in a list."""
    for line in reversed(lines):
        if not line.strip():
            return False
        if _ITEM.match(line.lstrip()):
            return True
    return False


def _how_to() -> list[Any]:
    there = {Path(page).stem: page for page in _pages("docs/how-to/*.md")}
    nav: list[Any] = []
    for title, names in HOW_TO.items():
        found = [there.pop(name) for name in names if name in there]
        if found:
            nav.append({title: found})
    return [*nav, *there.values()]


def _ordered(pattern: str, first: tuple[str, ...]) -> list[str]:
    """Return the pages a pattern finds: those named first in their order, then the others."""
    there = {Path(page).stem: page for page in _pages(pattern)}
    return [*(there.pop(name) for name in first if name in there), *there.values()]


def _pages(pattern: str) -> list[str]:
    """Return the site's names of the pages a pattern finds, a folder's README first."""
    found = sorted(ROOT.glob(pattern), key=lambda p: (p.stem != "README", p.name))
    return [_site(_name(path)) for path in found]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
