"""A package that is merely installed takes part, by the names of its entry points."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from qfloor import plugins
from qfloor.errors import PluginError
from qfloor.generate import generate
from qfloor.generators.protocol import Request
from qfloor.media import load_pixels
from qfloor.records import Offer, PluginSpec, Prompt, Status
from qfloor.scorers.protocol import Item
from qfloor.store import Store
from qfloor.testing import check_generator, check_scorer

HERE = Path(__file__).parent
PROMPTS = [Prompt(id=f"p{i}", text=f"board {i}", category="general") for i in range(3)]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """What `pip install tests/plugin` leaves behind, without pip: the package and its metadata."""
    import tomllib

    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    metadata = tmp_path / "qfloor_plugin_example-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in points.items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(HERE / "src"))
    yield
    sys.modules.pop("qfloor_plugin_example", None)


def offer_of(spec: PluginSpec) -> Offer:
    return Offer(id="example/board@8", model="board", provider="example", generator=spec)


def test_installed_plugins_are_found_by_name(installed, tmp_path):
    assert "checkerboard" in plugins.installed("qfloor.generators")
    bought = offer_of(PluginSpec(name="checkerboard", args={"squares": 4}))
    with Store.open(tmp_path / "w", create=True) as store:
        result = generate(PROMPTS, [bought], store=store, round="r1")
        assert result.counts == {Status.MADE: 3}
        scorer = plugins.build_scorer(PluginSpec(name="brightness"))
        outputs = list(store.outputs_of())
        items = [
            Item(output_id=o.id, prompt=PROMPTS[i], media_type=o.media_type,
                 inputs={"pixels": load_pixels(store.media_path(o.media_sha256))})
            for i, o in enumerate(outputs)
        ]  # fmt: skip
        values = [row.value for (row,) in scorer.score(items)]
        assert all(0.2 < v < 0.8 for v in values)


def test_what_is_installed_meanwhile_is_found_and_what_is_gone_is_not(installed, tmp_path):
    assert "checkerboard" in plugins.installed("qfloor.generators")
    plugins.installed("qfloor.generators").clear()  # the caller's own
    named = tmp_path / "qfloor_plugin_example-0.1.0.dist-info"
    named.rename(tmp_path / "elsewhere")
    assert "checkerboard" not in plugins.installed("qfloor.generators")
    (tmp_path / "elsewhere").rename(named)
    assert {"checkerboard", "painters"} <= set(plugins.installed("qfloor.generators"))


def test_module_and_attribute_will_do(installed, tmp_path):
    spec = PluginSpec(name="qfloor_plugin_example:CheckerboardGenerator", args={"squares": 2})
    assert plugins.build_generator(spec, [offer_of(spec)], tmp_path / "s").squares == 2


def test_wrong_names_and_arguments_are_one_sentence(installed, tmp_path):
    with pytest.raises(PluginError, match="did you mean 'checkerboard'"):
        plugins.build_generator(PluginSpec(name="chekerboard"), [], tmp_path)
    told = "does not take these arguments: .*; they stand in generator_args of its file of offers"
    with pytest.raises(PluginError, match=told):
        plugins.build_generator(PluginSpec(name="checkerboard", args={"size": 2}), [], tmp_path)
    with pytest.raises(PluginError, match="cannot be imported"):
        plugins.build_generator(PluginSpec(name="qfloor_plugin_example:Nothing"), [], tmp_path)


def test_it_keeps_our_contracts(installed):
    from qfloor_plugin_example import BrightnessScorer, CheckerboardGenerator

    bought = offer_of(PluginSpec(name="checkerboard"))
    check_generator(
        CheckerboardGenerator,
        [Request(key=p.id, prompt=p, offer=bought, repeat=0, round="r", seed=1) for p in PROMPTS],
    )
    rng = np.random.default_rng(0)
    items = [
        Item(output_id=p.id, prompt=p, media_type="image/png",
             inputs={"pixels": rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)})
        for p in PROMPTS
    ]  # fmt: skip
    check_scorer(BrightnessScorer, items)


@pytest.mark.parametrize("broken", ["no_such_module:X", "qfloor.prices:Nope"])
def test_a_broken_plugin_is_named_in_one_sentence(monkeypatch, broken):
    from importlib.metadata import EntryPoint

    from qfloor import plugins
    from qfloor.errors import PluginError
    from qfloor.generators.catalogue import catalogue

    point = EntryPoint("broken", broken, "qfloor.generators")
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point])
    monkeypatch.setattr(plugins, "_installed", plugins._installed.__wrapped__)  # nothing is kept
    catalogue.cache_clear()
    with pytest.raises(PluginError, match="'broken'"):
        catalogue()
    with pytest.raises(PluginError, match="'broken'"):
        plugins.build_generator(PluginSpec(name="broken"), [], Path("unused"))
