"""What adapters declare of themselves is well formed, and each of them is thin."""

from __future__ import annotations

import importlib
import json
import pkgutil
import tomllib
from pathlib import Path

import pytest
from generators.providers.play import ask

from qfloor.generators import providers
from qfloor.generators.http.asking import Ask
from qfloor.generators.http.families import ratio_of
from qfloor.generators.http.generator import HttpGenerator

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted(m.name for m in pkgutil.iter_modules(providers.__path__))


def adapters() -> dict[str, type[HttpGenerator]]:
    found = {}
    for name in MODULES:
        module = importlib.import_module(f"{providers.__name__}.{name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, HttpGenerator) and value.PROVIDER:
                found[value.PROVIDER] = value
    return found


def test_every_adapter_is_a_plugin_under_its_own_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    points = project["entry-points"]["qfloor.generators"]
    ours = {name: f"{cls.__module__}:{cls.__name__}" for name, cls in adapters().items()}
    assert len(ours) == len(MODULES) == 19
    assert ours.items() <= points.items()


@pytest.mark.parametrize("name", MODULES)
def test_an_adapter_is_thin(name: str) -> None:
    lines = (ROOT / "src/qfloor/generators/providers" / f"{name}.py").read_text().splitlines()
    assert len(lines) <= 200


@pytest.mark.parametrize("provider", adapters())
def test_families_say_what_can_be_built_by(provider: str) -> None:
    cls = adapters()[provider]
    assert cls.FAMILIES
    for family in cls.FAMILIES:
        assert family.name
        assert list(family.durations or ()) == sorted(set(family.durations or ()))
        assert all(ratio_of(ratio) > 0 for ratio in family.ratios or ())
        assert family.lookup == hasattr(cls, "lookup")
        assert family.cancel in (False, hasattr(cls, "cancel"))
        assert family.flow == "sync" or cls.STATES or cls.standing is not HttpGenerator.standing
    assert all(shape.reason != "ok" for shape in cls.SHAPES)


EVERYTHING = {
    "steps": 41, "guidance": 4.25, "quality": "qqq", "resolution": "720p", "audio": True,
    "own_word": "www",
}  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "number"),
    [(name, i) for name, cls in adapters().items() for i in range(len(cls.FAMILIES))],
)
def test_whatever_is_asked_of_a_family_is_sent_or_recorded(
    provider: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    cls = adapters()[provider]
    family = cls.FAMILIES[number]
    request = ask(
        "a/b", modality=family.modality, negative="uglyugly", aspect_ratio="21:9",
        settings=EVERYTHING, seconds=5 if family.modality == "video" else None,
    )  # fmt: skip
    generator = cls([request.offer], tmp_path, base_url="http://127.0.0.1:9")
    asked = Ask(request, family)
    call = generator.call(asked)
    sent = json.dumps(call.json or call.form)
    marks = {"negative": "uglyugly", "own_word": "www", "quality": "qqq", "steps": "41",
             "guidance": "4.25"}  # fmt: skip
    recorded = json.dumps(asked.about())
    for name, mark in marks.items():
        assert (mark in sent) != (mark in recorded), name
    assert "audio" in asked.dropped or "true" in sent.lower() or '"on"' in sent
    spelt = ("720p", "720P", ":720", "720:", "1470:630")
    assert "resolution" in asked.dropped or any(word in sent for word in spelt)
    if family.modality == "image" and family.ratios:
        wide = any(r in sent for r in family.ratios)
        assert wide or "aspect_ratio" in recorded
