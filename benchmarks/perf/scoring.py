"""How fast are pictures scored? Files on disk to rows in the store, beside what people use today.

Every way runs in a process of its own (two runtimes in one process starve each other), round
after round in turn, over the same files and the same random ViT-B/32 weights (speed does not
depend on them); the median round counts and a GEMM reading stands beside it.

    qfloor          a new store each round: decode, preprocess, both towers, CLIP cosine and an
                    aesthetic head, rows written; at int8, bf16 and fp32
    open_clip       the plain loop: Pillow, open_clip's transform, batches of 32, texts embedded
                    once a prompt; CLIP cosine only
    torchmetrics    CLIPScore: `update` with batches of 32, which gives one mean, and one call a
                    picture (the first 128), the way to one score a picture; CLIP score only

The bound is what no schedule can beat: cores / (decode + preprocess + forward core-seconds), each
piece the fastest known one, timed alone on one core in the same run. Numbers are compared too:
fp32 on open_clip's preprocessing equals the plain loop bit for bit, and torchmetrics' numbers, on
the same weights in transformers' form, to 1e-4 of a cosine.

    python benchmarks/perf/scoring.py [--pictures 512] [--rounds 5] [--form jpeg|png] [--json FILE]
    python benchmarks/perf/scoring.py --memory     # 1,000 against 10,000 pictures
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SIDE = 1024
PROMPTS = 16
BATCH = 32
ONE_BY_ONE = 128
PEER_BOUND = 1e-4  # of a cosine
ARCHITECTURE = "ViT-B-32"
WAYS = (
    "qfloor int8",
    "qfloor bf16",
    "qfloor fp32",
    "open_clip",
    "torchmetrics",
    "torchmetrics one by one",
)


# -- what is scored ---------------------------------------------------------------------------


def prompts() -> list[str]:
    """Sixteen prompts of ordinary length; each is asked of several offers."""
    things = ("teapot", "cabin", "bicycle", "lighthouse")
    places = ("on a marble table", "in deep snow", "by a canal at night", "under a paper moon")
    return [f"a {thing} {place}, soft light, 50 mm" for thing in things for place in places]


def make_pictures(folder: Path, count: int, form: str) -> list[Path]:
    """Write pictures of 1/f noise, which compresses about as photographs do."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{i:05}.{form}" for i in range(count)]
    if all(path.exists() for path in paths):
        return paths
    rng = np.random.default_rng(7)
    base = [_noise(rng) for _ in range(8)]
    for i, path in enumerate(paths):
        shift = rng.integers(0, SIDE, 2)
        picture = np.roll(base[i % len(base)], shift, (0, 1))
        tint = rng.uniform(0.3, 1.0, 3)
        picture = (picture * tint).astype(np.uint8)
        settings = {"quality": 92} if form == "jpeg" else {}
        Image.fromarray(picture).save(path, form.upper(), **settings)
    return paths


def _noise(rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    frequency = np.fft.fftfreq(SIDE)
    distance = np.hypot(*np.meshgrid(frequency, frequency))
    distance[0, 0] = 1
    planes = [np.fft.ifft2(np.fft.fft2(rng.standard_normal((SIDE, SIDE))) / distance).real
              for _ in range(3)]  # fmt: skip
    picture = np.stack(planes, axis=-1)
    low, span = picture.min((0, 1)), np.ptp(picture, (0, 1))
    return ((picture - low) / span * 255).astype(np.uint8)


def make_checkpoint(folder: Path) -> Path:
    """Write random weights as open_clip's own folder, and a random aesthetic head beside it."""
    if (folder / "head.npz").exists():
        return folder
    _quiet()
    import open_clip
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    model = open_clip.create_model(ARCHITECTURE, pretrained=None)
    config = {
        "model_cfg": open_clip.get_model_config(ARCHITECTURE),
        "preprocess_cfg": open_clip.get_model_preprocess_cfg(model),
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    rng = np.random.default_rng(1)
    np.savez(folder / "head.npz", weight=rng.standard_normal((1, 512)).astype(np.float32),
             bias=np.array([5.0], np.float32))  # fmt: skip
    return folder


# -- the ways -----------------------------------------------------------------------------------


def by_qfloor(paths: list[Path], checkpoint: Path, precision: str, path: str = "fast") -> Any:
    """Score through the stage itself, into a new store; yields (seconds, cosines) a round."""
    from qfloor.score import score_outputs
    from qfloor.scorers.aesthetic import AestheticScorer
    from qfloor.scorers.clip import ClipScorer
    from qfloor.store import Store

    name = f"local-dir:{checkpoint}"
    clip = ClipScorer(name, precision=precision, preprocess=path)
    head = AestheticScorer(
        str(checkpoint / "head.npz"), name, precision=precision, preprocess=path,
        for_backbone=f"{ARCHITECTURE}@random", name="random",
    )  # fmt: skip
    while True:
        with (
            tempfile.TemporaryDirectory() as folder,
            Store.open(Path(folder), create=True) as store,
        ):
            outputs, texts = fill(store, paths)
            for one in vouched_for(clip, head, paths):
                store.save_parity(replace(one, round=outputs[0].round))
            started = time.perf_counter()
            score_outputs(store, outputs, texts, [clip, head])
            seconds = time.perf_counter() - started
            found = {s.output_id: s.value for s in store.scores_of(metric=clip.metrics[0].key)}
            yield seconds, [found[output.id] for output in outputs]


def vouched_for(clip: Any, head: Any, paths: list[Path]) -> list[Any]:
    """The gate's own check, made once and outside the clock, as a round makes it once."""
    from qfloor import media
    from qfloor.scorers import parity

    backbone = clip.backbones[0]
    if backbone.precision == "fp32":
        return []
    if not hasattr(vouched_for, "known"):
        pictures = [media.load_pixels(path) for path in paths[:32]]
        words = [prompts()[i % PROMPTS] for i in range(len(pictures))]
        vouched_for.known = parity.measure(backbone, backbone.reference(), pictures, words, [head])
        print(f"# parity {vouched_for.known}", file=sys.stderr)
    return [vouched_for.known]


def fill(store: Any, paths: list[Path]) -> tuple[list[Any], Any]:
    """Put the files into a store as outputs of several offers on sixteen prompts."""
    from qfloor.records import Output, Prompt, Status

    asked = [Prompt(id=f"p{i:02}", text=text, category="landscape")
             for i, text in enumerate(prompts())]  # fmt: skip
    store.save_prompts(asked)
    outputs = []
    for i, path in enumerate(paths):
        prompt = asked[i % PROMPTS]
        kind = f"image/{path.suffix[1:]}"
        outputs.append(
            Output(
                id=f"o{i:06}", prompt_id=prompt.id, prompt_digest=prompt.digest,
                offer_id="folder/bench", repeat=i // PROMPTS, round="2026-11",
                status=Status.MADE, reason="ok",
                media_sha256=store.put_media(path.read_bytes(), kind), media_type=kind,
            )
        )  # fmt: skip
    store.save_outputs(outputs)
    return outputs, store.prompts_by_digest()


def by_open_clip(paths: list[Path], checkpoint: Path) -> Any:
    """The loop people write: Pillow, the model's transform, batches."""
    _quiet()
    import open_clip
    import torch
    from PIL import Image

    name = f"local-dir:{checkpoint}"
    model, _, transform = open_clip.create_model_and_transforms(name)
    tokenize = open_clip.get_tokenizer(name)
    model.eval()
    words = prompts()
    while True:
        started = time.perf_counter()
        cosines: list[float] = []
        with torch.inference_mode():
            texts = torch.nn.functional.normalize(model.encode_text(tokenize(words)), dim=-1)
            for start in range(0, len(paths), BATCH):
                chunk = paths[start : start + BATCH]
                pixels = torch.stack([transform(Image.open(p).convert("RGB")) for p in chunk])
                unit = torch.nn.functional.normalize(model.encode_image(pixels), dim=-1)
                mine = texts[[(start + i) % PROMPTS for i in range(len(chunk))]]
                products = unit.numpy().astype(np.float64) * mine.numpy().astype(np.float64)
                cosines += products.sum(axis=1).tolist()
        yield time.perf_counter() - started, cosines


def by_torchmetrics(paths: list[Path], checkpoint: Path, batch: int) -> Any:
    """Torchmetrics' CLIPScore on transformers' CLIP with the same weights."""
    _quiet()
    import torch
    from PIL import Image
    from torchmetrics.multimodal.clip_score import CLIPScore

    metric = CLIPScore(model_name_or_path=lambda: peer_model(checkpoint))
    words = prompts()
    while True:
        started = time.perf_counter()
        found = []
        for start in range(0, len(paths), batch):
            chunk = paths[start : start + batch]
            pixels = [torch.from_numpy(np.array(Image.open(p).convert("RGB"))).permute(2, 0, 1)
                      for p in chunk]  # fmt: skip
            texts = [words[(start + i) % PROMPTS] for i in range(len(chunk))]
            with torch.inference_mode():
                if batch == 1:
                    found.append(float(metric(pixels, texts)))
                else:
                    metric.update(pixels, texts)
        found = found or [float(metric.compute())]
        metric.reset()
        yield time.perf_counter() - started, found


def peer_model(checkpoint: Path) -> tuple[Any, Any]:
    """Transformers' CLIP with the checkpoint's weights and open_clip's vocabulary."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
    import torch
    from clip_twins import BASE, for_torchmetrics

    state = torch.load(checkpoint / "open_clip_pytorch_model.bin", weights_only=True)
    return for_torchmetrics(state, BASE)


# -- pieces -------------------------------------------------------------------------------------


def pieces(paths: list[Path], checkpoint: Path) -> dict[str, float]:
    """Core-milliseconds of each piece, alone, on one thread: the best of several."""
    _quiet()
    import torch

    from qfloor import media
    from qfloor.scorers.clip.backbone import load_backbone
    from qfloor.scorers.clip.preprocess import fast

    torch.set_num_threads(1)
    contents = [path.read_bytes() for path in paths[:16]]
    decoded = [media.load_pixels(content) for content in contents]
    found = {
        "decode, fastest": _best(lambda: [_swift(c) for c in contents], len(contents)),
        "decode, Pillow": _best(lambda: [_pillow(c) for c in contents], len(contents)),
    }
    name = f"local-dir:{checkpoint}"
    config = load_backbone(name).checkpoint.config["preprocess_cfg"]
    prepare = fast(config)
    found["preprocess, uint8 antialiased"] = _best(lambda: prepare(decoded), len(decoded))
    tensor = prepare(decoded)
    for precision in ("int8", "bf16", "fp32"):
        found |= _forwards(load_backbone(name, precision=precision), tensor)
    found["image forward, onnxruntime's own int8 x8"] = _stock_int8(name, tensor)
    return found


def _stock_int8(checkpoint: str, tensor: Any) -> float:
    """Onnxruntime's dynamic int8, which is a little faster and mixes neighbours' ranges."""
    import onnxruntime
    from onnxruntime.quantization import quantize_dynamic

    from qfloor.scorers.clip import checkpoint as checkpoints
    from qfloor.scorers.clip import int8, towers

    model, _, _ = checkpoints.find(checkpoint).load("cpu")
    with tempfile.TemporaryDirectory() as folder, towers.exporting():
        draft, quantised = Path(folder) / "draft.onnx", Path(folder) / "int8.onnx"
        int8.export(model, 224, 8, draft, fuse=False)
        quantize_dynamic(
            draft, quantised, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"],
            extra_options={"MatMulConstBOnly": True},
        )  # fmt: skip
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(quantised, options)
    rows = tensor.numpy()
    return _best(
        lambda: [session.run(None, {"pixels": rows[i : i + 8]}) for i in range(0, 16, 8)], 16
    )


def _forwards(backbone: Any, tensor: Any) -> dict[str, float]:
    import torch

    loaded, precision = backbone._loaded, backbone.precision
    rows = backbone.batch
    tokens = loaded.tokenizer(prompts()[:8])
    with torch.inference_mode():
        return {
            f"image forward, {precision} x{rows}": _best(
                lambda: [loaded.image(tensor[i : i + rows]) for i in range(0, 16, rows)], 16
            ),
            f"text forward, {precision}": _best(lambda: loaded.text(tokens), 8),
        }


def _swift(content: bytes) -> Any:
    import imagecodecs
    import simplejpeg

    if content[:2] == b"\xff\xd8":
        return simplejpeg.decode_jpeg(content)
    return imagecodecs.png_decode(content)


def _pillow(content: bytes) -> Any:
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def _best(work: Callable[[], Any], count: int, rounds: int = 7) -> float:
    work()
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times) / count * 1000


def gemm() -> float:
    """GFLOP/s of a float32 matrix product on all cores, now."""
    a = np.ones((2048, 2048), np.float32)
    a @ a
    started = time.perf_counter()
    for _ in range(3):
        a @ a
    return 3 * 2 * 2048**3 / (time.perf_counter() - started) / 1e9


def _quiet() -> None:
    import logging
    import warnings

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    from qfloor import torchvision_shim as shim

    shim.prepare()


# -- one process a way --------------------------------------------------------------------------


def serve(way: str, paths: list[Path], checkpoint: Path) -> None:
    """Run a round whenever a line is read; print its seconds, then at the end the numbers."""
    rounds = ways(paths, checkpoint)[way]
    found: list[float] = []
    for line in sys.stdin:
        if line.strip() == "round":
            seconds, found = next(rounds)
            print(json.dumps(seconds), flush=True)
        else:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(json.dumps({"numbers": found, "peak_mb": peak / 1024}), flush=True)


def ways(paths: list[Path], checkpoint: Path) -> dict[str, Iterator[tuple[float, list[float]]]]:
    """The ways by name; each yields (seconds, numbers) a round and starts nothing before."""
    found = {f"qfloor {p}": by_qfloor(paths, checkpoint, p) for p in ("int8", "bf16", "fp32")}
    return found | {
        "qfloor fp32, open_clip's preprocessing": by_qfloor(paths, checkpoint, "fp32", "open_clip"),
        "open_clip": by_open_clip(paths, checkpoint),
        "torchmetrics": by_torchmetrics(paths, checkpoint, BATCH),
        "torchmetrics one by one": by_torchmetrics(paths[:ONE_BY_ONE], checkpoint, 1),
    }


class Served:
    """A way in a process of its own."""

    def __init__(self, way: str, arguments: list[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, *arguments, "--serve", way],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, what: str) -> Any:
        """Send a line and read the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


# -- the report -----------------------------------------------------------------------------------


def main() -> int:
    """Run and print; exit 1 when numbers that must agree do not."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--form", choices=("jpeg", "png"), default="jpeg")
    parser.add_argument("--ways", nargs="*", default=list(WAYS))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "qfloor-bench")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--memory", action="store_true", help="peak memory instead of speed")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--pieces", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    checkpoint = make_checkpoint(args.folder / "checkpoint")
    paths = make_pictures(args.folder / args.form, args.pictures, args.form)
    if args.serve:
        serve(args.serve, paths, checkpoint)
        return 0
    if args.pieces:
        print(json.dumps(pieces(paths, checkpoint)))
        return 0
    found = memory(args) if args.memory else speed(args)
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0 if found["agrees"] else 1


def speed(args: argparse.Namespace) -> dict[str, Any]:
    """Time all ways in turn and print the table."""
    common = ["--pictures", str(args.pictures), "--form", args.form, "--folder", str(args.folder)]
    alone = subprocess.run(
        [sys.executable, __file__, *common, "--pieces"], capture_output=True, text=True, check=True
    )
    costs: dict[str, float] = json.loads(alone.stdout.splitlines()[-1])
    served = {way: Served(way, common) for way in args.ways}
    for way in served.values():
        way.ask("round")  # warm: weights loaded, exports written, pages read
    times: dict[str, list[float]] = {way: [] for way in served}
    readings = [gemm()]
    for _ in range(args.rounds):
        for name, way in served.items():
            times[name].append(way.ask("round"))
        readings.append(gemm())
    ends = {name: way.ask("end") for name, way in served.items()}
    for way in served.values():
        way.stop()
    cores = len(os.sched_getaffinity(0))
    counts = dict.fromkeys(times, args.pictures)
    counts["torchmetrics one by one"] = min(args.pictures, ONE_BY_ONE)
    rates = {name: counts[name] / statistics.median(t) for name, t in times.items()}
    found = {
        "form": args.form, "pictures": args.pictures, "rounds": args.rounds, "cores": cores,
        "gemm_gflops": [round(value) for value in readings], "core_ms": costs,
        "pictures_per_second": rates, "bounds": bounds(costs, cores, args.pictures),
        "agreement": agreement(common, {n: e["numbers"] for n, e in ends.items()}),
    }  # fmt: skip
    found["agrees"] = all(value["holds"] for value in found["agreement"].values())
    show(found)
    return found


def bounds(costs: dict[str, float], cores: int, pictures: int) -> dict[str, float]:
    """Pictures a second that no schedule can beat, by precision; texts are read once each."""
    around = costs["decode, fastest"] + costs["preprocess, uint8 antialiased"]
    found = {}
    for name, cost in costs.items():
        if name.startswith("image forward"):
            precision = name.removeprefix("image forward, ").rpartition(" x")[0]
            reading = costs.get(f"text forward, {precision}", costs["text forward, int8"])
            texts = PROMPTS * reading / pictures
            found[precision] = 1000 * cores / (around + cost + texts)
    return found


def agreement(common: list[str], numbers: dict[str, list[float]]) -> dict[str, dict[str, Any]]:
    """Compare the ways' numbers: bit for bit where that is promised, by its bound elsewhere."""
    found: dict[str, dict[str, Any]] = {}
    ours: list[float] = []
    if not set(WAYS[3:]).isdisjoint(numbers):
        exact = Served("qfloor fp32, open_clip's preprocessing", common)
        exact.ask("round")
        ours = exact.ask("end")["numbers"]
        exact.stop()
    if "open_clip" in numbers:
        apart = float(np.abs(np.subtract(ours, numbers["open_clip"])).max())
        found["qfloor fp32 on open_clip's preprocessing against the plain loop"] = {
            "largest_difference": apart, "bound": 0.0, "holds": apart == 0.0,
        }  # fmt: skip
    for peer in ("torchmetrics", "torchmetrics one by one"):
        if peer in numbers:
            found[f"qfloor fp32 on open_clip's preprocessing against {peer}"] = against_peer(
                ours, numbers[peer]
            )
    for precision, bound in (("int8", 0.02), ("bf16", 0.01)):
        if {f"qfloor {precision}", "qfloor fp32"} <= numbers.keys():
            apart = float(
                np.abs(np.subtract(numbers[f"qfloor {precision}"], numbers["qfloor fp32"])).max()
            )
            found[f"qfloor {precision} against qfloor fp32"] = {
                "largest_difference": apart, "bound": bound, "holds": apart <= bound,
            }  # fmt: skip
    return found


def against_peer(ours: list[float], theirs: list[float]) -> dict[str, Any]:
    """Compare cosines with torchmetrics' numbers: 100 cosines, each or in the mean cut at 0.

    A number that was cut tells nothing; unless some were not, nothing is said to hold.
    """
    mine = np.array(ours[: len(theirs)] if len(theirs) > 1 else [np.mean(ours)])
    peer = np.array(theirs) / 100
    told = peer > 0
    apart = float(np.abs(np.maximum(mine, 0) - peer).max())
    return {
        "largest_difference": apart, "bound": PEER_BOUND, "compared": int(told.sum()),
        "holds": bool(told.any()) and apart <= PEER_BOUND,
    }  # fmt: skip


def _said(value: dict[str, Any]) -> str:
    if value.get("compared") == 0:
        return "nothing to compare, all was cut at 0"
    return "holds" if value["holds"] else "BROKEN"


def show(found: dict[str, Any]) -> None:
    """Print the table of a run."""
    print(f"{found['pictures']} {found['form']} pictures of {SIDE}x{SIDE}, {found['cores']} cores, "
          f"median of {found['rounds']}; GEMM {found['gemm_gflops']} GFLOP/s\n")  # fmt: skip
    for name, cost in found["core_ms"].items():
        print(f"  {name:<34} {cost:7.2f} core-ms")
    rates = found["pictures_per_second"]
    slowest = {peer: rates.get(peer) for peer in WAYS[3:]}
    print(
        f"\n  {'way':<26} {'pictures/s':>10}  of its bound" + "".join(f"  x {p}" for p in slowest)
    )
    for name, rate in rates.items():
        bound = found["bounds"].get(name.removeprefix("qfloor "))
        share = f"{rate / bound:11.1%}" if name.startswith("qfloor") and bound else " " * 11
        ratios = "".join(
            f"  {rate / peer:>{len(name) + 2}.2f}" if peer else "" for name, peer in slowest.items()
        )
        print(f"  {name:<26} {rate:10.1f} {share} {ratios}")
    print(
        "\n  bounds, pictures/s: " + ", ".join(f"{k} {v:.1f}" for k, v in found["bounds"].items())
    )
    for name, value in found["agreement"].items():
        print(f"  {name}: largest difference {value['largest_difference']:.2e}, "
              f"bound {value['bound']:g}: {_said(value)}")  # fmt: skip


def memory(args: argparse.Namespace) -> dict[str, Any]:
    """Peak resident memory over 1,000 and over 10,000 pictures, each in a new process."""
    peaks = {}
    for count in (1000, 10000):
        one = Served(
            "qfloor int8",
            ["--pictures", str(count), "--form", args.form, "--folder", str(args.folder)],
        )
        one.ask("round")
        peaks[count] = one.ask("end")["peak_mb"]
        one.stop()
    growth = peaks[10000] / peaks[1000]
    print(f"peak memory: {peaks[1000]:.0f} MB at 1,000 pictures, {peaks[10000]:.0f} MB at 10,000: "
          f"x {growth:.3f}")  # fmt: skip
    return {"peak_mb": peaks, "growth": growth, "agrees": growth <= 1.1}


if __name__ == "__main__":
    raise SystemExit(main())
