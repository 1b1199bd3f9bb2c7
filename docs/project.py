"""Blocks about the project itself: errors, the changelog, terms of weights."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

ISSUES = {
    "0002": "The first pipeline",
    "0003": "Scores",
    "0004": "Floors, verdicts, ratings",
    "0005": "Generation",
    "0006": "Router and gateway",
    "0007": "Blind sessions",
    "0008": "Ray, reports, notebooks, documentation",
}
"""What a fragment's number in `changelog.d/` is about."""


def errors() -> None:
    """Write the tree of errors and what each one says."""
    from qfloor import errors as module

    tree = (module.__doc__ or "").split("\n\n")[1]
    print(f"\n```text\n{tree}\n```\n")
    print("| error | below | when |\n|---|---|---|")
    for name, cls in vars(module).items():
        if inspect.isclass(cls) and cls.__module__ == module.__name__:
            base = cls.__mro__[1].__name__
            print(f"| `{name}` | `{base}` | {' '.join((cls.__doc__ or '').split())} |")
    print()


def modules() -> None:
    """Write the first sentence of every module, package by package."""
    source = ROOT / "src" / "qfloor"
    folders = [source, *sorted(path.parent for path in source.rglob("*/__init__.py"))]
    for folder in folders:
        print(
            f"\n## `{folder.relative_to(source.parent)}`\n\n{_first_line(folder / '__init__.py')}\n"
        )
        print("| module | what it does |\n|---|---|")
        for path in sorted(folder.glob("*.py")):
            if path.name != "__init__.py":
                print(f"| `{path.name}` | {_first_line(path)} |")
    print()


def _first_line(module: Path) -> str:
    said = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return " ".join(said.partition("\n\n")[0].split()).replace("|", "\\|")


def changelog() -> None:
    """Write what every fragment says, by what it is about."""
    fragments = sorted((ROOT / "changelog.d").glob("*.md"))
    numbered = {f: _issue(f.name) for f in fragments}
    unknown = {n for n in numbered.values() if n and n not in ISSUES}
    if unknown:
        raise SystemExit(f"changelog.d: nobody says what {', '.join(sorted(unknown))} is about")
    for number, title in {**ISSUES, "": "Other"}.items():
        here = [f for f in fragments if numbered[f] == number]
        if here:
            print(f"\n### {title}\n")
            for fragment in here:
                print(_as_items(fragment.read_text(encoding="utf-8")))
    print()


def _issue(name: str) -> str:
    """Return the number that a fragment's name begins with, in four digits; or nothing."""
    number = re.match(r"(\d+)-", name)
    return number[1].zfill(4) if number else ""


def _as_items(text: str) -> str:
    """Return a fragment as items of a list: paragraphs of a fragment without items become such."""
    text = text.strip()
    if text.startswith(("- ", "* ")):
        return text
    paragraphs = (" ".join(p.split()) for p in text.split("\n\n"))
    return "\n".join(p if p.startswith(("- ", "* ")) else f"- {p}" for p in paragraphs)


def weights() -> None:
    """Write the terms of every weights file that qfloor knows by name."""
    from qfloor.scorers import rights

    print("\n| weights | licence | commercial use | says who |\n|---|---|---|---|")
    known = {r.name: r for r in (rights.PAINTERS, *rights._BY_NAME) if r.name}
    clip = {
        f"open_clip `{model}` @ `{tag}`": r for model, tag, r in rights._CLIP
        if r != rights._NOT_ESTABLISHED
    }  # fmt: skip
    for name, terms in {**known, **clip}.items():
        told = rights.described(terms)
        source = told["source"]
        if source.startswith("https://"):
            source = f"<{source}>"
        shown = name if name.startswith("open_clip") else f"`{name}`"
        print(f"| {shown} | {told['licence']} | {told['commercial_use']} | {source} |")
    print()
