"""From a request to the arguments of a pipeline's call.

An offer's settings win over the prompt's wishes, for they are what is judged. What a pipeline
has no argument for is dropped and told; sizes and numbers of frames are moved to the nearest
ones that it can make, and that is told too.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qfloor.errors import SetupError
from qfloor.generators.protocol import Request

DEFAULT_FPS = 16
_MULTIPLE = 16  # latents of 8 pixels, patched by 2
_WORDS = {"steps": "num_inference_steps", "guidance": "guidance_scale"}
_SPENT = frozenset(
    ("endpoint", "size", "width", "height", "aspect_ratio", "seconds", "fps", "frames", "lora",
     "lora_scale", "area")
)  # fmt: skip


@dataclass(kw_only=True)
class Asked:
    """The arguments of a call, frames per second of a clip, and what became of the rest."""

    arguments: dict[str, Any]
    fps: int | None = None
    dropped: list[str] = field(default_factory=list)
    adjusted: dict[str, Any] = field(default_factory=dict)


def ask(request: Request, pipeline: Any) -> Asked:
    """Word a request for a pipeline; everything but its random generator.

    Parameters
    ----------
    request : Request
    pipeline : DiffusionPipeline
        Its call's signature says what it takes.

    Returns
    -------
    Asked

    Raises
    ------
    SetupError
        When a setting is no number where one is needed.
    """
    takes = frozenset(inspect.signature(pipeline.__call__).parameters)
    settings, prompt = request.offer.settings, request.prompt
    asked = Asked(arguments={"prompt": prompt.text})
    wishes: dict[str, Any] = {_WORDS.get(k, k): v for k, v in settings.items() if k not in _SPENT}
    if prompt.negative is not None:
        wishes["negative_prompt"] = prompt.negative
    wishes |= _shape(request, pipeline, asked)
    if prompt.modality == "video":
        wishes |= _length(request, pipeline, asked)
    for name, value in wishes.items():
        if name in takes:
            asked.arguments[name] = value
        else:
            asked.dropped.append(name)
    return asked


def _shape(request: Request, pipeline: Any, asked: Asked) -> dict[str, int]:
    """Width and height: as the offer fixes them, else the prompt's shape at the usual area.

    A size that is one number is the side of a square, and the area of other shapes.
    """
    settings = request.offer.settings
    told, side = _size(settings), settings.get("size")
    ratio = _ratio(settings.get("aspect_ratio") or request.prompt.aspect_ratio)
    area = side**2 if isinstance(side, int) else None
    if told is None or (area and ratio):
        if ratio is None:
            return {}
        area = area or _whole(settings, "area") or _usual_area(pipeline)
        if area is None:
            return {}
        told = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
    multiple = _multiple(pipeline)
    made = tuple(max(multiple, round(side / multiple) * multiple) for side in told)
    if made != told:
        asked.adjusted["size"] = {"asked": list(told), "made": list(made)}
    return {"width": made[0], "height": made[1]}


def _length(request: Request, pipeline: Any, asked: Asked) -> dict[str, int]:
    """Frames of a clip: a whole number of the pipeline's steps in time, and one more."""
    settings = request.offer.settings
    asked.fps = _whole(settings, "fps") or DEFAULT_FPS
    frames = _whole(settings, "frames")
    if frames is None:
        seconds = settings.get("seconds", request.prompt.seconds)
        if seconds is None:
            return {}
        frames = max(1, round(float(seconds) * asked.fps))
    step = int(getattr(pipeline, "vae_scale_factor_temporal", 1) or 1)
    made = max(1, round((frames - 1) / step) * step + 1)
    if made != frames:
        asked.adjusted["frames"] = {"asked": frames, "made": made}
    return {"num_frames": made}


def _size(settings: Mapping[str, Any]) -> tuple[int, int] | None:
    if "size" in settings:
        parts = str(settings["size"]).lower().split("x")
        if len(parts) == 1:
            parts = parts * 2
        if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
            raise SetupError(f"setting size is {settings['size']!r}, must be such as 1024x768")
        return int(parts[0]), int(parts[1])
    width, height = _whole(settings, "width"), _whole(settings, "height")
    return None if width is None or height is None else (width, height)


def _whole(settings: Mapping[str, Any], name: str) -> int | None:
    value = settings.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SetupError(f"setting {name} is {value!r}, must be a whole number from 1 on")
    return value


def _ratio(text: str | None) -> float | None:
    if not text:
        return None
    width, _, height = text.partition(":")
    return float(width) / float(height)


def _usual_area(pipeline: Any) -> int | None:
    side = getattr(pipeline, "default_sample_size", None)
    scale = getattr(pipeline, "vae_scale_factor", None)
    return None if side is None or scale is None else int(side * scale) ** 2


def _multiple(pipeline: Any) -> int:
    scale = getattr(pipeline, "vae_scale_factor", None) or 8
    scale = getattr(pipeline, "vae_scale_factor_spatial", None) or scale
    return min(_MULTIPLE, 2 * int(scale))
