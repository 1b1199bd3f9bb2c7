"""Any table: answers are the columns that were named, and nothing else is read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import agreement_of

LIKERT = Path("../shared/data/dsg/tifa160-likert-anns.csv")
MAP = ("rater=worker", "prompt=request", "model=made_by")
NAMED = ("fits=alignment@1:5",)


def test_named_columns_are_answers_and_the_rest_is_told(load, write):
    path = write("worker,request,made_by,fits,mood", "w1,a fox,flux,4,sunny", "w2,a fox,flux,5,")
    found = load(path, "table", *MAP, criteria=NAMED)
    assert found.ratings == [
        ("flux", "a fox", "w1", "alignment", 4.0), ("flux", "a fox", "w2", "alignment", 5.0),
    ]  # fmt: skip
    assert found.report.ignored_columns == ("mood",)


def test_json_lines_say_the_same(load, write):
    row = {"worker": 1, "request": "a fox", "made_by": "flux", "fits": 4}
    path = write(json.dumps(row), json.dumps({**row, "worker": 2.0}), name="answers.jsonl")
    assert {r[2] for r in load(path, "table", *MAP, criteria=NAMED).ratings} == {"1", "2"}


def test_what_is_gzipped_is_read_as_what_it_is(load, write):
    table = b"worker\trequest\tmade_by\tfits\nw1\ta fox\tflux\t4\n"
    lines = b'{"worker": "w2", "request": "a fox", "made_by": "flux", "fits": 5}\n'
    files = [
        write(name="a.tsv.gz", content=gzip.compress(table)),
        write(name="b.jsonl.gz", content=gzip.compress(lines)),
    ]
    found = load(files, "table", *MAP, criteria=NAMED)
    assert [(r[2], r[4]) for r in found.ratings] == [("w1", 4.0), ("w2", 5.0)]


def test_parquet_as_pandas_writes_it(load, store, tmp_path):
    """Empty cells are no numbers there, and moments no texts; pictures are left where they are."""
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {
            "worker": ["w1", "w2", "w3"], "request": "a fox", "made_by": ["flux", "flux", "flux"],
            "fits": [4, None, 5], "picture": [b"\xff", b"", None], "mood": ["4,5", "", None],
            "when": pd.to_datetime(["2026-11-01 10:00", None, "2026-11-02 00:00"], utc=True),
        }
    )  # fmt: skip
    frame.to_parquet(tmp_path / "answers.parquet")
    named = (*NAMED, "mood=mood@0:10")
    with pytest.raises(
        RatingsError, match="line 1: question 'mood' was answered '4,5', which is no"
    ):
        load(tmp_path / "answers.parquet", "table", *MAP, criteria=named)
    found = load(tmp_path, "table", *MAP, "at=when", criteria=NAMED)
    assert [(r[2], r[4]) for r in found.ratings] == [("w1", 4.0), ("w3", 5.0)]
    assert found.report.dropped == {"no score": 1}
    assert sorted(r.at for r in store.ratings_of()) == [
        "2026-11-01T10:00:00+00:00", "2026-11-02T00:00:00+00:00",
    ]  # fmt: skip


def test_parquet_that_cannot_be_a_table_is_told(load, tmp_path):
    """Days that no calendar of ours reaches, and two columns of one name, of which one is lost."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {"worker": ["w1"], "request": ["a fox"], "made_by": ["flux"], "fits": [4]}
    late = pa.table(columns | {"when": pa.array([10**18]).cast(pa.timestamp("us"))})
    pq.write_table(late, tmp_path / "late.parquet")
    with pytest.raises(RatingsError, match="not readable as Parquet"):
        load(tmp_path / "late.parquet", "table", *MAP, criteria=NAMED)
    names = [*columns, "fits"]
    pq.write_table(pa.table([*columns.values(), [5]], names=names), tmp_path / "twice.parquet")
    with pytest.raises(RatingsError, match="column 'fits' stands in it twice"):
        load(tmp_path / "twice.parquet", "table", *MAP, criteria=NAMED)


class TestTraps:
    def test_categories_end_in_blanks(self, load, store, write):
        path = write("worker,request,made_by,category,fits", "w1,a fox,flux,portrait  ,4")
        load(path, "table", *MAP, criteria=NAMED)
        assert [p.category for p in store.prompts_of()] == ["portrait"]

    def test_line_breaks_quotes_and_other_scripts_in_fields(self, load, store, write):
        text = 'a "red"\nfox, 赤い狐, ثعلب'
        quoted = text.replace('"', '""')
        path = write("worker,request,made_by,fits", f'w1,"{quoted}",flux,4')
        load(path, "table", *MAP, criteria=NAMED)
        assert [p.text for p in store.prompts_of()] == [text]

    def test_one_model_under_three_names_is_pointed_at(self, load, write):
        rows = [f"w1,p{n},{name},4" for n, name in enumerate(("SD-XL", "sdxl", "sd_xl"))]
        found = load(write("worker,request,made_by,fits", *rows), "table", *MAP, criteria=NAMED)
        assert any("differ in case or marks only" in note for note in found.report.notes)

    def test_empty_cells_are_counted(self, load, write):
        path = write("worker,request,made_by,fits", "w1,a fox,flux,", "w2,a fox,flux,3")
        assert load(path, "table", *MAP, criteria=NAMED).report.dropped == {"no score": 1}

    def test_times_of_other_kinds_are_left_out_and_told(self, load, store, write):
        path = write("worker,request,made_by,fits,when", "w1,a fox,flux,4,Fri Jan 02 PST 2026")
        found = load(path, "table", *MAP, "at=when", criteria=NAMED)
        assert [r.at for r in store.ratings_of()] == [None]
        assert "1 time is not in ISO 8601 and left out" in found.report.notes


@pytest.mark.parametrize(
    ("row", "columns", "match"),
    [
        ("w1,a fox,flux,9", MAP, "line 2: 'fits' is 9, outside its scale 1 to 5"),
        ("w1,a fox,flux,0_4", MAP, "'fits' was answered '0_4', which is no number"),
        ("w1,a fox,flux,+3/-3", MAP, r"'fits' was answered '\+3/-3', which is no number"),
        ("w1,a fox,flux,4", (*MAP, "modality:=audio"), "modality 'audio' is unknown"),
        ("w1,a fox,flux,4", (*MAP, "model=made_by before last _"), "'flux' has no '_' to be split"),
        ("w1,a fox,flux,4", (*MAP, "model=folder of made_by"), "'flux' has no folder above it"),
        ("w1,a fox,flux,4", (*MAP, "model=made"), "no column 'made', which model was mapped to"),
    ],
)
def test_what_is_wrong_has_its_line(refused, write, row, columns, match):
    path = write("worker,request,made_by,fits", row)
    refused(path, "table", *columns, criteria=NAMED, match=match)


def test_a_value_that_is_no_single_answer(refused, write):
    path = write(json.dumps({"fits": {"flux": {"sdxl": 1}}}), name="answers.json")
    refused(path, "table", criteria=NAMED, match="'fits' holds an object, which is no single")


def test_decimal_commas_of_excel_are_read_and_told(load, write):
    head = "worker;request;made_by;fits"
    path = write(head, "w1;a fox;flux;4,5", "w2;a fox;flux;3", "w3;a fox;flux;2,25")
    found = load(path, "table", *MAP, criteria=NAMED)
    assert [r[-1] for r in found.ratings] == [4.5, 3.0, 2.25]
    assert "4,5 is read as 4.5, since the columns are parted by semicolons" in found.report.notes


@pytest.mark.parametrize("answers", [("850,5", "1.250"), ("1.250", "12", "850,5")])
@pytest.mark.parametrize("format", ["table", "long"])
def test_points_of_thousands_are_told_from_none(refused, write, answers, format):
    rows = (f"w{n};a fox;flux;{said}" for n, said in enumerate(answers))
    path = write("rater_id;prompt;model_id;score", *rows)
    criteria = ("score=size@0:2000",) if format == "table" else ()
    scale = None if criteria else "0:2000"
    refused(path, format, criteria=criteria, scale=scale,
            match=f"line {len(answers) + 1}: the table has '850,5' and '1.250'")  # fmt: skip


def test_decimals_that_are_no_thousands_are_read_beside_commas(load, write):
    rows = (f"w{n};a fox;flux;{said}" for n, said in enumerate(("4,5", "0.250", "3.5", "4.0000")))
    found = load(
        write("worker;request;made_by;fits", *rows), "table", *MAP, criteria=("fits=q@0:5",)
    )
    assert [r[-1] for r in found.ratings] == [4.5, 0.25, 3.5, 4.0]


def test_points_alone_are_decimals(load, write):
    path = write("worker;request;made_by;fits", "w1;a fox;flux;1.250")
    assert load(path, "table", *MAP, criteria=NAMED).ratings[0][-1] == 1.25


def test_a_comma_between_commas_stays_two_answers(refused, write):
    path = write("worker,request,made_by,fits", 'w1,a fox,flux,"4,5"')
    refused(path, "table", *MAP, criteria=NAMED, match="'fits' was answered '4,5', which is no")


def test_a_category_that_ships_is_known_in_any_spelling(load, store, write):
    rows = (f"w{n},a fox,flux,{c},4" for n, c in enumerate(("Product Photo", "product_photo ", "")))
    load(write("worker,request,made_by,category,fits", *rows), "table", *MAP, criteria=NAMED)
    assert [p.category for p in store.prompts_of()] == ["product-photo"]


def test_what_stands_in_the_way_is_told_with_the_way_around(refused, load, write):
    path = write("worker,request,made_by,category,fits", "w1,a fox,flux,Cinematic,4")
    refused(path, "table", *MAP, criteria=NAMED, match="--map category:=general")
    assert load(path, "table", *MAP, "category:=general", criteria=NAMED).report.kept == 1


def test_ids_of_prompts_and_second_showings_are_told_what_to_say(refused, write):
    path = write("worker,item_id,made_by,fits", "w1,a fox,flux,4", "w1,a fox,sdxl,3")
    refused(path, "table", "rater=worker", "model=made_by", criteria=NAMED,
            match="--map prompt=item_id")  # fmt: skip
    path = write("worker,request,made_by,fits,day", "w1,a fox,flux,4,1", "w1,a fox,flux,3,2")
    refused(path, "table", *MAP, criteria=NAMED, match="--map session=COLUMN")


def test_a_second_scale_is_told_where_its_name_is_said(refused, write):
    path = write("worker,request,made_by,fits,looks", "w1,a fox,flux,4,", "w2,a fox,flux,,40")
    refused(path, "table", *MAP, criteria=("fits=look@1:5", "looks=look@0:100"),
            match=r"a criterion of its own \(--criterion QUESTION=NAME\)")  # fmt: skip


def test_a_scale_beside_the_stores_is_told_where_its_name_is_said(load, write):
    path = write("worker,request,made_by,fits,looks", "w1,a fox,flux,4,", "w2,a fox,flux,,40")
    load(path, "table", *MAP, criteria=("fits=look@1:5",))
    with pytest.raises(RatingsError, match=r"of their own \(--criterion QUESTION=NAME\)"):
        load(path, "table", *MAP, criteria=("looks=look@0:100",))


@pytest.mark.parametrize(
    ("first", "second", "match"),
    [
        ("i1,p1,,m1,4", "i1,p1,,m1,3", r"or tell its session \(session_id\); nothing"),
        ("i1,p1,Cinematic,m1,4", "", "correct it or leave it empty; nothing"),
        ("i1,p1,,m1,4", "i1,p1,,m2,4", "give the items ids of their own; nothing"),
    ],
)
def test_a_format_that_takes_no_mapping_is_told_of_none(refused, write, first, second, match):
    rows = (f"w1,{row}" for row in (first, second) if row)
    path = write("rater_id,item_id,prompt_id,category,model_id,score", *rows)
    assert "--map" not in refused(path, "long", scale="1:5", match=match)


def test_a_format_that_refuses_most_mappings_is_told_of_none(refused, write):
    battle = {"question_id": "q1", "model_a": "a", "model_b": "b", "winner": "model_a"}
    rows = (json.dumps({**battle, "prompt": text}) for text in ("a fox", "an owl"))
    assert "--map" not in refused(write(*rows, name="b.jsonl"), "arena", match="ids of their own")


def test_items_are_named_once_and_found(refused, write, load):
    path = write("item_id,worker,fits", "i1,w1,4", "i2,w1,3")
    items = write("id,prompt,model_id", "i1,a fox,flux", "i2,a fox,sdxl", name="items.csv")
    found = load(path, "table", "rater=worker", criteria=NAMED, items=items)
    assert [r[0] for r in found.ratings] == ["flux", "sdxl"]


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        (("id,prompt", "i1,a fox"), "item 'i2' is not in"),
        (("id,prompt", "i1,a", "i1,b"), "id 'i1' is empty or stands there twice"),
        (("name,prompt", "i1,a"), "column 'item_id' .or 'id'. is missing"),
    ],
)
def test_items_that_are_wrong(refused, write, lines, match):
    path = write("item_id,worker,fits", "i1,w1,4", "i2,w1,3")
    items = write(*lines, name="items.csv")
    refused(path, "table", "rater=worker", "model:=m", criteria=NAMED, items=items, match=match)


def test_answers_must_be_named(refused, write):
    refused(write("worker,fits", "w1,4"), "table", match="nobody said which columns are answers")
    refused(write("worker,fits"), "table", criteria=NAMED, match="no row in it")


def test_a_question_that_is_no_column_is_told_the_columns(refused, write):
    path = write("worker,made_by,request,fits", "w1,flux,a fox,4")
    refused(
        path,
        "table",
        criteria=("zzzz=look@1:5",),
        match=r"no question 'zzzz' \(known: fits, made_by, request, worker\)",
    )
    refused(path, "table", criteria=("fitz=look@1:5",), match=r"did you mean 'fits'\?")


def test_a_format_that_says_itself_what_is_what_takes_no_mapping(refused, write):
    path = write("prompt_id,model_id,rater_id,score", "p,m,w,4")
    refused(path, "long", "rater=worker", scale="1:5", match="takes no --map; leave it out")
    refused(path, "long", criteria=("score=q",), scale="1:5", match="takes no --criterion")


@pytest.mark.skipif(not LIKERT.exists(), reason="needs ../shared/data/dsg, which is not ours")
def test_published_ratings_of_five_workers(store, load):
    """DSG's Likert ratings: 3,995 of 5 x 800, Krippendorff's alpha 0.684 on an interval scale."""
    found = load(
        LIKERT, "table", "rater=worker_id", "model=t2i_model", "prompt=item_id",
        criteria=("answer=alignment@1:5",), keep_rater_ids=False,
    )  # fmt: skip
    report = found.report
    assert (report.kept, report.raters, report.items, len(report.offers)) == (3995, 5, 800, 5)
    (agreement,) = agreement_of(store)
    assert round(agreement.alpha, 3) == 0.684


def test_a_column_that_was_mapped_to_something_is_nothing_else(load, write):
    """Trap: DSG calls its prompts item_id."""
    path = write("worker,item_id,made_by,fits", "w1,a fox,flux,4", "w1,a fox,sdxl,3")
    found = load(path, "table", "rater=worker", "prompt=item_id", "model=made_by", criteria=NAMED)
    assert [r[0] for r in found.ratings] == ["flux", "sdxl"]


class TestAColumnAPicture:
    """Forms have a column a question: its name says what was rated, or who rated it."""

    HEAD = "who,How good? [flux / p1],How good? [flux / p2],How good? [sdxl / p1],Age"
    ROWS = ("ann,4,5,2,33", "bob,3,,1,41")

    def test_a_star_names_many_and_items_say_what_they_are(self, load, write):
        items = write(
            "item_id,prompt,model_id", "How good? [flux / p1],a fox,flux",
            "How good? [flux / p2],an owl,flux", "How good? [sdxl / p1],a fox,sdxl",
            name="items.csv",
        )  # fmt: skip
        found = load(write(self.HEAD, *self.ROWS), "table", "rater=who", "item=question",
                     criteria=("How good*=quality@1:5",), items=items)  # fmt: skip
        assert found.ratings == [
            ("flux", "a fox", "ann", "quality", 4.0), ("flux", "a fox", "bob", "quality", 3.0),
            ("flux", "an owl", "ann", "quality", 5.0), ("sdxl", "a fox", "ann", "quality", 2.0),
            ("sdxl", "a fox", "bob", "quality", 1.0),
        ]  # fmt: skip
        assert found.report.dropped == {"no score": 1}
        assert found.report.ignored_columns == ("Age",)

    def test_a_column_a_rater(self, load, write):
        path = write("request,made_by,r_ann,r_bob", "a fox,flux,4,3", "a fox,sdxl,2,")
        found = load(path, "table", "prompt=request", "model=made_by",
                     "rater=question after first _", criteria=("r_*=quality@1:5",))  # fmt: skip
        assert [(r[0], r[2], r[4]) for r in found.ratings] == [
            ("flux", "ann", 4.0), ("flux", "bob", 3.0), ("sdxl", "ann", 2.0),
        ]  # fmt: skip

    def test_what_was_named_itself_and_what_was_mapped_is_not_spread_over(self, load, write):
        path = write("q who,q1,q2,q3*", "ann,4,3,50")
        found = load(path, "table", "prompt:=p", "model:=m", "rater=q who",
                     criteria=("q*=look@1:5", "q3*=share@0:100", "q2=fit@1:5"))  # fmt: skip
        assert [r[3:] for r in found.ratings] == [("fit", 3.0), ("look", 4.0), ("share", 50.0)]

    def test_rows_of_json_that_say_different_things_are_all_heard(self, load, write):
        rows = [{"q1": 4, "w": "ann"}, {"q2": 5, "w": "bob"}]
        path = write(*map(json.dumps, rows), name="answers.jsonl")
        found = load(path, "table", "rater=w", "prompt=question", "model:=m",
                     criteria=("q*=look@1:5",))  # fmt: skip
        assert [r[1:] for r in found.ratings] == [("q1", "ann", "look", 4.0),
                                                  ("q2", "bob", "look", 5.0)]  # fmt: skip

    def test_a_star_that_is_like_no_column_is_told_the_columns(self, refused, write):
        refused(write(self.HEAD, *self.ROWS), "table", criteria=("Nice*=look@1:5",),
                match=r"no question 'Nice\*' \(known: Age, How good")  # fmt: skip


class TestQualtrics:
    HEAD = "Status,PROLIFIC_PID,Q1_1,Q1_2"
    LABELS = "Response Type,PROLIFIC_PID,How good? - flux,How good? - sdxl"
    IDS = ",".join(f'"{{""ImportId"":""{name}""}}"' for name in ("status", "PID", "QID1", "QID2"))
    SAID = ("rater=PROLIFIC_PID", "prompt:=a fox", "model=question")

    def test_the_rows_below_the_header_are_no_answers(self, load, write):
        rows = ("IP Address,ann,4,2", "Survey Preview,bob,1,1", "Spam,eve,1,1", "0,cy,5,3")
        path = write(self.HEAD, self.LABELS, self.IDS, *rows)
        found = load(path, "table", *self.SAID, criteria=("Q1_*=look@1:5",))
        assert [r[2:] for r in found.ratings if r[0] == "Q1_1"] == [
            ("ann", "look", 4.0), ("cy", "look", 5.0),
        ]  # fmt: skip
        assert found.report.dropped == {"preview or spam": 4}

    @pytest.mark.parametrize(
        "status",
        ["Survey Test", "2", "Survey Preview Spam", "9", "Imported Spam", "12", "17", "40",
         "Offline Survey Preview", "EX Spam"],
    )  # fmt: skip
    def test_whatever_previews_and_spam_are_called(self, load, write, status):
        path = write(self.HEAD, self.LABELS, self.IDS, f"{status},eve,1,1", "Imported,ann,4,2")
        found = load(path, "table", *self.SAID, criteria=("Q1_*=look@1:5",))
        assert (found.report.kept, found.report.dropped) == (2, {"preview or spam": 2})

    def test_a_status_of_another_table_says_nothing(self, load, write):
        path = write(self.HEAD, "Spam,ann,4,2")
        found = load(path, "table", *self.SAID, criteria=("Q1_*=look@1:5",))
        assert (found.report.kept, found.report.dropped) == (2, {})


@pytest.mark.parametrize(("column", "is_told"), [("mos_quality", True), ("MOS", True),
                         ("Avg", True), ("quality", False), ("meaning", False)])  # fmt: skip
def test_a_mean_of_raters_is_told(load, write, column, is_told):
    path = write(f"request,made_by,{column}", "a fox,flux,3.7")
    found = load(path, "table", "prompt=request", "model=made_by", criteria=(f"{column}=q@1:5",))
    assert any("reads like a mean over raters" in note for note in found.report.notes) == is_told


class TestCountsOfVotes:
    """KonIQ-10k has a row a picture, and in ``c1`` to ``c5`` how many people gave that score."""

    HEAD = "image_name,c1,c2,c3,c4,c5,c_total,MOS,SD"
    ROWS = ("a.jpg,0,0,25,73,7,105,3.82857142857,0.53", "b.jpg,0,3,45,47,1,96,3.48,0.58")
    SAID = ("prompt=image_name", "model:=photos")

    def test_no_count_is_an_answer(self, refused, write):
        for scale in ("1:5", "0:200"):
            refused(write(self.HEAD, *self.ROWS), "table", *self.SAID, criteria=("c*=q",),
                    scale=scale, match="line 2: 'c1' tells how many people gave one score, or what "
                    "share of them, as all of c1 to c5 do: write a row for each vote")  # fmt: skip

    @pytest.mark.parametrize(
        "rows",
        [("a.jpg,0,0,0.238,0.695,0.067,1,3.829,0.53", "b.jpg,0,0.03,0.47,0.49,0.01,1,3.48,0.58"),
         ("a.jpg,0,0,0.24,0.7,0.07,105,3.82857,0.53", "b.jpg,0,.03,.47,.49,.01,96,3.48,0.58"),
         ("a.jpg,0,0,24,70,7,105,3.82857,0.53", "b.jpg,0,3,47,49,1,96,3.48,0.58"),
         ("a.jpg,1,0,0,0,0,1,1,0", "b.jpg,0,0,1,0,0,1,3,0")],
    )  # fmt: skip
    def test_no_share_is_an_answer(self, refused, write, rows):
        """They entered as one answer each, on any scale that holds them."""
        path = write(self.HEAD, *rows)
        refused(path, "table", *self.SAID, criteria=("c*=q",), scale="0:200",
                match="line 2: 'c1' tells how many people gave one score, or what share of them"
        )  # fmt: skip

    def test_no_share_with_a_decimal_comma_is_an_answer(self, refused, write):
        rows = (row.replace(",", ";").replace(".", ",") for row in
                (self.HEAD, "a;0;0;0.24;0.7;0.06;9;3.82;0.5"))  # fmt: skip
        refused(write(*rows), "table", *self.SAID, criteria=("c*=q",), scale="0:9",
                match="line 2: 'c1' tells how many people gave one score")  # fmt: skip

    def test_a_mean_says_that_its_votes_are_there(self, load, write):
        found = load(write(self.HEAD, *self.ROWS), "table", *self.SAID, criteria=("MOS=q@1:5",))
        assert any("write a row for each vote" in note for note in found.report.notes)

    @pytest.mark.parametrize(
        "row", ["a,3,3,3,3,3,3", "a,1,4,1,2,2,2", "a,9,9,9,9,,9", "a,0,0,0,1,0,0.2"]
    )
    def test_answers_beside_their_mean_are_answers(self, load, write, row):
        path = write("who,q1,q2,q3,q4,q5,mean", row, row.replace("a", "b"))
        said = ("rater=who", "prompt=question", "model:=m")
        found = load(path, "table", *said, criteria=("q*=look@0:9",))
        assert found.report.kept == sum(cell.isdecimal() for cell in row.split(",")[1:6]) * 2


def test_a_name_that_an_entry_lacks_is_counted_like_an_empty_cell(load, write):
    rows = ({"worker": "w1", "fits": 4}, {"worker": "w2"}, {"worker": "w3", "fits": None})
    told = (json.dumps({**row, "request": "a fox", "made_by": "flux"}) for row in rows)
    found = load(write(*told, name="a.jsonl"), "table", *MAP, criteria=NAMED)
    assert (found.report.read, found.report.dropped) == (3, {"no score": 2})


@pytest.mark.parametrize(("who", "is_told"), [("ann", False), ("", True)])
def test_what_someone_rated_is_no_mean_of_raters(load, write, who, is_told):
    path = write("who,request,made_by,avg_look", f"{who},a fox,flux,4", "bob,an owl,flux,3")
    said = ("rater=who", "prompt=request", "model=made_by")
    notes = load(path, "table", *said, criteria=("avg_look=q@1:5",)).report.notes
    assert any("one rating of nobody" in note for note in notes) == is_told
