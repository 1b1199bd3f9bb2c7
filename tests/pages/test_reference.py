"""Whatever a user can name stands in the reference; a page that lacks it fails."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import pytest

from pages.running import ROOT
from qfloor import errors, router, stats
from qfloor.scorers.cards import CARDS, card_of

REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


@pytest.fixture
def of_docs(monkeypatch: pytest.MonkeyPatch):
    """Import a module of docs/, which lies outside every package."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    found: list[str] = []

    def load(name: str) -> ModuleType:
        found.append(name)
        return importlib.import_module(name)

    yield load
    for name in found:
        sys.modules.pop(name, None)


def test_every_command() -> None:
    from typer.main import get_command

    from qfloor.cli import ORDER, app

    commands = get_command(app).commands
    assert set(commands) == set(ORDER), "every command has its place in the pipeline's order"
    text = page("cli")
    for name, command in commands.items():
        for full in [f"{name} {sub}" for sub in getattr(command, "commands", {})] or [name]:
            assert f"## `qfloor {full}`" in text, f"qfloor {full} is not in the reference"


def test_every_command_has_an_example_of_itself() -> None:
    from typer.main import get_command

    from qfloor.cli import app

    for name, command in get_command(app).commands.items():
        for sub, inner in (getattr(command, "commands", None) or {"": command}).items():
            full = f"qfloor {name} {sub}".strip()
            said = " ".join((inner.help or "").split())
            assert f"Example: {full}" in said, f"{full} shows no example of itself"


def test_every_metric_has_a_card_and_every_card_a_metric(of_docs) -> None:
    declared = of_docs("cards").declared()
    ours = {p.name for p in entry_points(group="qfloor.scorers") if p.value.startswith("qfloor.")}
    assert set(declared) == ours, "docs/cards.py builds every scorer that is installed with qfloor"
    text = page("metrics")
    for scorer, metrics in declared.items():
        for metric in metrics:
            card = card_of(metric.name)
            assert card is not None, f"{metric.name} has no card in qfloor.scorers.cards"
            assert card.scorer == scorer, metric.name
            shown = metric.name if metric.name in card.metrics else card.metrics[0]
            assert f"`{shown}`" in text, f"{metric.name} is not on the page; run make docs"
    names = [metric.name for metrics in declared.values() for metric in metrics]
    for card in CARDS:
        idle = [p for p in card.metrics if not any(_fits(p, card, n) for n in names)]
        assert idle == [], f"no scorer declares {idle}"


def _fits(pattern: str, card, name: str) -> bool:
    return pattern == name or ("*" in pattern and card.describes(name))


def test_every_card_says_formula_source_and_how_it_misleads() -> None:
    for card in CARDS:
        assert card.says.endswith(".")
        assert card.formula, card.metrics
        assert card.source, card.metrics
        assert card.absent, card.metrics
        assert card.misleads, card.metrics


def test_every_provider() -> None:
    text = page("providers")
    for name in [p.name for p in entry_points(group="qfloor.generators")]:
        if name not in ("painters", "folder", "diffusers"):
            assert f"`{name}`" in text, f"{name} is not in the provider matrix"


def test_every_error() -> None:
    tree, _, table = page("errors").partition("| error |")
    found = [n for n, c in vars(errors).items() if inspect.isclass(c)]
    assert len(found) > 10
    for name in found:
        assert re.search(rf"\b{name}\b", tree), f"{name} is not drawn in the tree of errors"
        assert f"| `{name}` |" in table


def test_every_key_of_every_file(of_docs) -> None:
    keys = of_docs("keys")
    text = page("files")
    for model in keys.models():
        for key in keys.of(model):
            assert f"| `{key.name}` |" in text, f"{model.__name__}: {key.table} {key.name}"


def test_a_key_without_a_meaning_is_found(of_docs) -> None:
    keys = of_docs("keys")
    from pydantic import BaseModel

    class Undocumented(BaseModel):
        name: str = ""

    with pytest.raises(SystemExit, match=r"Undocumented\.name has no text"):
        list(keys.keys(Undocumented))


def test_every_public_name() -> None:
    for name, module in {"python": router, "python-stats": stats}.items():
        for public in module.__all__:
            assert f"| `{public}` |" in page(name), f"{public} is not in {name}.md"


def test_every_table() -> None:
    from qfloor.export import reference

    text = page("quality-db")
    for table in reference.TABLES:
        assert f"## {table.name}\n" in text


def test_every_published_schema_is_that_of_the_code(of_docs) -> None:
    for name, text in of_docs("schemas").schemas().items():
        assert (REFERENCE / name).read_text(encoding="utf-8") == text, f"{name}: run make docs"
        assert f"({name})" in page("schemas")


def test_the_changelog_holds_every_fragment() -> None:
    changelog = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    for fragment in (ROOT / "changelog.d").glob("*.md"):
        first = fragment.read_text(encoding="utf-8").lstrip("-* ").split("\n\n")[0].split()
        assert " ".join(first[:8]) in changelog, f"{fragment.name}: run make docs"


def test_the_citation_is_of_this_version() -> None:
    import yaml

    from qfloor import __version__

    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == __version__
    assert {"cff-version", "message", "title", "authors", "license"} <= set(cited)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["license"] == project["license"]


def test_the_one_command_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page_ in ("CONTRIBUTING.md", "README.md"):
        for command in re.findall(r"make ([a-z ]+)`", (ROOT / page_).read_text(encoding="utf-8")):
            for target in command.split():
                assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page_}: make {target}"


def test_the_pages_that_are_written_by_commands_are_kept_in_step() -> None:
    """`make check` looks at every page with a block; a page that is not in its list would rot."""
    listed = re.search(r"^PAGES := (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert listed is not None
    checked = {path for pattern in listed[1].split() for path in ROOT.glob(pattern)}
    everywhere = {*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("prompts/*.md")}
    mark = "[[[" + "cog"
    with_blocks = {path for path in everywhere if mark in path.read_text("utf-8")}
    assert {Path(p).relative_to(ROOT) for p in with_blocks - checked} == set()


def test_the_python_page_has_signatures_in_the_repository_and_docstrings_on_the_site(
    of_docs,
) -> None:
    written = page("python")
    for name in router.__all__:
        thing = getattr(router, name)
        assert f"### {name}\n\n```python\n" in written, name
        if inspect.isfunction(thing) or name in ("Need", "Policy", "OfferHealth"):
            shown = written.partition(f"### {name}\n")[2].partition("-->")[0]
            for parameter in inspect.signature(thing).parameters:
                assert re.search(rf"\b{parameter}: ", shown), f"{name}: {parameter}"
    assert "- `max_price_usd` (" in written
    hooks = of_docs("hooks")
    site = hooks._TWICE.sub(r"\1", written)
    assert "in the repository" not in site
    assert "max_price_usd" not in site
    assert site.count("\n::: ") == written.count("\n::: ") > len(router.__all__)
