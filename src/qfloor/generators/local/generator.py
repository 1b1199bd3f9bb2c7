"""Local pipelines as a generator: seeded, one at a time, and free to be asked again.

Requests of several offers come at once while memory holds one pipeline, so those for the loaded
one go first. Nothing is bought here: a job is a function of its request, and one that was cut off
is simply drawn again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfloor.errors import SetupError
from qfloor.generators.local.asking import Asked, ask
from qfloor.generators.local.weights import digest_of_folder
from qfloor.generators.protocol import Accepted, Artifact, Ended, Ready, Request
from qfloor.media import write_png, write_webm
from qfloor.records import Offer, Prompt

CLIP_CRF = 8
"""Of VP9: what is written is judged, and the codec is not what is on sale."""

_DTYPES = ("auto", "float32", "float16", "bfloat16")


@dataclass(frozen=True)
class Loading:
    """What has to be loaded for an offer; equal for offers that share it."""

    model: str
    revision: str | None
    lora: str | None
    lora_scale: float

    @classmethod
    def of(cls, offer: Offer) -> Loading:
        """Read it from an offer: its endpoint or model, version, and adapter."""
        lora = offer.settings.get("lora")
        return cls(
            model=str(offer.settings.get("endpoint") or offer.model),
            revision=offer.version,
            lora=None if lora is None else str(lora),
            lora_scale=float(offer.settings.get("lora_scale", 1.0)),
        )


@dataclass(frozen=True)
class Loaded:
    """A pipeline in memory, and which weights it has."""

    pipeline: Any
    device: str
    dtype: str
    version: str


class DiffusersGenerator:
    """Draws with a diffusers pipeline: a folder saved by it, or a name on the hub.

    Parameters
    ----------
    offers : sequence of Offer
        ``settings`` that count: steps, guidance, size (or width and height), seconds, fps,
        frames, lora and lora_scale; others are passed to the pipeline's call by name.
    state_dir : Path
        Remembers digests of weights.
    device : str
        ``auto`` takes a GPU where there is one.
    dtype : {"auto", "float32", "float16", "bfloat16"}
        ``auto`` is bfloat16 on a GPU and float32 otherwise.

    Raises
    ------
    SetupError
        When an argument is not valid.
    """

    alone: Mapping[str, Any] = {}

    def __init__(
        self, offers: Sequence[Offer], state_dir: Path, device: str = "auto", dtype: str = "auto"
    ) -> None:
        if dtype not in _DTYPES:
            raise SetupError(f"dtype is {dtype!r}, must be one of {', '.join(_DTYPES)}")
        self._offers = {offer.id: offer for offer in offers}
        self._state_dir, self.device, self._dtype = Path(state_dir), device, dtype
        self._loaded: tuple[Loading, Loaded] | None = None
        self._waiting: list[tuple[Loading, asyncio.Future[None]]] = []
        self._busy = False

    async def submit(self, request: Request) -> Accepted:
        """Take a request; drawing is left to `collect`, which anyone may repeat."""
        return Accepted(job=_job(request))

    async def lookup(self, request: Request) -> Accepted:
        """A job is a function of its request, so every key is known."""
        return Accepted(job=_job(request))

    async def poll(self, job: Mapping[str, Any]) -> Ready:
        """Always ready to be drawn."""
        return Ready()

    async def collect(self, job: Mapping[str, Any]) -> Ended:
        """Draw a job when it is its turn; the same job gives the same picture."""
        offer = self._offers.get(str(job["offer"]))
        if offer is None:
            return _ended("invalid_request", f"the offer {job['offer']!r} is not here any more")
        request = Request(
            key=job["key"], prompt=Prompt(**job["prompt"]), offer=offer, repeat=job["repeat"],
            round=job["round"], seed=job["seed"],
        )  # fmt: skip
        asked_at = time.monotonic()
        try:
            loading = Loading.of(offer)
            await self._turn(loading)
            try:
                waited = time.monotonic() - asked_at
                return await asyncio.to_thread(self._make, request, loading, waited)
            finally:
                self._pass_on()
        except SetupError as error:
            return _ended("invalid_request", str(error))

    async def close(self) -> None:
        """Let go of the pipeline's memory."""
        self._loaded = None

    # -- whose turn it is ----------------------------------------------------------------------

    async def _turn(self, loading: Loading) -> None:
        if not self._busy:
            self._busy = True
            return
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (loading, ready)
        self._waiting.append(entry)
        try:
            await ready
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
            elif ready.done() and not ready.cancelled():
                self._pass_on()  # the turn came and nobody is there to take it
            raise

    def _pass_on(self) -> None:
        """Let the next go: one for the loaded pipeline, else who has waited longest."""
        loaded = None if self._loaded is None else self._loaded[0]
        order = sorted(range(len(self._waiting)), key=lambda i: (self._waiting[i][0] != loaded, i))
        for i in order:
            _, ready = self._waiting[i]
            if not ready.done():
                del self._waiting[i]
                ready.set_result(None)
                return
        self._busy = False

    # -- drawing ---------------------------------------------------------------------------------

    def _make(self, request: Request, loading: Loading, waited: float) -> Ended:
        loaded = self._pipeline(loading)
        import torch

        asked = ask(request, loaded.pipeline)
        seed = request.seed % 2**63
        asked.arguments["generator"] = torch.Generator("cpu").manual_seed(seed)
        started = time.monotonic()
        try:
            with torch.inference_mode():
                made = loaded.pipeline(**asked.arguments)
        except torch.OutOfMemoryError as error:
            return _ended("capacity", f"out of memory: {error}")
        except (ValueError, TypeError, RuntimeError) as error:
            return _ended("invalid_request", f"{type(error).__name__}: {error}")
        seconds = time.monotonic() - started
        if any(getattr(made, "nsfw_content_detected", None) or ()):
            return _ended("refused_output", "the pipeline's own safety checker took it away")
        return Ended(
            reason="ok",
            artifact=_artifact(made, asked),
            charged="unknown" if request.offer.price else "no",
            amount_nanousd=None if request.offer.price else 0,
            seconds_run=seconds,
            seconds_queue=waited,
            model_version=loaded.version,
            report=_report(loaded, asked, seed),
        )

    def _pipeline(self, loading: Loading) -> Loaded:
        if self._loaded is not None and self._loaded[0] == loading:
            return self._loaded[1]
        self._loaded = None  # before the next one is loaded: memory holds one
        loaded = self._load(loading)
        self._loaded = (loading, loaded)
        return loaded

    def _load(self, loading: Loading) -> Loaded:
        """Load a pipeline; what stands in the way is told in one sentence."""
        try:
            from qfloor import torchvision_shim

            torchvision_shim.prepare()
            import torch
            from diffusers import DiffusionPipeline
        except ImportError as error:
            raise SetupError(
                f"a local pipeline needs the extra: pip install 'qfloor[local]' ({error})"
            ) from error
        _refuse_missing(loading)
        device = self.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = self._dtype
        if dtype == "auto":
            dtype = "bfloat16" if device.startswith("cuda") else "float32"
        pipelines: Any = DiffusionPipeline
        try:
            pipeline = pipelines.from_pretrained(
                loading.model, revision=loading.revision, dtype=getattr(torch, dtype)
            )
            if loading.lora is not None:
                pipeline.load_lora_weights(loading.lora, adapter_name="own")
                pipeline.set_adapters(["own"], [loading.lora_scale])
            pipeline.to(device)
        except (OSError, ValueError, ImportError, RuntimeError, KeyError) as error:
            adapter = f" with adapter {loading.lora!r}" if loading.lora else ""
            said = " ".join(str(error).split())[:300]
            raise SetupError(
                f"the pipeline {loading.model!r}{adapter} cannot be loaded: {said}"
            ) from error
        pipeline.set_progress_bar_config(disable=True)
        return Loaded(pipeline, device, dtype, self._version(loading))

    def _version(self, loading: Loading) -> str:
        """Digests of what lies on this disk; of what came from the hub, its revision."""
        memory = self._state_dir / "weights.json"
        parts = []
        for name, folder in (("weights", loading.model), ("lora", loading.lora)):
            if folder is None:
                continue
            if Path(folder).exists():
                parts.append(f"{name}:{digest_of_folder(Path(folder), memory)[:16]}")
            else:
                parts.append(f"{name}:{folder}@{loading.revision or 'not pinned'}")
        if loading.lora is not None and loading.lora_scale != 1.0:
            parts.append(f"scale:{loading.lora_scale:g}")
        return " ".join(parts)


def _refuse_missing(loading: Loading) -> None:
    """A path that is not there would be looked for on the hub, and the error would be about it."""
    for name in filter(None, (loading.model, loading.lora)):
        is_path = Path(name).is_absolute() or name.startswith((".", "~")) or name.count("/") > 1
        if is_path and not Path(name).exists():
            raise SetupError(f"there is no pipeline or adapter at {name!r}; save it there first")


def _job(request: Request) -> dict[str, Any]:
    prompt = request.prompt
    return {
        "key": request.key, "offer": request.offer.id, "repeat": request.repeat,
        "round": request.round, "seed": request.seed,
        "prompt": {
            "id": prompt.id, "text": prompt.text, "category": prompt.category,
            "modality": prompt.modality, "negative": prompt.negative,
            "aspect_ratio": prompt.aspect_ratio, "seconds": prompt.seconds,
        },
    }  # fmt: skip


def _ended(reason: str, detail: str) -> Ended:
    return Ended(reason=reason, detail=detail, charged="no", amount_nanousd=0)


def _artifact(made: Any, asked: Asked) -> Artifact:
    import numpy as np

    if asked.fps is None:
        pixels = np.asarray(made.images[0].convert("RGB"), dtype=np.uint8)
        return Artifact(content=write_png(pixels), media_type="image/png")
    frames = made.frames[0]
    shown = [
        np.round(np.clip(np.nan_to_num(frame), 0.0, 1.0) * 255).astype(np.uint8)
        if isinstance(frame, np.ndarray)
        else np.asarray(frame.convert("RGB"), dtype=np.uint8)
        for frame in frames
    ]
    height, width = shown[0].shape[:2]
    return Artifact(
        content=write_webm(shown, width, height, asked.fps, crf=CLIP_CRF), media_type="video/webm"
    )


def _report(loaded: Loaded, asked: Asked, seed: int) -> dict[str, Any]:
    import diffusers
    import torch

    plain = {k: v for k, v in asked.arguments.items() if k not in ("prompt", "generator")}
    told = {
        "pipeline": type(loaded.pipeline).__name__,
        "arguments": plain,
        "seed_sent": seed,
        "device": loaded.device,
        "dtype": loaded.dtype,
        "runtime": f"diffusers {diffusers.__version__}, torch {torch.__version__}",
        "fps": asked.fps,
        "dropped_params": asked.dropped,
        "adjusted": asked.adjusted,
    }
    return {name: value for name, value in told.items() if value not in (None, [], {})}
