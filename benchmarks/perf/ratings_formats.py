"""How fast judgments of each format are imported, beside merely parsing the same file.

    python benchmarks/perf/ratings_formats.py [judgments] [--only FORMAT ...]

Writes a made-up file of 100,000 judgments in every format that can be large, imports it into a
fresh store with every check and one transaction, twice, and prints the lesser time (by the clock
and of CPU), what the store got of it, and how long pandas or json alone take to read the file.
What costs is what a judgment brings: a rating of an output that others rated too is one row of the
store, a battle on a prompt of its own is up to four (a prompt, two outputs, a comparison).
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from qfloor.ratings import import_ratings
from qfloor.ratings.judgment import ReadOptions
from qfloor.ratings.mapping import parse_mapping
from qfloor.store import Store

MODELS = [f"model-{n}" for n in range(12)]
AT = "2026-01-02T03:04:05Z"


class Written(NamedTuple):
    """How a format's file is made, and what has to be said of it."""

    format: str
    name: str
    write: Callable[[Path, int, random.Random], None]
    map: Sequence[str] = ()
    criterion: Sequence[str] = ()
    answer: Sequence[str] = ()
    scale: str | None = None
    items: bool = False


def _csv(path: Path, header: str, rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def _json(path: Path, values: Iterable[Any]) -> None:
    path.write_text(json.dumps(list(values)), encoding="utf-8")


def _lines(path: Path, values: Iterable[Any]) -> None:
    path.write_text("".join(f"{json.dumps(v)}\n" for v in values), encoding="utf-8")


def _pair(rng: random.Random) -> tuple[str, str]:
    left, right = rng.sample(MODELS, 2)
    return left, right


def long(path: Path, n: int, rng: random.Random) -> None:
    header = (
        "item_id,prompt_id,category,model_id,seed,rater_id,score,scale_min,scale_max,session_id,"
        "submitted_at,duration_ms,kind"
    )
    _csv(path, header, (
        (f"g{i // 3}", f"p{i // 36}", "portrait", MODELS[i // 3 % 12], 1,
         f"r{(i // 3 + i % 3 * 7) % 20}", round(rng.uniform(0, 10), 1), 0, 10, f"s{i % 50}", AT,
         4321 + i, "test")
        for i in range(n)
    ))  # fmt: skip


def table(path: Path, n: int, rng: random.Random) -> None:
    _csv(path, "worker,request,made_by,fits,looks", (
        (f"w{i % 20}", f"a fox {i // 36}", MODELS[i // 3 % 12], rng.randint(1, 5),
         rng.choice(["Good", "Bad"]))
        for i in range(n // 2)
    ))  # fmt: skip


def pairwise(path: Path, n: int, rng: random.Random) -> None:
    header = (
        "trial_id,prompt_id,prompt,category,left_model,right_model,response,rater_id,submitted_at,"
        "duration_ms,kind,session_id"
    )
    _csv(path, header, (
        (f"t{i}", f"p{i // 30}", f"a fox {i // 30}", "portrait", *_pair(rng),
         rng.choice(["left", "right", "none", "both_bad"]), f"r{i % 60}", AT, 5100, "test",
         f"s{i % 50}")
        for i in range(n)
    ))  # fmt: skip


def arena(path: Path, n: int, rng: random.Random) -> None:
    _lines(path, (
        {"question_id": f"q{i // 3}", "model_a": a, "model_b": b, "judge": f"u{i % 500}",
         "winner": rng.choice(["model_a", "model_b", "tie", "tie (bothbad)"]),
         "tstamp": 1690000000.0 + i, "anony": True}
        for i in range(n) for a, b in [_pair(rng)]
    ))  # fmt: skip


def fastchat(path: Path, n: int, rng: random.Random) -> None:
    _lines(path, (
        {"type": rng.choice(["leftvote", "rightvote", "tievote", "bothbad_vote"]),
         "tstamp": 1690000000.0 + i, "models": ["", ""], "ip": "203.0.113.7",
         "states": [{"conv_id": f"c{i}", "model_name": m, "prompt": f"a fox {i // 3}"}
                    for m in _pair(rng)]}
        for i in range(n)
    ))  # fmt: skip


def evalica(path: Path, n: int, rng: random.Random) -> None:
    rows = ((*_pair(rng), rng.choice(["left", "right", "tie"])) for _ in range(n))
    _csv(path, "left,right,winner", rows)


def pick_a_pic(path: Path, n: int, rng: random.Random) -> None:
    header = (
        "caption,model_0,model_1,image_0_uid,image_1_uid,label_0,label_1,has_label,are_different,"
        "ranking_id,user_id"
    )
    _csv(path, header, (
        (f"a fox {i // 3}", *_pair(rng), f"u{2 * i}", f"u{2 * i + 1}",
         *rng.choice([(0, 1), (1, 0), (0.5, 0.5)]), "True", "True", i, i % 700)
        for i in range(n)
    ))  # fmt: skip


def pwcmp(path: Path, n: int, rng: random.Random) -> None:
    _csv(path, "Observer,Session,Scene,Condition_1,Condition_2,Selection", (
        (f"o{i % 40}", i // 5000, f"scene{i // 66 % 300}", *_pair(rng), rng.choice([1, 2]))
        for i in range(n)
    ))  # fmt: skip


def rapidata(path: Path, n: int, rng: random.Random) -> None:
    results = []
    for i in range(n // 10):
        files = [f"{m}_{i}_{k}.png" for k, m in enumerate(_pair(rng))]
        votes = [rng.choice(files) for _ in range(10)]
        results.append({
            "context": f"a fox {i}", "winner_index": 0, "winner": files[0],
            "aggregatedResults": {f: votes.count(f) for f in files},
            "detailedResults": [{"votedFor": f} for f in votes],
        })  # fmt: skip
    told = {"info": {"version": "3.0.0"}, "summary": {"A_wins_total": 0, "B_wins_total": 1}}
    path.write_text(json.dumps({**told, "results": results}), encoding="utf-8")


def label_studio(path: Path, n: int, rng: random.Random) -> None:
    _json(path, (
        {"id": i, "data": {"prompt": f"a fox {i // 36}", "image": f"a{i // 3}.png",
                           "file": f"g{i // 3}", "model": MODELS[i // 3 % 12]},
         "annotations": [{"id": 90 + i, "completed_by": i % 20, "was_cancelled": False,
                          "lead_time": 6.2, "created_at": AT,
                          "result": [{"id": "R", "from_name": "q", "to_name": "image",
                                      "type": "rating", "value": {"rating": rng.randint(1, 5)}}]}]}
        for i in range(n)
    ))  # fmt: skip


def label_studio_csv(path: Path, n: int, rng: random.Random) -> None:
    _csv(path, "prompt,file,model,id,q,annotator,annotation_id,created_at,lead_time", (
        (f"a fox {i // 36}", f"g{i // 3}", MODELS[i // 3 % 12], i,
         json.dumps([{"rating": rng.randint(1, 5)}]), i % 20, 90 + i, AT, 6.2)
        for i in range(n)
    ))  # fmt: skip


def argilla(path: Path, n: int, rng: random.Random) -> None:
    _json(path, (
        {"id": f"r{i}", "prompt": f"a fox {i // 12}", "model": MODELS[i % 12],
         "quality.responses": [rng.randint(1, 10) for _ in range(3)],
         "quality.responses.users": [f"u{i % 7}", f"v{i % 9}", f"w{i % 5}"],
         "quality.responses.status": ["submitted"] * 3}
        for i in range(n // 3)
    ))  # fmt: skip


def mturk(path: Path, n: int, rng: random.Random) -> None:
    header = (
        "HITId,AssignmentId,WorkerId,AssignmentStatus,WorkTimeInSeconds,Input.model,Input.prompt,"
        "Answer.taskAnswers"
    )
    _csv(path, header, (
        (f"H{i // 3}", f"S{i}", f"A{i // 3 % 50 * 3 + i % 3}", "Approved", 12, MODELS[i // 3 % 12],
         f"a fox {i // 36}",
         json.dumps([{"quality": {str(k): k == i % 5 + 1 for k in range(1, 6)}}]))
        for i in range(n)
    ))  # fmt: skip


def potato(path: Path, n: int, rng: random.Random) -> None:
    for person in range(20):
        (path / f"u{person}").mkdir(parents=True)
        said = {f"i{i}": {"quality": {"4": str(rng.randint(1, 5))}} for i in range(n // 20)}
        state = {"user_id": f"u{person}", "instance_id_to_label_to_value": said}
        (path / f"u{person}" / "user_state.json").write_text(json.dumps(state), encoding="utf-8")
    _json(path.parent / "items.json", (
        {"id": f"i{i}", "prompt": f"a fox {i // 12}", "model": MODELS[i % 12]}
        for i in range(n // 20)
    ))  # fmt: skip


def sureal(path: Path, n: int, rng: random.Random) -> None:
    n_videos = n // 20
    path.write_text(json.dumps({
        "dataset_name": "made-up",
        "ref_videos": [{"content_id": i, "path": f"{i}.png"} for i in range(n_videos // 12 + 1)],
        "dis_videos": [
            {"content_id": i // 12, "asset_id": i, "path": f"out/{MODELS[i % 12]}_{i}.png",
             "os": {f"r{k}": rng.randint(1, 5) for k in range(20)}}
            for i in range(n_videos)
        ],
    }), encoding="utf-8")  # fmt: skip


def webmushra(path: Path, n: int, rng: random.Random) -> None:
    header = (
        "session_test_id,email,age,trial_id,rating_stimulus,rating_score,rating_time,rating_comment"
    )
    _csv(path, header, (
        (f"t{i // 4800}", f"a{i // 4800}@example.org", 33, f"fox{i // 12 % 400}", MODELS[i % 12],
         rng.randint(0, 100), 8000, "")
        for i in range(n)
    ))  # fmt: skip


def rater_tables(path: Path, n: int, rng: random.Random) -> None:
    path.mkdir()
    for person in range(20):
        lines = ["\t".join(["uid", *MODELS])]
        for i in range(n // 20 // 12 // 2):
            cells = (f"[{rng.choice([0, 0.5, 1])}, 0.5]" for _ in MODELS)
            lines.append("\t".join([f"p{i}", *cells]))
        (path / f"t_u{person}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


MADE = ("model=model", "text=prompt", "item=file")
STARS = ("q=quality@1:5",)
FORMATS = (
    Written("long", "f.csv", long),
    Written("table", "f.csv", table, ("rater=worker", "prompt=request", "model=made_by"),
            ("fits=alignment@1:5", "looks=quality@0:1"), ("Good=1", "Bad=0")),
    Written("label_studio", "f.json", label_studio, MADE, STARS),
    Written("label_studio", "f.csv", label_studio_csv, MADE, STARS),
    Written("argilla", "f.json", argilla, ("model=model",), scale="1:10"),
    Written("mturk", "f.csv", mturk, ("model=model", "prompt=prompt"), ("quality=quality@1:5",)),
    Written("potato", "states", potato, ("model=model",), scale="1:5", items=True),
    Written("sureal", "f.json", sureal, ("model=path before last _",), ("os=quality@1:5",)),
    Written("webmushra", "f.csv", webmushra, ("rater=email",), scale="0:100"),
    Written("rater_tables", "tables", rater_tables, ("rater=file after last _",),
            ("1=semantics@0:1", "2=quality@0:1")),
    Written("pairwise", "f.csv", pairwise),
    Written("arena", "f.jsonl", arena),
    Written("fastchat", "f.jsonl", fastchat),
    Written("evalica", "f.csv", evalica),
    Written("pick_a_pic", "f.csv", pick_a_pic),
    Written("pwcmp", "f.csv", pwcmp),
    Written("rapidata", "f.json", rapidata, ("model=file before first _",)),
)  # fmt: skip


def parsed(path: Path) -> float:
    """Seconds of CPU that pandas takes for a table, or json for the rest, and nothing else."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    started = time.process_time()
    for file in files:
        if file.suffix in (".csv", ".tsv"):
            pd.read_csv(file, sep="\t" if file.suffix == ".tsv" else ",")
        else:
            text = file.read_text(encoding="utf-8")
            for part in text.splitlines() if file.suffix == ".jsonl" else [text]:
                json.loads(part)
    return time.process_time() - started


def measured(written: Written, n: int) -> list[str]:
    """Import one format's file twice and give a row of the table."""
    said = parse_mapping(written.map, written.criterion, written.answer)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / written.name
        written.write(path, n, random.Random(1))
        options = ReadOptions(mapping=said, items=folder / "items.json" if written.items else None)
        found = []
        for turn in range(2):
            with Store.open(folder / f"store-{turn}", create=True) as store:
                wall, cpu = time.perf_counter(), time.process_time()
                report = import_ratings(store, path, format=written.format, round="2026-01",
                                        options=options, scale=written.scale)  # fmt: skip
                found.append((time.process_time() - cpu, time.perf_counter() - wall))
        reading = parsed(path)
    (cpu, wall), kind = min(found), path.suffix or " (folder)"
    judgments = report.added
    return [
        f"{written.format}{kind}", str(judgments), str(report.items), str(report.prompts),
        f"{cpu:.2f}", f"{wall:.2f}", f"{reading:.2f}", f"{cpu / judgments * 1e6:.0f}",
    ]  # fmt: skip


HEADER = ["format", "judgments", "outputs", "prompts", "CPU s", "clock s", "parsed s", "us each"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("judgments", type=int, nargs="?", default=100_000)
    parser.add_argument("--only", nargs="*", metavar="FORMAT")
    given = parser.parse_args()
    print("| " + " | ".join(HEADER) + " |\n" + "|---" + "|--:" * (len(HEADER) - 1) + "|")
    for written in FORMATS:
        if given.only is None or written.format in given.only:
            print("| " + " | ".join(measured(written, given.judgments)) + " |", flush=True)


if __name__ == "__main__":
    main()
