"""Importers read what others publish, row by row, and invent no labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from qfloor import suite
from qfloor.errors import SuiteError
from qfloor.suite.importing import IMPORTERS

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

REAL = [
    ("partiprompts", "prompts_parti/PartiPrompts.tsv", 1632, {"general"}),
    ("vbench", "prompts_vbench/VBench_full_info.json", 946, {"video"}),
    ("vbench", "prompts_vbench/VBench2_full_info.json", 1230, {"video"}),
    ("longtext", "prompts_longtext_bench/text_prompts.jsonl", 160, {"text-in-image"}),
    ("longtext", "prompts_longtext_bench/text_prompts_zh.jsonl", 160, {"text-in-image"}),
]


@pytest.mark.parametrize(("format", "file", "n", "categories"), REAL)
def test_real_sets(tmp_path: Path, format: str, file: str, n: int, categories: set[str]) -> None:
    if not (DATA / file).exists():
        pytest.skip(f"../shared/data/{file} is not here")
    imported = suite.import_suite(DATA / file, format)
    assert len(imported.prompts) == n
    assert {p.category for p in imported.prompts} == categories
    written = suite.write(imported, tmp_path / "s.toml")
    assert suite.load(written).digest == imported.digest


def test_geneval_and_drawbench(tmp_path: Path) -> None:
    rows = [
        {"tag": "counting", "include": [{"class": "cup", "count": 3}], "prompt": "three cups"},
        {"tag": "position", "include": [], "prompt": "a cup left of a fork"},
    ]
    geneval = tmp_path / "g.jsonl"
    geneval.write_text("\n".join(map(json.dumps, rows)))
    imported = suite.import_suite(geneval, "geneval")
    assert [p.tags for p in imported.prompts] == [("count",), ("relation",)]
    assert imported.prompts[0].source == "GenEval: counting"
    draw = tmp_path / "d.csv"
    draw.write_text('Prompts,Category\n"A cat, ""asleep"".",Conflicting\nTwo dogs,Counting\n')
    imported = suite.import_suite(draw, "drawbench", category="animation")
    assert imported.prompts[0].text == 'A cat, "asleep".'
    assert {p.category for p in imported.prompts} == {"animation"}


def test_csv_with_columns_and_maps(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("caption,kind,secs\na man,people,\na wave,clips,4\n")
    imported = suite.import_suite(
        path, "csv",
        columns={"text": "caption", "category": "kind", "seconds": "secs"},
        categories={"people": "portrait", "clips": "video"},
    )  # fmt: skip
    assert [(p.category, p.modality, p.seconds) for p in imported.prompts] == [
        ("portrait", "image", None),
        ("video", "video", 4.0),
    ]


def test_a_csv_is_called_as_its_file_is_so_that_ids_of_two_differ(tmp_path: Path) -> None:
    for name, text in {"Our May.csv": "a man", "june.csv": "a wave"}.items():
        (tmp_path / name).write_text(f"text\n{text}\n")
    may, june = (suite.import_suite(tmp_path / n, "csv") for n in ("Our May.csv", "june.csv"))
    assert (may.name, june.name) == ("our-may", "june")
    assert {p.id for p in may.prompts}.isdisjoint(p.id for p in june.prompts)
    assert suite.import_suite(tmp_path / "june.csv", "csv", name="theirs").name == "theirs"


def test_labels_that_are_no_category_are_told(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "text,kind\na mug,mugs\na cup,mugs\na man,Portrait\na hill,places\na,general\nb,\n"
    )
    told: list[str] = []
    columns = {"text": "text", "category": "kind"}
    imported = suite.import_suite(
        path, "csv", columns=columns, categories={"places": "landscape"}, say=told.append
    )
    assert [p.category for p in imported.prompts] == [
        "general", "general", "portrait", "landscape", "general", "general",
    ]  # fmt: skip
    assert len(told) == 1
    assert told[0].startswith(
        "2 rows have a label that is no category ('mugs' in 2), taken as general; the categories"
    )
    assert told[0].endswith("(--map LABEL=CATEGORY, or --category for all)")
    told.clear()
    suite.import_suite(path, "csv", columns=columns, category="animation", say=told.append)
    assert told == []


def test_a_label_that_is_mapped_and_that_no_row_has_is_told(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("text,category\na man,people\na hill,places\n")
    told: list[str] = []
    mapped = {"people": "portrait", "place": "landscape", "Oddities": "portrait"}
    suite.import_suite(path, "csv", categories=mapped, category="portrait", say=told.append)
    assert told == [
        "--map place=...: no row has this label; did you mean 'places'?",
        "--map Oddities=...: no row has this label",
    ]
    told.clear()
    columns = {"category": ""}
    suite.import_suite(path, "csv", categories={"people": "portrait"}, columns=columns,
                       say=told.append)  # fmt: skip
    assert told[-1] == (
        "--map people=...: no row has this label; no row has any: is their column read? "
        "(--column category=NAME)"
    )


@pytest.mark.parametrize(
    ("format", "content", "options", "says"),
    [
        ("csv", "a,b\n1,2\n", {},
         "line 2: no field 'text'; it has a, b; name it with --column text=NAME"),
        ("csv", "text\n \nx\n", {}, None),
        ("csv", "text,s\nx,soon\n", {"columns": {"text": "text", "seconds": "s"}},
         "line 2: seconds is 'soon', must be a number"),
        ("csv", "text\nx\n", {"category": "portrat"}, "'portrat' is unknown; did you mean"),
        ("geneval", '{"tag": "x"}', {}, "line 1: no field 'prompt'"),
        ("geneval", '{"tag": "x", "prompt": null}', {}, "line 1: field 'prompt' is null"),
        ("geneval", '{"tag": "x", "prompt": {"en": "a"}}', {},
         "line 1: prompt is {'en': 'a'}, must be text"),
        ("geneval", '{"tag": ["x"], "prompt": "a"}', {}, "line 1: tag is ['x'], must be text"),
        ("longtext", '{"prompt": 7, "text": "a"}', {}, "line 1: prompt is 7, must be text"),
        ("vbench", '[{"prompt_en": ["a"], "dimension": []}]', {},
         "entry 1: prompt_en is ['a'], must be text"),
        ("longtext", '{"prompt": "x", "text": 5}', {}, "line 1: text is 5, must be text"),
        ("vbench", "[]", {}, "holds no prompts"),
        ("drawbnech", "", {}, "did you mean 'drawbench'"),
    ],
)  # fmt: skip
def test_bad_sets(
    tmp_path: Path, format: str, content: str, options: dict[str, object], says: str | None
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)
    if says is None:
        assert len(suite.import_suite(path, format, **options).prompts) == 1
        return
    with pytest.raises(SuiteError) as told:
        suite.import_suite(path, format, **options)
    assert says in str(told.value)


def test_every_importer_refuses_a_missing_file(tmp_path: Path) -> None:
    for format in IMPORTERS:
        with pytest.raises(SuiteError, match="no such file"):
            suite.import_suite(tmp_path / "none", format)


def test_sampling_a_log_keeps_inclusion_probabilities(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    rows = [{"prompt": f"a face {i}", "category": "portrait"} for i in range(50)]
    rows += [{"prompt": f"a wave {i}", "category": "video"} for i in range(5)]
    rows += [{"prompt": "a face 1", "category": "portrait"}, {"prompt": "odd", "category": "?"}]
    log.write_text("\n".join(map(json.dumps, rows)))
    drawn, inclusion = suite.sample_log(log, 10, np.random.default_rng(1))
    again, _ = suite.sample_log(log, 10, np.random.default_rng(1))
    other, _ = suite.sample_log(log, 10, np.random.default_rng(2))
    assert drawn.digest == again.digest != other.digest
    by_category = {c: [p for p in drawn.prompts if p.category == c] for c in
                   ("portrait", "video", "general")}  # fmt: skip
    assert {c: len(ps) for c, ps in by_category.items()} == {
        "portrait": 10, "video": 5, "general": 1,
    }  # fmt: skip
    assert {inclusion[p.id] for p in by_category["portrait"]} == {10 / 50}
    assert {inclusion[p.id] for p in by_category["video"]} == {1.0}
    path = suite.write(drawn, tmp_path / "own.toml")
    assert suite.load(path).digest == drawn.digest
    with pytest.raises(SuiteError, match="no field 'text'"):
        suite.sample_log(log, 10, np.random.default_rng(1), text_field="text")


def test_a_category_is_guessed_only_where_the_log_names_none(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    rows = [{"prompt": "a face"}, {"prompt": "odd"}, {"prompt": "a hill", "category": "portrait"}]
    log.write_text("\n".join(map(json.dumps, rows)))
    rng = np.random.default_rng(0)
    drawn, _ = suite.sample_log(log, 5, rng, guess={"a face": "landscape"}.get)
    found = {p.text: p.category for p in drawn.prompts}
    assert found == {"a face": "landscape", "odd": "general", "a hill": "portrait"}


def test_labels_that_are_no_category_are_told_with_their_rows(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    labels = ["Portrait", "mascots", "mascots", "general", "", "portrait"]
    log.write_text("prompt,category\n" + "".join(f"no {i},{x}\n" for i, x in enumerate(labels)))
    said: list[str] = []
    for guess in (None, {"no 4": "landscape"}.get):
        drawn, _ = suite.sample_log(log, 9, np.random.default_rng(0), guess=guess, say=said.append)
        assert [p.category for p in drawn.prompts].count("portrait") == 2
    assert said[0] == said[1]
    assert "2 rows have a label that is no category ('mascots' in 2)" in said[0]
    log.write_text("prompt,category\na face,portrait\nodd,general\nnone,\n")
    suite.sample_log(log, 9, np.random.default_rng(0), say=said.append)
    assert len(said) == 2
    strange = "".join(f"no {i},c{i}\n" for i in range(9))
    log.write_text("prompt,category\n" + strange)
    suite.sample_log(log, 9, np.random.default_rng(0), say=said.append)
    assert "'c5' in 1 and 3 more labels), taken as general" in said[2]


def test_rows_that_repeat_a_request_are_counted(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("prompt,category\na face,portrait\na  face ,portrait\na face,\na hill,\n")
    said: list[str] = []
    drawn, _ = suite.sample_log(log, 5, np.random.default_rng(0), say=said.append)
    assert len(drawn.prompts) == 3
    assert said == [
        f"{log}: 1 row repeats the text and category of an earlier one; equal ones are one request"
    ]


def test_a_request_without_text_is_none(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"prompt": null}\n{"prompt": "a face"}\n')
    said: list[str] = []
    drawn, _ = suite.sample_log(log, 5, np.random.default_rng(0), say=said.append)
    assert [p.text for p in drawn.prompts] == ["a face"]
    assert said == [f"{log}: 1 row without text is left out"]


@pytest.mark.parametrize("value", [{"text": "a face", "steps": 30}, ["a face"], 7, False])
def test_a_request_is_text(tmp_path: Path, value: object) -> None:
    """An object was drawn as its Python spelling, and bought as a prompt."""
    log = tmp_path / "log.jsonl"
    log.write_text("\n".join(json.dumps({"prompt": row}) for row in ("a hill", value)))
    with pytest.raises(SuiteError) as told:
        suite.sample_log(log, 5, np.random.default_rng(0))
    assert str(told.value) == (
        f"{log}: line 2: 'prompt' is {value!r}, must be text; name the right one with --text-field"
    )


def test_vbench_names_one_dimension_or_several(tmp_path: Path) -> None:
    path = tmp_path / "full.json"
    named = ("color", ["color", "scene"], None)
    path.write_text(json.dumps([{"prompt_en": "a", "dimension": one} for one in named]))
    imported = suite.import_suite(path, "vbench")
    sources = [prompt.source for prompt in imported.prompts]
    assert sources == ["VBench: color", "VBench: color+scene", "VBench: "]


def test_a_csv_with_our_names_is_read_by_them(tmp_path: Path) -> None:
    """Its ids, categories and languages were left aside in silence."""
    path = tmp_path / "own.csv"
    path.write_text(
        "id,category,prompt,language,modality,seconds,tags,owner\n"
        "mug,product-photo,a mug,en,image,,count|colour,ann\n"
        "hill,Landscape,ein Hügel,de,image,,,bob\n"
        "clip,video,a wave,en,video,4,,bob\n"
    )
    told: list[str] = []
    read = suite.import_suite(path, "csv", say=told.append)
    assert [
        (p.id, p.category, p.text, p.language, p.modality, p.seconds) for p in read.prompts
    ] == [
        ("mug", "product-photo", "a mug", "en", "image", None),
        ("hill", "landscape", "ein Hügel", "de", "image", None),
        ("clip", "video", "a wave", "en", "video", 4.0),
    ]
    assert read.prompts[0].tags == ("count", "colour")
    assert read.prompts[0].family == "mug"  # its half does not change when rows move
    assert told == ["columns left aside: owner (--column FIELD=NAME reads one)"]
    other = suite.import_suite(
        path, "csv", columns={"text": "owner", "language": "", "category": ""}
    )
    assert [(p.text, p.language, p.category) for p in other.prompts] == [
        ("ann", "en", "general"), ("bob", "en", "general"), ("bob", "en", "general"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "columns", "says"),
    [
        ("id,text\na,x\nb,y\na,z\n", {}, "line 4: id 'a' is that of line 2 too"),
        ("text,k\nx,y\n", {"langauge": "k"}, "do not have: langauge; did you mean 'language'"),
        ("text\nx\n", {"source": "text"}, "do not have: source; known: id, text,"),
    ],
)
def test_bad_columns(tmp_path: Path, content: str, columns: dict[str, str], says: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(content)
    with pytest.raises(SuiteError) as told:
        suite.import_suite(path, "csv", columns=columns)
    assert says in str(told.value)
