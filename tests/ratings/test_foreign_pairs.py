"""Pairs out of other tools' files: every trap of facts section 5 that is one of pairs, a test."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from pathlib import Path

import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import FORMATS, ReadOptions, import_ratings, parse_mapping

ROUND = "2026-11"
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
BATTLE = {
    "question_id": "q1", "model_a": "cheap", "model_b": "dear", "winner": "model_b",
    "judge": "arena_user_9", "tstamp": 1690000000.5, "anony": True, "language": "English",
}  # fmt: skip


@pytest.fixture
def read(store):
    def read(path, format, **options):
        return import_ratings(store, path, format, round=ROUND, **options)

    return read


@pytest.fixture
def dump(tmp_path):
    """Write entries as a JSON array, or as lines."""

    def dump(entries, name="file.json", lines=False):
        path = tmp_path / name
        text = "\n".join(json.dumps(e) for e in entries) if lines else json.dumps(entries)
        path.write_text(text, encoding="utf-8")
        return path

    return dump


def winners(store):
    return Counter(c.winner for c in store.comparisons_of())


def models(store):
    return {
        tuple(
            store.output(name).offer_id.split("/", 1)[1]
            for name in (c.left_output_id, c.right_output_id)
        )
        for c in store.comparisons_of()
    }


def refused(store, read, path, format, message, **options):
    with pytest.raises(RatingsError, match=message) as caught:
        read(path, format, **options)
    assert "\n" not in str(caught.value)
    assert list(store.comparisons_of()) == list(store.outputs_of()) == []


class TestArena:
    def test_a_battle_keeps_what_it_says(self, store, read, dump):
        report = read(dump([BATTLE]), "arena", keep_rater_ids=True)
        (found,) = store.comparisons_of()
        assert (found.winner, found.rater) == ("right", "arena_user_9")
        assert found.at == "2023-07-22T04:26:40.500000+00:00"
        assert models(store) == {("cheap", "dear")}
        assert {o.prompt_id for o in store.outputs_of()} == {"q1"}
        assert report.ignored_columns == ("language",)

    @pytest.mark.parametrize(
        ("said", "meant"),
        [("model_a", "left"), ("model_b", "right"), ("tie", "tie"), ("tie (bothbad)", "both_bad"),
         ("both_bad", "both_bad")],
    )  # fmt: skip
    def test_every_outcome_has_a_meaning(self, store, read, dump, said, meant):
        read(dump([{**BATTLE, "winner": said}]), "arena")
        assert winners(store) == {meant: 1}

    @pytest.mark.parametrize("said", ["model_c", "", "0.5", "A", None])
    def test_an_unknown_outcome_is_an_error_and_no_half_win(self, store, read, dump, said):
        path = dump([BATTLE, {**BATTLE, "winner": said}])
        refused(store, read, path, "arena", "entry 2: winner .* is unknown")

    def test_battles_in_the_open_are_dropped(self, store, read, dump):
        report = read(dump([BATTLE, {**BATTLE, "anony": False, "tstamp": 2}]), "arena")
        assert (report.read, report.comparisons) == (2, 1)
        assert report.dropped == {"not anonymous": 1}

    def test_a_json_file_may_be_json_lines(self, store, read, dump):
        other = {**BATTLE, "question_id": "q2"}
        assert read(dump([BATTLE, other], lines=True), "arena").comparisons == 2

    def test_an_empty_judge_is_nobody(self, store, read, dump):
        battles = [{**BATTLE, "judge": j, "tstamp": n} for n, j in enumerate(("", None, "ann"))]
        report = read(dump(battles), "arena")
        assert (report.anonymous, report.raters, report.comparisons) == (2, 1, 3)

    def test_one_model_under_three_names_is_pointed_at(self, store, read, dump):
        names = ("SDXL", "sdxl", "SD-XL")
        battles = [{**BATTLE, "model_a": n, "question_id": f"q{n}"} for n in names]
        notes = read(dump(battles), "arena").notes
        assert any("differ in case or marks only" in note and note.count("imported/") == 3
                   for note in notes)  # fmt: skip

    def test_a_model_against_itself_is_two_outputs(self, store, read, dump):
        read(dump([{**BATTLE, "model_b": "cheap"}]), "arena")
        (found,) = store.comparisons_of()
        assert found.left_output_id != found.right_output_id

    def test_battles_of_no_question_share_one_prompt(self, store, read, dump):
        bare = {k: BATTLE[k] for k in ("model_a", "model_b", "winner")}
        report = read(dump([bare, bare, {**bare, "winner": "tie"}]), "arena")
        assert (report.comparisons, report.prompts, report.items) == (3, 1, 2)
        assert "3 battles without a question: one prompt stands for all" in report.notes

    def test_a_text_is_a_question_where_no_id_is(self, store, read, dump):
        bare = {k: v for k, v in BATTLE.items() if k != "question_id"}
        asked = [{**bare, "prompt": text} for text in ("a red fox", "an owl", "an owl")]
        report = read(dump([{**b, "tstamp": n} for n, b in enumerate(asked)]), "arena")
        assert (report.comparisons, report.prompts, report.notes) == (3, 2, ())
        assert {p.text for p in store.prompts_of()} == {"a red fox", "an owl"}

    def test_newer_releases_say_id_and_timestamp(self, store, read, dump):
        bare = {k: BATTLE[k] for k in ("model_a", "model_b", "winner")}
        rows = [{**bare, "id": f"u{n}", "timestamp": "2026-03-02T10:00:01"} for n in range(2)]
        report = read(dump(rows, lines=True), "arena")
        assert (report.prompts, report.ignored_columns) == (2, ())
        assert {c.at for c in store.comparisons_of()} == {"2026-03-02T10:00:01"}

    def test_ids_of_battles_make_no_prompts_of_one_text(self, store, read, dump):
        bare = {k: v for k, v in BATTLE.items() if k not in ("question_id", "tstamp")}
        rows = [{**bare, "id": n, "prompt": "fox", "winner": f"model_{n}"} for n in "ab"]
        report = read(dump(rows), "arena")
        assert (report.comparisons, report.prompts) == (2, 1)
        assert winners(store) == {"left": 1, "right": 1}, "the ids tell one judge's votes apart"

    @pytest.mark.parametrize("empty", [None, ""])
    def test_the_time_is_the_first_that_is_filled_in(self, store, read, dump, empty):
        row = {**BATTLE, "tstamp": empty, "timestamp": "2026-03-02T10:00:01"}
        read(dump([row]), "arena")
        assert [c.at for c in store.comparisons_of()] == ["2026-03-02T10:00:01"]

    def test_a_judge_may_meet_a_pair_again(self, store, read, dump):
        again = {**BATTLE, "winner": "tie", "tstamp": BATTLE["tstamp"] + 60}
        assert read(dump([BATTLE, again]), "arena").comparisons == 2
        assert winners(store) == {"right": 1, "tie": 1}

    def test_a_longer_log_adds_what_is_new(self, store, read, dump):
        bare = {k: BATTLE[k] for k in ("model_a", "model_b", "winner")}
        read(dump([bare, bare]), "arena")
        assert read(dump([bare, bare, bare], "longer.json"), "arena").added == 1

    def test_addresses_that_logs_call_judges_are_hashed(self, store, read, dump):
        read(dump([{**BATTLE, "judge": "arena_user_10.1.2.3"}]), "arena")
        (found,) = store.comparisons_of()
        assert "10.1" not in found.rater
        assert b"10.1.2.3" not in (store.root / "store.db").read_bytes()

    def test_fields_that_are_missing(self, store, read, dump):
        path = dump([{k: v for k, v in BATTLE.items() if k != "model_b"}])
        refused(store, read, path, "arena", "entry 1: field 'model_b' is missing")
        refused(store, read, dump([{**BATTLE, "model_b": " "}]), "arena", "a model has no name")
        refused(store, read, dump([{**BATTLE, "tstamp": "soon"}]), "arena", "no date and time")
        refused(store, read, dump([{**BATTLE, "anony": "hm"}]), "arena", "neither yes nor no")


class TestFastchat:
    def vote(self, kind="leftvote", **more):
        states = [
            {"conv_id": "c1", "model_name": name, "offset": 0,
             "messages": [["USER", "a red fox"], ["ASSISTANT", "..."]]}
            for name in ("cheap", "dear")
        ]  # fmt: skip
        about = {"tstamp": 1690000000.0, "ip": "203.0.113.7", "models": ["", ""]}
        return {"type": kind, **about, "states": states, **more}

    @pytest.mark.parametrize(("said", "winner"), [(1, "left"), (0.0, "right"), ("0.5", "tie")])
    def test_a_preference_is_a_vote_in_numbers(self, store, read, dump, said, winner):
        row = {k: v for k, v in BATTLE.items() if k != "winner"}
        read(dump([{**row, "preference": said, "dimension": "motion"}]), "arena")
        (found,) = store.comparisons_of()
        assert (found.winner, found.criterion) == (winner, "motion")

    @pytest.mark.parametrize("said", [0.7, "", None, 2])
    def test_a_share_of_votes_is_nobodys(self, store, read, dump, said):
        row = {k: v for k, v in BATTLE.items() if k != "winner"}
        path = dump([{**row, "preference": said}])
        refused(store, read, path, "arena", "entry 1: preference .* is no one vote .* each vote an")

    def test_votes_and_nothing_else(self, store, read, dump):
        kinds = ("leftvote", "rightvote", "tievote", "bothbad_vote", "chat", "flag", "chat")
        log = [self.vote(kind, tstamp=n) for n, kind in enumerate(kinds)]
        report = read(dump(log, "conv.json", lines=True), "fastchat")
        assert winners(store) == {"left": 1, "right": 1, "tie": 1, "both_bad": 1}
        assert report.dropped == {"type chat": 2, "type flag": 1}
        assert [p.text for p in store.prompts_of()] == ["a red fox"]
        assert models(store) == {("cheap", "dear")}

    def test_addresses_are_never_stored(self, store, read, dump):
        report = read(dump([self.vote()], lines=True), "fastchat")
        assert report.ignored_columns == ("ip",)
        assert report.anonymous == 1
        stored = b"".join(p.read_bytes() for p in store.root.iterdir() if p.is_file())
        assert b"203.0.113.7" not in stored

    def test_names_that_were_shown_are_dropped(self, store, read, dump):
        log = [
            self.vote(models=["<h3>Model A: cheap</h3>\n", "<h3>Model B: dear</h3>\n"]),
            self.vote(models=["cheap", "dear"]),
            self.vote(models=[None, None]),
            self.vote(models=["Model A", "Model B"]),
            self.vote(models=["<h3>Model A: </h3>", "<h3>Model B: </h3>"], tstamp=1),
        ]
        report = read(dump(log, lines=True), "fastchat")
        assert report.dropped == {"no model named": 1, "not anonymous": 2}
        assert report.comparisons == 2

    def test_what_is_broken(self, store, read, dump):
        for broken, message in [
            ({"models": []}, "line 2: models must be a list of two"),
            ({"type": None}, "line 2: type is empty"),
            ({"models": [1, 2]}, "expected text"),
        ]:
            path = dump([self.vote(), self.vote(**broken)], lines=True)
            refused(store, read, path, "fastchat", message)


class TestEvalica:
    def test_votes_of_nobody_on_nothing(self, store, read, write):
        path = write("left,right,winner", "a,b,left", "a,b,left", "b,a,tie", "c,c,right")
        report = read(path, "evalica")
        assert winners(store) == {"left": 2, "tie": 1, "right": 1}
        assert (report.anonymous, report.raters, report.prompts) == (4, 0, 1)
        assert models(store) == {("a", "b"), ("b", "a"), ("c", "c")}

    def test_ignored_outcomes_are_errors(self, store, read, write):
        for said in ("ignore", "draw", "a", "0.5"):
            path = write("left,right,winner", "a,b,left", f"a,b,{said}")
            refused(store, read, path, "evalica", f"line 3: winner '{said}' is unknown")
        path = write("left,right,winner", "a,b,")
        refused(store, read, path, "evalica", "line 2: winner is empty")
        refused(store, read, write("left,right,win", "a,b,c"), "evalica", "'winner' is missing")


class TestPickAPic:
    ROW = {
        "caption": "a red fox", "model_0": "m0", "model_1": "m1", "image_0_uid": "u0",
        "image_1_uid": "u1", "label_0": 1, "label_1": 0, "has_label": True,
        "are_different": True, "ranking_id": 7, "user_id": 42,
    }  # fmt: skip

    def test_labels(self, store, read, dump):
        labels = [(1, 0), (0, 1), (0.5, 0.5)]
        rows = [
            {**self.ROW, "label_0": a, "label_1": b, "ranking_id": n}
            for n, (a, b) in enumerate(labels)
        ]
        report = read(dump(rows, "pick.jsonl", lines=True), "pick_a_pic")
        assert winners(store) == {"left": 1, "right": 1, "tie": 1}
        assert (report.raters, report.items, report.prompts) == (1, 2, 1)

    @pytest.mark.parametrize("labels", [(1, 1), (0, 0), (0.5, 0), (-1, -1), (None, 1), (2, -1)])
    def test_other_labels_are_errors(self, store, read, dump, labels):
        row = {**self.ROW, "label_0": labels[0], "label_1": labels[1]}
        refused(store, read, dump([self.ROW, row]), "pick_a_pic", "row 2: labels .* are neither")

    def test_rows_without_a_label_and_two_copies_of_a_picture(self, store, read, dump):
        rows = [
            self.ROW,
            {**self.ROW, "has_label": False, "label_0": None, "label_1": None},
            {**self.ROW, "are_different": False, "image_1_uid": "u0", "model_1": "m0",
             "label_0": 0.5, "label_1": 0.5},
        ]  # fmt: skip
        report = read(dump(rows), "pick_a_pic")
        assert report.dropped == {"no label": 1}
        assert report.controls == {"placebo": 1}

    def test_csv_says_the_same(self, store, read, write):
        row = ",".join(str(v) for v in self.ROW.values())
        path = write(",".join(self.ROW), row)
        assert read(path, "pick_a_pic").comparisons == 1
        (found,) = store.comparisons_of()
        assert found.winner == "left"

    def test_parquet(self, store, read, tmp_path):
        path = tmp_path / "pick.parquet"
        if importlib.util.find_spec("pyarrow") is None:
            path.write_bytes(b"PAR1")
            refused(store, read, path, "pick_a_pic", "Parquet needs pyarrow")
            return
        import pandas as pd

        at = pd.Timestamp("2023-01-01T10:00:05.250")
        pd.DataFrame([{**self.ROW, "jpg_0": b"bytes", "created_at": at}]).to_parquet(path)
        assert read(path, "pick_a_pic").comparisons == 1
        assert [c.at for c in store.comparisons_of()] == ["2023-01-01T10:00:05.250000"]

    def test_milliseconds_as_pandas_writes_them(self, store, read, dump):
        read(dump([{**self.ROW, "created_at": 1672567205250}], lines=True), "pick_a_pic")
        (found,) = store.comparisons_of()
        assert found.at == "2023-01-01T10:00:05.250000+00:00"


class TestRapidata:
    RESULT = {
        "context": "a blue book", "winner_index": 1, "winner": "dalle_37_2.jpg",
        "aggregatedResults": {"aurora-20_37_4.png": 1, "dalle_37_2.jpg": 2},
        "summedUserScores": {"aurora-20_37_4.png": 0.4, "dalle_37_2.jpg": 0.9},
        "detailedResults": [
            {"votedFor": "dalle_37_2.jpg", "userDetails": {"country": "BY", "age": "18-29"}},
            {"votedFor": "aurora-20_37_4.png", "userDetails": {"country": "DE"}},
            {"votedFor": "dalle_37_2.jpg", "userDetails": {"country": "FR"}},
        ],
    }  # fmt: skip

    def job(self, dump, *results):
        whole = {"info": {"version": "3.0.0"}, "summary": {}, "results": list(results)}
        return dump(whole)

    def test_one_vote_each(self, store, read, dump):
        report = read(self.job(dump, self.RESULT), "rapidata")
        assert winners(store) == {"right": 2, "left": 1}
        assert models(store) == {("A", "B")}
        assert report.anonymous == 3
        assert any("no rater is told apart" in note for note in report.notes)

    def test_counts_alone_are_as_many_votes(self, store, read, dump):
        counts = {k: v for k, v in self.RESULT.items() if k != "detailedResults"}
        report = read(self.job(dump, counts), "rapidata")
        assert winners(store) == {"right": 2, "left": 1}
        assert "1 result is told as counts only" in report.notes

    def test_models_in_file_names_are_cut_at_the_sign_that_is_said(self, store, read, dump):
        said = ReadOptions(mapping=parse_mapping(["model=file before first _"]))
        read(self.job(dump, self.RESULT), "rapidata", options=said)
        assert models(store) == {("aurora-20", "dalle")}

    def test_where_it_lives_is_not_kept(self, store, read, dump):
        read(self.job(dump, self.RESULT), "rapidata")
        assert b"BY" not in b"".join(str(c).encode() for c in store.comparisons_of())

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"winner_index": 0}, "left and right cannot be told"),
            ({"winner": "other.png"}, "is neither of"),
            ({"aggregatedResults": {"a": 1}}, "two files with their votes"),
            ({"aggregatedResults": {"aurora-20_37_4.png": 2, "dalle_37_2.jpg": 2}}, "disagree"),
            ({"detailedResults": [{"votedFor": "x"}]}, "a vote is for 'x'"),
            ({"detailedResults": 3}, "must be a list of votes"),
        ],
    )
    def test_contradictions(self, store, read, dump, change, message):
        path = self.job(dump, self.RESULT, {**self.RESULT, **change})
        refused(store, read, path, "rapidata", f"result 2: .*{message}")

    def test_something_else(self, store, read, dump):
        refused(store, read, dump([1]), "rapidata", "a list of results")

    PAIR = {
        "prompt": "a blue book", "votes_image1": 3, "votes_image2": 1, "model1": "aurora",
        "model2": "dalle", "image1_path": "a_1.jpg", "image2_path": "d_1.jpg",
        "detailed_results": "[]",
    }  # fmt: skip

    def test_a_published_table_is_as_many_votes(self, store, read, dump):
        rows = [self.PAIR, {**self.PAIR, "image1_path": None, "votes_image1": 0.0}]
        report = read(dump(rows, "votes.jsonl", lines=True), "rapidata")
        assert winners(store) == {"left": 3, "right": 2}
        assert models(store) == {("aurora", "dalle")}
        assert (report.anonymous, report.prompts, report.items) == (5, 1, 4)
        assert report.ignored_columns == ("detailed_results",)
        assert any("no rater is told apart" in note for note in report.notes)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"votes_image1": 2.5}, "must be counts of votes"),
            ({"votes_image2": -1}, "must be counts of votes"),
            ({"votes_image2": None}, "must be counts of votes"),
            ({"model2": ""}, "or a model is empty"),
            ({"prompt": " "}, "the prompt or a model is empty"),
        ],
    )
    def test_tables_of_votes_that_are_wrong(self, store, read, dump, change, message):
        path = dump([self.PAIR, {**self.PAIR, **change}], "votes.jsonl", lines=True)
        refused(store, read, path, "rapidata", f"row 2: .*{message}")
        gone = {k: v for k, v in self.PAIR.items() if k != "model1"}
        path = dump([gone], "votes.jsonl", lines=True)
        refused(store, read, path, "rapidata", "field 'model1' is missing")
        said = ReadOptions(mapping=parse_mapping(["model=file"]))
        refused(store, read, path, "rapidata", "'model' means nothing", options=said)


class TestHpd:
    CHOICE = {
        "prompt": "a red fox", "file_path": ["sdxl_1.jpg", "glide_1.jpg"],
        "human_preference": [1, 0], "user_hash": "u1",
    }  # fmt: skip
    RANKING = {
        "prompt": "a red fox", "image_path": ["sdxl_1.jpg", "glide_1.jpg", "vqd_1.jpg"],
        "rank": [1, 2, 2], "raw_annotations": [{"rank": [1, 3, 2], "user_hash": "u1"},
                                               {"rank": [2, 1, 3], "user_hash": "u2"}],
    }  # fmt: skip
    NAMED = ReadOptions(mapping=parse_mapping(["model=file before last _"]))

    def test_choices(self, store, read, dump):
        other = {**self.CHOICE, "prompt": "an owl", "file_path": ["a_2.jpg", "b_2.jpg"]}
        entries = [self.CHOICE, {**other, "human_preference": [0, 1]}]
        report = read(dump(entries), "hpd", options=self.NAMED)
        assert winners(store) == {"left": 1, "right": 1}
        assert models(store) == {("sdxl", "glide"), ("a", "b")}
        assert (report.raters, report.prompts, report.notes) == (1, 2, ())

    def test_rankings_of_each_annotator(self, store, read, dump):
        report = read(dump([self.RANKING]), "hpd", options=self.NAMED, keep_rater_ids=True)
        found = Counter((c.rater, c.winner) for c in store.comparisons_of())
        assert found == {("u1", "left"): 2, ("u1", "right"): 1,
                         ("u2", "left"): 2, ("u2", "right"): 1}  # fmt: skip
        assert report.notes == ("pairs come of 2 rankings, so they are not independent",)

    def test_a_ranking_of_all_together_is_nobodys(self, store, read, dump):
        bare = {k: v for k, v in self.RANKING.items() if k != "raw_annotations"}
        report = read(dump([bare]), "hpd")
        assert (report.anonymous, winners(store)) == (3, {"left": 2, "tie": 1})
        assert any("names no models" in note for note in report.notes)

    def test_files_of_choices_have_either_name(self, store, read, dump):
        choice = {k: v for k, v in self.CHOICE.items() if k != "file_path"}
        choice["image_path"] = self.CHOICE["file_path"]
        report = read(dump([choice]), "hpd", options=self.NAMED)
        assert (models(store), report.ignored_columns) == ({("sdxl", "glide")}, ())

    @pytest.mark.parametrize("files", ["image_path", "file_path"])
    @pytest.mark.parametrize("annotators", ["raw_annotations", "raw_annotation"])
    @pytest.mark.parametrize("ranks", ["rank", "annotation"])
    def test_rankings_have_any_of_their_names(self, store, read, dump, files, annotators, ranks):
        entry = {k: self.RANKING[k] for k in ("prompt", "rank")}
        entry[files] = self.RANKING["image_path"]
        entry[annotators] = [
            {ranks: said["rank"], "user_hash": said["user_hash"]}
            for said in self.RANKING["raw_annotations"]
        ]
        report = read(dump([entry]), "hpd", options=self.NAMED, keep_rater_ids=True)
        assert Counter(c.rater for c in store.comparisons_of()) == {"u1": 3, "u2": 3}
        assert report.ignored_columns == ()

    @pytest.mark.parametrize("none", [[], None])
    def test_no_annotators_leave_the_ranking_of_all_or_are_counted(self, store, read, dump, none):
        averaged = {**self.RANKING, "raw_annotations": none}
        bare = {k: v for k, v in averaged.items() if k != "rank"}
        report = read(dump([averaged, {**bare, "prompt": "an owl"}]), "hpd", options=self.NAMED)
        assert (report.comparisons, report.anonymous, report.read) == (3, 3, 4)
        assert report.dropped == {"no ranking": 1}

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"human_preference": [1, 1]}, "expected 1 and 0"),
            ({"human_preference": [True, False]}, "expected 1 and 0"),
            ({"human_preference": [[1], 0]}, "expected 1 and 0"),
            ({"file_path": ["a_1.jpg"]}, "a list of two files"),
            ({"prompt": ""}, "prompt is empty"),
        ],
    )
    def test_choices_that_are_wrong(self, store, read, dump, change, message):
        path = dump([self.CHOICE, {**self.CHOICE, **change}])
        refused(store, read, path, "hpd", f"entry 2: .*{message}", options=self.NAMED)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"raw_annotations": [{"rank": [1, 2]}]}, "3 pictures have 2 ranks"),
            ({"raw_annotations": [{"user_hash": "u"}]}, "has no list 'rank'"),
            ({"raw_annotations": [{"rank": [1, 2, "x"]}]}, "a rank is no whole number"),
            ({"image_path": None}, "must be a list of files"),
        ],
    )
    def test_rankings_that_are_wrong(self, store, read, dump, change, message):
        path = dump([self.RANKING, {**self.RANKING, **change}])
        refused(store, read, path, "hpd", f"entry 2: .*{message}", options=self.NAMED)
        refused(store, read, dump([]), "hpd", "there is no entry in it")

    def test_counts_of_the_third_version_are_told_where_they_are_read(self, store, read, dump):
        entry = {"prompt": "a fox", "path1": "a.jpg", "path2": "b.jpg", "choice_dist": [9, 1]}
        refused(store, read, dump([entry]), "hpd", "entry 1: path1 and path2 .* for -f rapidata")


class TestPwcmp:
    HEAD = "Observer,Session,Scene,Condition_1,Condition_2,Selection"

    def test_columns_in_small_letters(self, store, read, write):
        assert read(write(self.HEAD.lower(), "o1,1,fox,a,b,2"), "pwcmp").comparisons == 1
        assert winners(store) == {"right": 1}

    def test_choices(self, store, read, write):
        rows = ["o1,1,fox,a,b,1", "o1,1,fox,a,b,2", "o2,1,fox,b,a,2", "o1,1,cat,a,b,1"]
        report = read(write(self.HEAD, *rows), "pwcmp")
        assert winners(store) == {"left": 2, "right": 2}
        assert (report.raters, report.prompts, report.comparisons) == (2, 2, 4)
        assert read(write(self.HEAD, *rows, "o1,1,fox,a,b,1"), "pwcmp").added == 1

    def test_one_is_the_first_condition(self, store, read, write):
        read(write(self.HEAD, "o1,1,fox,a,b,1", "o2,1,fox,c,d,2"), "pwcmp", keep_rater_ids=True)
        assert {c.rater: c.winner for c in store.comparisons_of()} == {"o1": "left", "o2": "right"}
        assert models(store) == {("a", "b"), ("c", "d")}

    def test_sessions_are_kept_and_told_apart(self, store, read, write):
        path = write(self.HEAD, "o1,1,fox,a,b,1", "o1,2,fox,a,b,2")
        assert read(path, "pwcmp").comparisons == 2
        assert {c.session for c in store.comparisons_of()} == {"1", "2"}

    @pytest.mark.parametrize("said", ["0", "3", "a", "0.5"])
    def test_a_third_selection_is_an_error(self, store, read, write, said):
        path = write(self.HEAD, "o1,1,fox,a,b,1", f"o1,1,cat,a,b,{said}")
        refused(store, read, path, "pwcmp", f"line 3: Selection '{said}' is unknown")


class TestPublished:
    HEAD = "idx,prompt,human_vote,judge_x,judge_y"

    def test_empty_judge_cells_lose_no_vote(self, store, read, write):
        path = write(self.HEAD, "0,a fox,leftvote,[[A>B]],", "1,,tievote,,", "2,a fox,rightvote,,")
        report = read(path, "genai_arena")
        assert winners(store) == {"left": 1, "tie": 1, "right": 1}
        assert (report.comparisons, report.items, report.prompts) == (3, 6, 2)
        assert any("2 columns of verdicts of models" in note for note in report.notes)
        assert any("names no models" in note for note in report.notes)

    def test_a_vote_that_is_none(self, store, read, write):
        path = write(self.HEAD, "0,a fox,leftvote,,", "1,a cat,upvote,,")
        refused(store, read, path, "genai_arena", "row 3: human_vote 'upvote' is unknown")

    def test_rankings_are_their_pairs(self, store, read, dump):
        ranking = {"id": "1-2", "prompt": "a fox", "generations": ["x/a_1", "x/b_1", "x/c_1"],
                   "ranking": [2, 1, 2]}  # fmt: skip
        report = read(dump([ranking]), "rankings")
        assert winners(store) == {"right": 1, "tie": 1, "left": 1}
        assert any("3 pairs come of 1 ranking" in note for note in report.notes)
        for change, message in [
            ({"ranking": [1, 2]}, "3 generations have 2 ranks"),
            ({"ranking": [1, 2, None]}, "a rank is no whole number"),
            ({"generations": ["a", "a", "b"]}, "ranked twice"),
        ]:
            with pytest.raises(RatingsError, match=message):
                read(dump([{**ranking, **change}]), "rankings")


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of public data is not there")
class TestRealFiles:
    """Published counts, recounted here by the csv and json modules alone."""

    @pytest.mark.parametrize(
        ("name", "n"),
        [("image_generation_votes.csv", 1735), ("video_generation_votes.csv", 1069),
         ("image_edition_votes.csv", 919), ("video_votes_with_files.json", 1889)],
    )  # fmt: skip
    def test_votes(self, store, read, name, n):
        import csv

        path = DATA / "genai_arena_votes" / name
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                votes = [row["human_vote"] for row in csv.DictReader(file)]
        else:
            votes = [row["vote_type"] for row in json.loads(path.read_text(encoding="utf-8"))]
        counted = Counter(vote.removesuffix("_vote").removesuffix("vote") for vote in votes)
        report = read(path, "genai_arena")
        assert report.comparisons == len(votes) == n
        found = winners(store)
        assert found == {
            "left": counted["left"], "right": counted["right"], "tie": counted["tie"],
            "both_bad": counted["bothbad"],
        }  # fmt: skip

    def test_rankings(self, store, read):
        report = read(DATA / "imagereward" / "test.json", "rankings")
        assert (report.comparisons, winners(store)["tie"], report.prompts) == (7230, 831, 466)


def test_a_mapping_that_means_nothing_is_refused(store, read, write):
    path = write("left,right,winner", "a,b,left")
    said = ReadOptions(mapping=parse_mapping(["model=file"]))
    refused(store, read, path, "evalica", "'model' means nothing in this format", options=said)


def test_every_format_says_what_it_takes():
    assert all(f.takes.endswith(".") for f in FORMATS.values())
