"""The towers of a CLIP at a chosen precision: prepared rows in, raw vectors out.

    fp32   torch, as the weights are; the reference the others are measured against
    bf16   torch in bfloat16: half the bytes and, where the processor has it, twice the speed
    int8   onnxruntime: matrix products on bytes, see `int8`; texts as bf16

A tower never changes what a metric means, only how exactly it is computed; which one ran stands
in the metric's execution, and `parity` measures the error on the user's own pictures.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qfloor.errors import PluginError
from qfloor.extras import version_of
from qfloor.records import digest_of
from qfloor.scorers.clip import int8
from qfloor.scorers.weights import cache_dir

if TYPE_CHECKING:
    import torch

Precision = Literal["fp32", "bf16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "int8")
Tower = Callable[["torch.Tensor"], "torch.Tensor"]

_RECIPE = 2  # counts changes of `int8` that move numbers
_VNNI = frozenset({"avx512_vnni", "avx_vnni"})
_AMX = "amx_bf16"
_exporting = threading.Lock()  # an export switches settings of the whole process


def describe(precision: Precision, device: str, chunk: int) -> dict[str, Any]:
    """Return the execution part of a metric's identity."""
    runtime = f"torch {version_of('torch')}"
    rows: int | str = chunk if device == "cpu" else f"up to {chunk}"
    if precision == "fp32":
        return {"dtype": "float32", "device": device, "runtime": runtime, "chunk": rows}
    if precision == "bf16":
        return {"dtype": "bfloat16", "device": device, "runtime": runtime, "chunk": rows}
    flags = _processor_flags()
    saturates = "sse4_1" in flags and not flags & _VNNI
    return {
        "dtype": {"image": int8.RECIPE, "text": _text_dtype()},
        "device": device,
        "runtime": {"image": f"onnxruntime {version_of('onnxruntime')}", "text": runtime},
        "chunk": chunk,
        "recipe": _RECIPE,
        # x86 without VNNI adds pairs of products in 16 bits, which overflow: other numbers
        **({"products": "saturating"} if saturates else {}),
    }


def check(precision: Precision, device: str) -> None:
    """Refuse what this machine cannot compute.

    Raises
    ------
    PluginError
        When the precision has no such name, cannot run on the device or lacks a package.
    """
    if precision not in PRECISIONS:
        raise PluginError(f"precision {precision!r} is none of {', '.join(PRECISIONS)}, auto")
    if precision != "int8":
        return
    if device != "cpu":
        raise PluginError("precision 'int8' runs on a CPU only; on a GPU choose 'bf16'")
    for package in ("onnx", "onnxruntime"):
        if version_of(package) == "none":
            raise PluginError(
                f"precision 'int8' needs {package}, which is not installed; "
                f"pip install 'qfloor[fast]', or choose precision 'bf16' or 'fp32'"
            )


def best_precision(device: str) -> Precision:
    """Return the fastest precision for a device: what ``precision = "auto"`` stands for.

    A GPU computes in bfloat16, and so does a CPU with matrix units for it (AMX), on which int8
    is slower as well as coarser. Another CPU computes in int8 where it has the instructions
    (VNNI) and the packages are there, in bfloat16 where it has those, and in float32 otherwise.
    """
    if device != "cpu":
        return "bf16"
    flags = _processor_flags()
    packages = version_of("onnx") != "none" and version_of("onnxruntime") != "none"
    if packages and flags & _VNNI and _AMX not in flags:
        return "int8"
    return "bf16" if _computes_bf16(flags) else "fp32"


def image_tower(
    model: Any, precision: Precision, size: int, rows: int, weights: Mapping[str, str]
) -> Tower:
    """Return the image tower.

    Parameters
    ----------
    model : torch.nn.Module
        An open_clip model in float32.
    precision : {"fp32", "bf16", "int8"}
    size : int
        Side of its pictures, in pixels.
    rows : int
        How many pictures every forward has.
    weights : mapping of str to str
        Digests of its files: the exported int8 tower is kept under them.
    """
    if precision == "int8":
        return _int8_tower(model, size, rows, weights)
    dtype = _dtype(precision)
    own = model if precision == "fp32" else _copy_in(model, dtype)
    return lambda pixels: own.encode_image(pixels.to(dtype))


def text_tower(model: Any, precision: Precision) -> Tower:
    """Return the text tower; int8 reads texts in bfloat16, or float32 on older processors."""
    dtype = _text_dtype() if precision == "int8" else str(_dtype(precision)).split(".")[-1]
    if dtype == "float32":
        return lambda tokens: model.encode_text(tokens)
    own = _copy_in(model, _dtype("bf16"))
    return lambda tokens: own.encode_text(tokens)


def _dtype(precision: Precision) -> Any:
    import torch

    return torch.bfloat16 if precision == "bf16" else torch.float32


def _copy_in(model: Any, dtype: Any) -> Any:
    import copy

    return copy.deepcopy(model).to(dtype)


@cache
def _text_dtype() -> str:
    return "bfloat16" if _computes_bf16(_processor_flags()) else "float32"


def _computes_bf16(flags: frozenset[str]) -> bool:
    return bool(flags & {"avx512_bf16", _AMX})


@cache
def _processor_flags() -> frozenset[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux: what is not known is not assumed
        return frozenset()
    line = next((row for row in text.splitlines() if row.startswith("flags")), "")
    return frozenset(line.partition(":")[2].split())


def _int8_tower(model: Any, size: int, rows: int, weights: Mapping[str, str]) -> Tower:
    """Export and open; a kept file that cannot be opened is damaged, and is written once more."""
    path = _kept(size, rows, weights)
    try:
        if path.is_file():
            with contextlib.suppress(Exception):
                return _session(path)
        _export(model, size, rows, path)
        return _session(path)
    except Exception as error:  # torch's exporter, onnx, onnxruntime and the disk raise their own
        said = " ".join(str(error).split())[:300]
        raise PluginError(
            f"the int8 tower {path} cannot be made ({type(error).__name__}: {said}); choose "
            f"precision 'bf16' or 'fp32'"
        ) from error


def _session(path: Path) -> Tower:
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # lanes run several forwards side by side
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # its GELU with the bias drawn in takes longer than the two apart (measured)
    session = onnxruntime.InferenceSession(
        str(path), options, ["CPUExecutionProvider"], disabled_optimizers=["BiasGeluFusion"]
    )

    def tower(pixels: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(session.run(None, {"pixels": pixels.contiguous().numpy()})[0])

    return tower


def _kept(size: int, rows: int, weights: Mapping[str, str]) -> Path:
    """Return where the int8 tower of these weights, this recipe and these packages is kept."""
    packages = ("torch", "onnxruntime", "onnx", "open_clip_torch", "timm")
    versions = [version_of(package) for package in packages]
    recipe = [dict(weights), size, rows, int8.RECIPE, _RECIPE, *versions]
    return cache_dir() / "int8" / f"{digest_of(recipe, 32)}.onnx"


def _export(model: Any, size: int, rows: int, path: Path) -> None:
    """Write the int8 tower; no reader ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="export-") as folder, exporting():
        # beyond 2 GB the exporter writes weights into files of their own beside the draft
        draft, quantised = Path(folder) / "tower.onnx", Path(folder) / "int8.onnx"
        int8.export(model, size, rows, draft)
        int8.quantise(draft, quantised)
        os.replace(quantised, path)


@contextlib.contextmanager
def exporting() -> Iterator[None]:
    """Export without the fused attention (it has no ONNX form) and without the chatter."""
    import logging

    import torch

    with _exporting:
        fast = torch.backends.mha.get_fastpath_enabled()
        logger = logging.getLogger()
        level = logger.level
        torch.backends.mha.set_fastpath_enabled(False)
        logger.setLevel(logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
            logger.setLevel(level)
