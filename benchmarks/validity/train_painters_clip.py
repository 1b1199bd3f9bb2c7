"""Train, test and export the embedded default CLIP of the painters' world.

    python benchmarks/validity/train_painters_clip.py render --pictures 98304 --workers 2
    python benchmarks/validity/train_painters_clip.py train --minutes 60 [--resume]
    python benchmarks/validity/train_painters_clip.py export
    python benchmarks/validity/train_painters_clip.py evaluate

Needs the ``clip`` extra and PYTHONPATH=src. Work files lie in ``.qfloor/clip-training`` (outside
git). ``evaluate`` tests only the exported fp16 files, loaded by open_clip's own loader.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
from pathlib import Path

import torch
from painters_clip import evaluation, pool, training
from painters_clip import model as net

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".qfloor" / "clip-training"
PACKAGE = ROOT / "src" / "qfloor" / "scorers" / "clip" / "painters"


def render(pictures: int, workers: int) -> None:
    """Fill the pool of training pictures."""
    started = [
        multiprocessing.Process(
            target=pool.render_chunks, args=(WORK / "pool", pictures, worker, workers)
        )
        for worker in range(workers)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()


def train(options: argparse.Namespace) -> None:
    """Train from scratch, or go on from the checkpoint."""
    trainer = training.Trainer(WORK)
    if options.resume:
        trainer.load()
    elif (WORK / "checkpoint.pt").exists() and not options.fresh:
        raise SystemExit("there is a checkpoint: say --resume to go on from it, or --fresh")
    trainer.train(
        minutes=options.minutes,
        peak=options.lr,
        large_from=options.large_from,
        stop_at=options.stop_at,
    )


def export(folder: Path) -> None:
    """Write the averaged weights, configuration and vocabulary, by default into the package."""
    trainer = training.Trainer(WORK)
    trainer.load()
    folder.mkdir(parents=True, exist_ok=True)
    net.save(trainer.average, trainer.words.size, trainer.size, folder)
    shutil.copyfile(WORK / "bpe.txt.gz", folder / "bpe.txt.gz")
    seen = trainer.step * 2 * training.PAIRS
    (WORK / "history.txt").write_text(f"{trainer.step} {seen} {trainer.minutes:.1f}\n")
    size = sum(p.stat().st_size for p in folder.iterdir()) / 1e6
    print(f"{folder}: {size:.2f} MB after {trainer.step} steps, {seen} pairs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("render", help="fill the pool of pictures")
    one.add_argument("--pictures", type=int, default=98_304)
    one.add_argument("--workers", type=int, default=2)
    one = commands.add_parser("train", help="train for a time")
    one.add_argument("--minutes", type=float, required=True)
    one.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    one.add_argument("--fresh", action="store_true", help="throw a checkpoint away")
    one.add_argument("--lr", type=float, default=2e-3)
    one.add_argument("--large-from", type=float, default=0.6, help="share of time before 128 px")
    one.add_argument("--stop-at", type=float, default=1.0, help="stop at this share of the cosine")
    one = commands.add_parser("export", help="write the package's files")
    one.add_argument("--folder", type=Path, default=PACKAGE)
    one = commands.add_parser("evaluate", help="test the package's files")
    one.add_argument("--folder", type=Path, default=PACKAGE)
    one.add_argument("--results", type=Path, default=ROOT / "results")
    one.add_argument("--scenes", type=float, default=1.0, help="scale of the test's size")
    options = parser.parse_args()
    torch.set_num_threads(2)
    if options.command == "render":
        render(options.pictures, options.workers)
    elif options.command == "train":
        train(options)
    elif options.command == "export":
        export(options.folder)
    else:
        evaluation.run(options.folder, options.results, options.scenes, WORK / "history.txt")


if __name__ == "__main__":
    main()
