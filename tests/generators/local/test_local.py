"""Local pipelines: what is asked of them, whose turn it is, and tiny ones drawn for real."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import pipelines
from PIL import Image

from qfloor.errors import SetupError
from qfloor.generate import generate
from qfloor.generators.local import DiffusersGenerator
from qfloor.generators.local.asking import ask
from qfloor.generators.local.weights import digest_of_folder
from qfloor.generators.protocol import Ended, Request
from qfloor.media import stream_clip
from qfloor.records import Offer, PluginSpec, Prompt, Status
from qfloor.store import Store
from qfloor.testing import check_generator

needs_local = pytest.mark.skipif(
    any(importlib.util.find_spec(m) is None for m in ("torch", "diffusers", "transformers")),
    reason="needs the local extra: pip install 'qfloor[local]'",
)
SETTINGS = {"size": "32x32", "steps": 2, "guidance": 0.0, "max_sequence_length": 48}


def offer(model: Path | str, name: str = "tiny", modality: str = "image", **settings: Any) -> Offer:
    return Offer(
        id=f"local/{name}", model=str(model), provider="local", modality=modality,  # type: ignore[arg-type]
        settings=settings, generator=PluginSpec(name="diffusers"),
    )  # fmt: skip


def request(of: Offer, text: str = "a red cube", seed: int = 1, **told: Any) -> Request:
    prompt = Prompt(id="p", text=text, category="portrait", modality=of.modality, **told)
    return Request(key=f"k{seed}", prompt=prompt, offer=of, repeat=0, round="r1", seed=seed)


def draw(generator: DiffusersGenerator, asked: Request) -> Ended:
    async def whole() -> Ended:
        taken = await generator.submit(asked)
        return await generator.collect(taken.job)

    return asyncio.run(whole())


def pixels(ended: Ended) -> np.ndarray:
    assert ended.artifact is not None, ended
    assert ended.artifact.content is not None
    return np.asarray(Image.open(io.BytesIO(ended.artifact.content)))


class Pipe:
    """What `ask` looks at of a pipeline."""

    default_sample_size = 64
    vae_scale_factor = 8
    vae_scale_factor_temporal = 4

    def __call__(
        self, prompt: str, num_inference_steps: int = 0, guidance_scale: float = 0.0,
        width: int = 0, height: int = 0, num_frames: int = 0, generator: Any = None,
    ) -> None:  # fmt: skip
        """Draw nothing."""


@pytest.mark.parametrize(
    ("settings", "told", "arguments"),
    [
        ({"size": "64x48"}, {}, {"width": 64, "height": 48}),
        ({"size": "50x50"}, {}, {"width": 48, "height": 48}),
        ({"width": 32, "height": 64, "steps": 4}, {}, {"width": 32, "num_inference_steps": 4}),
        ({}, {"aspect_ratio": "2:1"}, {"width": 720, "height": 368}),
        ({"size": "64x64"}, {"aspect_ratio": "2:1"}, {"width": 64, "height": 64}),
        ({"size": 64}, {}, {"width": 64, "height": 64}),
        ({"size": 64}, {"aspect_ratio": "4:1"}, {"width": 128, "height": 32}),
    ],
)
def test_settings_win_and_sizes_are_what_can_be_made(
    settings: dict[str, Any], told: dict[str, Any], arguments: dict[str, Any]
) -> None:
    asked = ask(request(offer("x", **settings), **told), Pipe())
    assert asked.arguments.items() >= arguments.items()


def test_what_a_pipeline_does_not_take_is_dropped_and_told() -> None:
    asked = ask(request(offer("x", size="50x50", shine=3), negative="blur"), Pipe())
    assert sorted(asked.dropped) == ["negative_prompt", "shine"]
    assert asked.adjusted == {"size": {"asked": [50, 50], "made": [48, 48]}}


@pytest.mark.parametrize(
    ("settings", "seconds", "frames"),
    [({"fps": 8}, 2.0, 17), ({"fps": 8, "seconds": 1}, 2.0, 9), ({"frames": 10}, None, 9)],
)
def test_a_clip_has_whole_steps_and_one_frame(
    settings: dict[str, Any], seconds: float | None, frames: int
) -> None:
    asked = ask(request(offer("x", modality="video", **settings), seconds=seconds), Pipe())
    assert asked.arguments["num_frames"] == frames


@pytest.mark.parametrize("settings", [{"size": "big"}, {"width": -1, "height": 8}, {"fps": 2.5}])
def test_a_setting_that_is_no_size_is_told(settings: dict[str, Any]) -> None:
    with pytest.raises(SetupError, match="setting"):
        ask(request(offer("x", modality="video", **settings)), Pipe())


def test_who_fits_the_loaded_pipeline_goes_first(tmp_path: Path) -> None:
    """Four requests for two pipelines: loaded once each, not four times."""
    offers = [offer("a", "a"), offer("b", "b")]
    made: list[str] = []

    class Turns(DiffusersGenerator):
        def _make(self, request: Request, loading: Any, waited: float) -> Ended:
            made.append(loading.model)
            self._loaded = (loading, None)  # type: ignore[assignment]
            return Ended(reason="capacity")

    async def run() -> None:
        generator = Turns(offers, tmp_path)
        jobs = [(await generator.submit(request(o, seed=i))).job
                for i, o in enumerate([*offers, *offers, *offers])]  # fmt: skip
        tasks = [asyncio.create_task(generator.collect(job)) for job in jobs]
        await asyncio.sleep(0)
        tasks[3].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
    assert made == ["a", "a", "a", "b", "b"]


def test_a_digest_follows_the_bytes_and_is_remembered(tmp_path: Path) -> None:
    folder, memory = tmp_path / "w", tmp_path / "state" / "weights.json"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"one")
    (folder / "README.md").write_text("no weights")
    first = digest_of_folder(folder, memory)
    assert digest_of_folder(folder, memory) == first == digest_of_folder(folder, tmp_path / "m")
    (folder / "README.md").write_text("still none")
    assert digest_of_folder(folder, memory) == first
    (folder / "model.safetensors").write_bytes(b"two!")
    assert digest_of_folder(folder, memory) != first


def test_what_is_not_there_stops_the_offer_in_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("diffusers")
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder, words in ((tmp_path / "no", "save it there first"), (empty, "cannot be loaded")):
        of = offer(folder)
        ended = draw(DiffusersGenerator([of], tmp_path / "state"), request(of))
        assert ended.reason == "invalid_request"
        assert words in ended.detail
        assert "\n" not in ended.detail
    with pytest.raises(SetupError, match="dtype"):
        DiffusersGenerator([], tmp_path, dtype="int3")


@pytest.fixture(scope="session")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pipelines.flux(tmp_path_factory.mktemp("flux"))


@needs_local
def test_the_same_seed_is_the_same_picture_and_another_is_another(
    flux: Path, tmp_path: Path
) -> None:
    of = offer(flux, **SETTINGS)
    generator = DiffusersGenerator([of], tmp_path)
    first, again, other = (draw(generator, request(of, seed=s)) for s in (1, 1, 2))
    assert pixels(first).shape == (32, 32, 3)
    assert (pixels(first) == pixels(again)).all()
    assert (pixels(first) != pixels(other)).any()
    assert first.report["arguments"]["num_inference_steps"] == 2
    assert first.model_version is not None
    assert first.model_version.startswith("weights:")
    assert (first.charged, first.amount_nanousd) == ("no", 0)


@needs_local
def test_an_adapter_is_another_offer_with_another_version(flux: Path, tmp_path: Path) -> None:
    pytest.importorskip("peft")
    lora = pipelines.flux_lora(tmp_path / "lora")
    plain, tuned = offer(flux, **SETTINGS), offer(flux, "tuned", **SETTINGS, lora=str(lora))
    generator = DiffusersGenerator([plain, tuned], tmp_path / "state")
    one, two, back = (draw(generator, request(of)) for of in (plain, tuned, plain))
    assert (pixels(one) != pixels(two)).any()
    assert (pixels(one) == pixels(back)).all()
    assert one.model_version != two.model_version
    assert two.model_version is not None
    assert "lora:" in two.model_version


@needs_local
def test_it_keeps_what_every_generator_promises(flux: Path) -> None:
    of = offer(flux, **SETTINGS)
    check_generator(functools.partial(DiffusersGenerator, device="cpu"), [request(of, seed=3)])


@needs_local
def test_clips_go_through_the_driver_into_the_store(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wan = pipelines.wan(tmp_path_factory.mktemp("wan"))
    of = offer(wan, "wan", "video", size="16x16", steps=2, fps=8, frames=9, max_sequence_length=48)
    asked = [Prompt(id="p", text="a red cube turns", category="video", modality="video")]
    with Store.open(tmp_path / "w", create=True) as store:
        result = generate(asked, [of], store=store, round="r1", repeats=2)
        assert sum(result.counts.values()) == 2
        rows = list(store.outputs_of(round="r1"))
        assert {row.status for row in rows} <= {Status.MADE, Status.BLANK}
        for row in rows:
            assert row.media_sha256 is not None
            clip = stream_clip(store.media_path(row.media_sha256))
            assert len(clip) == 9
        assert result.spent_nanousd == 0
