"""Install the built wheel into empty environments, core and each extra alone, and try it there.

    python .ci/extras.py                 all of them: half an hour, several GB of downloads
    python .ci/extras.py core web s3     only these

In each environment every probe runs: where its extra is there it must work, elsewhere it must exit
1 and name its extra. Prints a table and exits 1 when something did otherwise.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = (
    "clip", "preference", "video", "audio", "safety", "ocr", "fast", "vertex", "web", "ray", "s3",
    "docs", "local",
)  # fmt: skip

MAKE = """
import json, pathlib, sys
import numpy as np
from qfloor.media import write_png, write_webm
folder = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(0)
frames = [rng.integers(0, 255, (64, 64, 3), dtype=np.uint8) for _ in range(4)]
(folder / "a.png").write_bytes(write_png(frames[0]))
(folder / "b.webm").write_bytes(write_webm(frames, 64, 64, 8))
rows = [("a red mug with the words OPEN", "shop/a", "a.png", "text-in-image"),
        ("waves", "shop/b", "b.webm", "video")]
(folder / "made.csv").write_text("prompt,offer,file,category\\n" + "\\n".join(map(",".join, rows)))
"""

# probe: (the extra it needs or None, command); {db} a quality database, {work} a workspace
PROBES: dict[str, tuple[str | None, list[str]]] = {
    "suites": (None, ["suite", "list"]),
    "plan": (None, ["plan", "painters", "-w", "{work}/plan"]),
    "route": (None, ["route", "--db", "{db}", "a red mug on a table", "--tier", "standard"]),
    "technical": (None, ["score", "--round", "2026-11", "-s", "technical", "-w", "{work}"]),
    "naturalness": (None, ["score", "--round", "2026-11", "-s", "naturalness", "-w", "{work}"]),
    "floors": (None, ["verify", "{db}"]),
    "clip": ("clip", ["score", "--round", "2026-11", "-s", "clip", "-w", "{work}"]),
    "text": ("ocr", ["score", "--round", "2026-11", "-s", "text", "-w", "{work}"]),
    "motion": ("video", ["score", "--round", "2026-11", "-s", "motion", "-w", "{work}"]),
    "audio": ("audio", ["score", "--round", "2026-11", "-s", "audio", "-w", "{work}"]),
    "safety": ("safety", ["score", "--round", "2026-11", "-s", "safety", "-w", "{work}"]),
    "ray": ("ray", ["score", "--round", "2026-11", "-s", "technical", "--engine", "ray",
                    "-w", "{work}", "--retry-failed"]),
    "s3": ("s3", ["store", "media", "s3://nowhere/x", "--option",
                  "endpoint_url=http://127.0.0.1:9", "-w", "{work}"]),
}  # fmt: skip
ELSE = {"s3": "cannot be"}
"""Probes that cannot succeed without a server: what they say once their extra is there."""

BRINGS = {"preference": ("clip",), "ocr": ("video",)}
"""Extras that another one's packages bring along: rapidocr needs OpenCV."""

IMPORTS = {
    "fast": "simplejpeg, imagecodecs, onnx, onnxruntime", "vertex": "google.auth, requests",
    "web": "qfloor.web.gateway, starlette, uvicorn, prometheus_client",
    "docs": "mkdocs, mkdocstrings",
    "local": "diffusers, peft, accelerate", "preference": "transformers, open_clip",
}  # fmt: skip


def wheel() -> Path:
    """Build the wheel and return it."""
    folder = Path(tempfile.mkdtemp(prefix="qfloor-wheel-"))
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", str(folder), str(ROOT)]
    subprocess.run(build, check=True)
    return next(folder.glob("*.whl"))


def probe(python: Path, extra: str, work: Path) -> list[str]:
    """Run every probe in an environment and return what went otherwise than it should."""
    bin_ = python.parent / "qfloor"
    database = work / "painters.db"
    shutil.copyfile(ROOT / "results" / "painters.db", database)
    quiet = {"PATH": os.environ["PATH"], "HOME": str(work), "HF_HUB_OFFLINE": "1"}
    subprocess.run([python, "-c", MAKE, work], check=True, env=quiet, cwd=work)
    made = ["generate", "--manifest", str(work / "made.csv"), "--round", "2026-11", "-w", str(work)]
    subprocess.run([bin_, *made], check=True, env=quiet, cwd=work, capture_output=True)
    wrong = []
    for name, (needs, command) in PROBES.items():
        told = [part.format(db=database, work=work) for part in command]
        ran = subprocess.run([bin_, *told], env=quiet, cwd=work, capture_output=True, text=True)
        said = ran.stderr.strip().splitlines()[-1:] or [""]
        has = needs is None or needs == extra or needs in BRINGS.get(extra, ())
        if has and ran.returncode and ELSE.get(name, "\0") not in ran.stderr:
            wrong.append(f"{name} failed: {said[0][:200]}")
        if not has and not (ran.returncode == 1 and f"qfloor[{needs}]" in ran.stderr):
            wrong.append(f"{name} without [{needs}] said: {ran.returncode} {said[0][:200]}")
        if "Traceback" in ran.stderr:
            wrong.append(f"{name} printed a traceback")
    if extra in IMPORTS:
        shim = (
            "from qfloor import torchvision_shim as s; s.prepare(); "
            if extra in ("local", "preference")
            else ""
        )
        ran = subprocess.run([python, "-W", "ignore", "-c", f"{shim}import {IMPORTS[extra]}"],
                             env=quiet, cwd=work, capture_output=True, text=True)  # fmt: skip
        if ran.returncode:
            wrong.append(f"import failed: {ran.stderr.strip().splitlines()[-1][:200]}")
    return wrong


def main() -> int:
    """Try core and the extras that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extras", nargs="*", default=["core", *EXTRAS])
    built, failed = wheel(), 0
    print(f"{built.name}: {built.stat().st_size / 1e6:.1f} MB\n")
    print(f"{'extra':<12} {'seconds':>8} {'MB':>6}  verdict", flush=True)
    for extra in parser.parse_args().extras:
        with tempfile.TemporaryDirectory(prefix=f"qfloor-{extra}-") as name:
            home, work = Path(name, "venv"), Path(name, "work")
            work.mkdir()
            started = time.monotonic()
            venv.create(home, with_pip=True)
            python = home / "bin" / "python"
            what = str(built) if extra == "core" else f"{built}[{extra}]"
            pins = ["-c", str(ROOT / "requirements-cpu.txt")]
            install = [python, "-m", "pip", "install", "-q", what, *pins]
            ran = subprocess.run(install, capture_output=True, text=True)
            seconds = time.monotonic() - started
            if ran.returncode:
                wrong = [f"not installable: {ran.stderr.strip().splitlines()[-1][:200]}"]
            else:
                wrong = probe(python, extra, work)
            size = sum(p.stat().st_size for p in home.rglob("*") if p.is_file()) / 1e6
            failed += bool(wrong)
            print(
                f"{extra:<12} {seconds:>8.0f} {size:>6.0f}  {'; '.join(wrong) or 'good'}",
                flush=True,
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
