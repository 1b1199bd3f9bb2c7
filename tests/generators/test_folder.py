"""Outputs made elsewhere enter by a manifest; a faulty one is refused whole, in one sentence."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from qfloor.errors import ManifestError, StoreError
from qfloor.generate import generate
from qfloor.generators.folder import FolderGenerator, read_manifest
from qfloor.records import Prompt, Status
from qfloor.store import Store

DATA = Path(__file__).resolve().parents[3] / "shared/data"
HEADER = "prompt,offer,file\n"


def picture(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "files").mkdir()
    for i in range(3):
        (tmp_path / "files" / f"{i}.png").write_bytes(picture(i))
    (tmp_path / "secret.png").write_bytes(picture(9))
    return tmp_path / "files"


def write(folder: Path, text: str, name: str = "m.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def take_in(manifest: Path, workspace: Path):
    found = read_manifest(manifest)
    with Store.open(workspace, create=True) as store:
        result = generate(
            found.prompts, found.offers, store=store, round="r1", repeats=found.repeats
        )
        return result, list(store.outputs_of()), list(store.spending())


def test_rows_become_outputs(folder, tmp_path):
    manifest = write(
        folder,
        "prompt_id,prompt,offer,file,repeat,seed,cost,seconds,category,model_version\n"
        '1,"a red, round kettle",us/m@a,0.png,,7,0.04,2.5,product-photo,v1\n'
        '1,"a red, round kettle",us/m@a,1.png,1,8,0.05,,product-photo,\n'
        "2,grün,us/n@a,2.png,,,,,,\n",
    )
    found = read_manifest(manifest)
    assert [(p.id, p.category) for p in found.prompts] == [("1", "product-photo"), ("2", "general")]
    assert [(o.id, o.provider, o.model) for o in found.offers] == [
        ("us/m@a", "us", "m"), ("us/n@a", "us", "n")
    ]  # fmt: skip
    result, outputs, spending = take_in(manifest, tmp_path / "w")
    assert result.counts == {Status.MADE: 3}
    assert {s.reason for s in result.plan.skipped} == {"the manifest has no such row"}
    assert [o.report["seed"] for o in outputs] == [7, 8, None]
    assert outputs[0].seconds_run == 2.5
    assert outputs[0].model_version == "v1"
    assert [(s.amount_nanousd, s.unknown) for s in spending] == [(90_000_000, 0), (0, 1)]
    again, outputs, _ = take_in(manifest, tmp_path / "w")
    assert (again.plan.done, again.counts, len(outputs)) == (3, {}, 3)


@pytest.mark.parametrize("name", ["m.csv", "m.jsonl"])
def test_a_file_whose_name_begins_with_a_blank_is_that_file(folder, name):
    """Stripped, it was another file that lay beside it."""
    (folder / " 0.png").write_bytes(picture(7))
    rows = [("tree", " 0.png"), ("hill", "1.png"), ("lake", " 2.png ")]
    text = HEADER + "".join(f"{prompt},us/m@a,{file}\n" for prompt, file in rows)
    if name == "m.jsonl":
        told = [{"prompt": prompt, "offer": "us/m@a", "file": file} for prompt, file in rows]
        text = "".join(json.dumps(row) + "\n" for row in told)
    found = read_manifest(write(folder, text, name))
    assert [row.path.name for row in found.rows] == [" 0.png", "1.png", "2.png"]


def animation(form: str, frames: int, **options: int) -> bytes:
    drawn = [Image.fromarray(np.full((8, 8, 3), (60 * i, 90, 30), np.uint8)) for i in range(frames)]
    for i, one in enumerate(drawn):
        one.putpixel((i % 8, 3), (250, 250, 250))
    buffer = io.BytesIO()
    drawn[0].save(buffer, form, save_all=True, append_images=drawn[1:], **options)
    return buffer.getvalue()


def test_a_gif_that_moves_is_a_clip_and_one_that_does_not_a_picture(folder, tmp_path):
    """An offer that delivers GIFs was called blank for it."""
    (folder / "moves.gif").write_bytes(animation("GIF", 3, duration=100))
    (folder / "still.gif").write_bytes(animation("GIF", 1))
    text = f"{HEADER}a wave,shop/m,moves.gif\na hill,shop/m,still.gif\n"
    result, outputs, _ = take_in(write(folder, text), tmp_path / "w")
    assert result.counts == {Status.MADE: 2}
    assert sorted(o.frames or 0 for o in outputs) == [1, 3]
    found = read_manifest(write(folder, text))
    assert [p.modality for p in found.prompts] == ["video", "image"]
    assert found.offers[0].makes("video")


@pytest.mark.parametrize("form", ["WEBP", "PNG"])
def test_an_animation_that_is_not_read_as_a_clip_is_refused(folder, form):
    name = f"moves.{form.lower()}"
    (folder / name).write_bytes(animation(form, 3))
    with pytest.raises(ManifestError, match=rf"row 2: {name} is an animation of 3 frames in image"):
        read_manifest(write(folder, f"{HEADER}a wave,shop/m,{name}\n"))
    (folder / name).write_bytes(animation(form, 1))
    assert read_manifest(write(folder, f"{HEADER}a wave,shop/m,{name}\n"))


def test_a_gif_without_times_is_refused_and_not_called_truncated(folder):
    (folder / "moves.gif").write_bytes(animation("GIF", 3))
    with pytest.raises(ManifestError, match=r"row 2: moves.gif .* says not for how long"):
        read_manifest(write(folder, f"{HEADER}a wave,shop/m,moves.gif\n"))


def test_json_lines_and_a_suite(folder):
    rows = [
        {"prompt_id": "k1", "offer": "us/m@a", "file": "0.png", "cost": 0.04, "seed": 3},
        {"prompt": "a boat\u2028at sea", "offer": "us/m@a", "file": "1.png"},
    ]
    text = "\n".join(json.dumps(r, ensure_ascii=False) for r in rows) + "\n\n"
    suite = [
        Prompt(id="k1", text="a kettle", category="portrait"),
        Prompt(id="k2", text="a boat\u2028at sea", category="landscape"),
        Prompt(id="k3", text="unused", category="landscape"),
    ]
    found = read_manifest(write(folder, text, "m.jsonl"), prompts=suite)
    assert [p.id for p in found.prompts] == ["k1", "k2"]
    assert found.rows[0].amount_nanousd == 40_000_000


def test_damaged_files_are_statuses(folder, tmp_path):
    (folder / "zero.png").write_bytes(b"")
    (folder / "page.jpg").write_bytes(b"<!doctype html><h1>502</h1>")
    (folder / "half.png").write_bytes(picture(1)[:60])
    (folder / "zero.webm").write_bytes(b"")
    names = ["0.png", "zero.png", "page.jpg", "half.png", "zero.webm"]
    rows = "".join(f"p{i},us/m@a,{name}\n" for i, name in enumerate(names))
    result, outputs, _ = take_in(write(folder, HEADER + rows), tmp_path / "w")
    assert result.counts == {Status.MADE: 1, Status.BLANK: 4}
    assert {o.reason for o in outputs} == {"ok", "undecodable"}
    assert any("zero bytes" in o.report.get("detail", "") for o in outputs)


BAD = [
    ("no file", HEADER + "a,o,none.png\n", "row 2: there is no file none.png"),
    ("outside", HEADER + "a,o,../secret.png\n", r"row 2: \.\./secret\.png lies outside"),
    ("absolute", HEADER + "a,o,/etc/hosts\n", "row 2: /etc/hosts lies outside"),
    ("no offer", HEADER + "a,,0.png\n", "row 2: the offer is empty"),
    ("no prompt", HEADER + " ,o,0.png\n", "row 2: needs a prompt or a prompt_id"),
    ("empty file", HEADER + "a,o,\n", "row 2: the file is empty"),
    (
        "twice",
        HEADER + "a,o,0.png\na,o,1.png\n",
        r"row 3 \(1\.png\): prompt 'a' by 'o' is already in row 2 \(0\.png\)",
    ),
    ("column", "prompt,offer,file,costs\na,o,0.png,1\n", "row 2: unknown column 'costs'; known"),
    ("cells", HEADER + "a,o\n", "line 2: 2 fields, but the header has 3"),
    ("two columns", "prompt,prompt,offer,file\na,a,o,0.png\n", "column 'prompt' appears twice"),
    ("cost", "prompt,offer,file,cost\na,o,0.png,cheap\n", "row 2: cost must be USD"),
    ("seconds", "prompt,offer,file,seconds\na,o,0.png,nan\n", "row 2: seconds must be"),
    ("seed", "prompt,offer,file,seed\na,o,0.png,-1\n", "row 2: seed must be a whole number"),
    ("id alone", "prompt_id,offer,file\nk,o,0.png\n", "row 2: prompt_id 'k' comes without"),
    ("two texts", "prompt_id,prompt,offer,file\nk,a,o,0.png\nk,b,o,1.png\n", "row 3: .* another"),
    ("empty", "", "the file is empty"),
    ("header only", HEADER, "has no rows"),
    ("quote", HEADER + '"a,o,0.png\n', "line 2: not valid CSV: unexpected end"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD, ids=[b[0] for b in BAD])
def test_a_bad_manifest_is_one_sentence_with_its_row(name, text, message, folder):
    with pytest.raises(ManifestError, match=message) as caught:
        read_manifest(write(folder, text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1: not valid JSON"),
        ("[1]", "entry 1: "),
        (r'{"prompt": "half \ud83d", "offer": "o", "file": "0.png"}', "line 1: .* surrogates not"),
        ('{"prompt": ["a"], "offer": "o", "file": "0.png"}', "row 1: .* neither text nor number"),
    ],
)
def test_bad_json_lines(text, message, folder):
    with pytest.raises(ManifestError, match=message):
        read_manifest(write(folder, text, "m.jsonl"))


@pytest.mark.parametrize(
    ("sign", "name", "encoding"),
    [(",", "m.csv", "utf-8-sig"), (";", "m.csv", "utf-8"), ("\t", "m.csv", "utf-16"),
     ("\t", "m.tsv", "utf-8")],
)  # fmt: skip
def test_a_manifest_as_spreadsheets_save_it(sign, name, encoding, folder):
    (folder / name).write_bytes((HEADER + "a,o,0.png\n").replace(",", sign).encode(encoding))
    assert [(row.offer_id, row.path.name) for row in read_manifest(folder / name).rows] == [
        ("o", "0.png")
    ]


def test_other_refusals(folder, tmp_path):
    with pytest.raises(ManifestError, match="no such file"):
        read_manifest(folder / "none.csv")
    (folder / "latin.csv").write_bytes(HEADER.encode() + b"\xe9,o,0.png\n")
    with pytest.raises(ManifestError, match="not UTF-8"):
        read_manifest(folder / "latin.csv")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(ManifestError, match="lies outside"):
        read_manifest(write(folder, HEADER + "a,o,link.png\n"))
    suite = [Prompt(id="k", text="a", category="general", modality="video")]
    with pytest.raises(ManifestError, match="the suite has no prompt 'b'"):
        read_manifest(write(folder, HEADER + "b,o,0.png\n"), prompts=suite)
    with pytest.raises(ManifestError, match="asks for video, the file is image"):
        read_manifest(write(folder, HEADER + "a,o,0.png\n"), prompts=suite)
    found = read_manifest(write(folder, HEADER + "a,us/m@a,0.png\n"))
    other = [*found.offers, type(found.offers[0])(id="x", model="x", provider="x")]
    with pytest.raises(ManifestError, match="has no row for offer 'x'"):
        FolderGenerator(other, tmp_path, manifest=str(found.path))


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not on this machine")
def test_real_generated_pictures(tmp_path):
    source = DATA / "generated_images_t2v_metrics"
    texts = json.loads((source / "prompts.json").read_text())
    rows = []
    for name, about in texts.items():
        for path in sorted((source / name).iterdir()):
            copy = tmp_path / "files" / f"{Path(name).name}-{path.name}"
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(path.read_bytes())
            rows.append([about["genai_bench_id"], about["prompt"], path.stem, copy.name])
    with open(tmp_path / "files" / "m.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["prompt_id", "prompt", "offer", "file"], *rows])
    result, outputs, _ = take_in(tmp_path / "files" / "m.csv", tmp_path / "w")
    assert result.counts == {Status.MADE: 8}
    assert {o.offer_id for o in outputs} == {"DALLE3", "SDXL", "Midjourney", "DeepFloyd"}
    assert all(o.width and o.width >= 200 for o in outputs)


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not on this machine")
def test_real_ranked_pictures(tmp_path):
    source = DATA / "imagereward"
    about = json.loads((source / "expected_scores.json").read_text())
    lines = []
    for i, name in enumerate(about["rewards"]):
        copy = tmp_path / Path(name).name
        copy.write_bytes((source / name).read_bytes())
        row = {
            "prompt": about["prompt"],
            "offer": f"imagereward/picture-{i + 1}",
            "file": copy.name,
        }
        lines.append(json.dumps(row))
    manifest = write(tmp_path, "\n".join(lines), "m.jsonl")
    result, outputs, _ = take_in(manifest, tmp_path / "w")
    assert result.counts == {Status.MADE: 4}
    assert {o.media_type for o in outputs} == {"image/webp"}


def test_an_id_that_is_another_rows_text_is_still_an_id(folder, tmp_path):
    manifest = write(
        folder, "prompt_id,prompt,offer,file\ncat,dog,us/m,0.png\ndog,cat,us/m,1.png\n"
    )
    _, outputs, _ = take_in(manifest, tmp_path / "w")
    assert {o.prompt_id: o.report["file"] for o in outputs} == {"cat": "0.png", "dog": "1.png"}


def test_rows_may_name_the_prompts_of_a_suite_by_id_or_by_text(folder, tmp_path):
    known = [Prompt(id=f"k{i}", text=f" text {i} ", category="portrait") for i in range(2)]
    manifest = write(folder, "prompt_id,prompt,offer,file\nk0,,us/m,0.png\n,text 1,us/m,1.png\n")
    found = read_manifest(manifest, prompts=known)
    with Store.open(tmp_path / "w", create=True) as store:
        generate(found.prompts, found.offers, store=store, round="r1")
        made = {o.prompt_id: o.report["file"] for o in store.outputs_of()}
    assert made == {"k0": "0.png", "k1": "1.png"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"category": "landscpe"}, "did you mean 'landscape'"),
        ({"category": "video"}, "has no images"),
        ({"file": "a\x00b.png"}, "no file name"),
        ({"file": "a" * 300}, "no file name"),
        ({"file": "ring"}, "no file name"),
        ({"cost": "1e30"}, "cost must be USD"),
        ({"seed": "9" * 5000}, "seed must be at most"),
        ({"repeat": "1000000"}, "repeat must be at most"),
    ],
)
def test_what_no_row_may_say(folder, row, message):
    (folder / "ring").symlink_to("ring")
    line = json.dumps({"prompt": "a kettle", "offer": "us/m", "file": "0.png", **row})
    with pytest.raises(ManifestError, match=f"row 1: .*{message}"):
        read_manifest(write(folder, line, "m.jsonl"))


def test_one_prompt_has_one_category(folder):
    manifest = write(
        folder,
        "prompt,offer,file,category\ncat,us/m,0.png,portrait\ncat,us/n,1.png,landscape\n",
    )
    with pytest.raises(ManifestError, match=r"row 3: .* in category 'portrait', not 'landscape'"):
        read_manifest(manifest)


def test_a_line_nested_beyond_reason_is_not_json(folder):
    with pytest.raises(ManifestError, match="line 1: not usable JSON"):
        read_manifest(write(folder, "[" * 100_000, "m.jsonl"))


def test_a_folder_that_moved_is_not_taken_in_twice(folder, tmp_path):
    take_in(write(folder, HEADER + "cat,us/m,0.png\n"), tmp_path / "w")
    moved = folder.rename(tmp_path / "moved")
    with pytest.raises(StoreError, match="manifest's path"):
        take_in(moved / "m.csv", tmp_path / "w")
