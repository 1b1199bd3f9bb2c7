"""A file of judgments enters whole or not at all, once, and where it belongs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qfloor.errors import RatingsError
from qfloor.ratings import FORMATS, import_ratings, parse_scale
from qfloor.ratings.formats.long import COLUMNS
from qfloor.records import Category, Offer, Prompt, Status

ROUND = "2026-11"
HEAD = "item_id,prompt_id,category,model_id,rater_id,score,scale_min,scale_max"
ROW = "g1,p17,portrait,flux-dev,ann,7.5,0,10"


def refused(store, path, message, **options):
    """The import is refused in one sentence, and the store is as it was."""
    before = list(store.ratings_of()), list(store.outputs_of()), list(store.offers_of())
    with pytest.raises(RatingsError, match=message) as caught:
        import_ratings(store, path, round=ROUND, **options)
    said = str(caught.value)
    assert "\n" not in said
    assert ". " not in said.replace(str(path), "")
    assert str(path) in said or "scale" in said or "format" in said
    assert before == (list(store.ratings_of()), list(store.outputs_of()), list(store.offers_of()))
    return said


class TestWhatEnters:
    def test_columns_may_be_spelt_as_people_do(self, store, write):
        told = "Item ID,PROMPT_ID,Category,model-id,Rater_Id,Score,Scale Min,scale_max"
        import_ratings(store, write(told, ROW), round=ROUND, keep_rater_ids=True)
        assert [(r.rater, r.value) for r in store.ratings_of()] == [("ann", 7.5)]
        twice = write(HEAD + ",Score", ROW + ",3", name="twice.csv")
        with pytest.raises(RatingsError, match=r"column 'Score' is unknown .did you mean 'score'"):
            import_ratings(store, twice, round=ROUND)

    def test_decimal_commas_of_excel_are_read_and_told(self, store, write):
        path = write(HEAD.replace(",", ";"), ROW.replace(",", ";").replace("7.5", "7,5"))
        report = import_ratings(store, path, round=ROUND)
        assert [r.value for r in store.ratings_of()] == [7.5]
        assert report.notes == ("4,5 is read as 4.5, since the columns are parted by semicolons",)

    def test_a_full_row_keeps_everything_it_says(self, store, write):
        path = write(
            "item_id,prompt_id,category,model_id,seed,rater_id,dimension,score,scale_min,scale_max,"
            "session_id,submitted_at,duration_ms,kind,source,prompt,modality,usable,annotation_id",
            "g1,p17,portrait,flux-dev,3,r-9a,beauty,7.5,0,10,s1,2026-01-02T03:04:05Z,6200,test,"
            "labelstudio,a red fox,image,1,a-90",
        )
        report = import_ratings(store, path, round=ROUND, keep_rater_ids=True)
        (rating,) = store.ratings_of()
        assert (rating.rater, rating.criterion, rating.value) == ("r-9a", "beauty", 7.5)
        assert (rating.lo, rating.hi, rating.usable) == (0, 10, True)
        assert (rating.session, rating.seconds, rating.at) == ("s1", 6.2, "2026-01-02T03:04:05Z")
        assert (rating.source, rating.control) == ("labelstudio", "test")
        output = store.output(rating.output_id)
        assert (output.offer_id, output.round) == ("imported/flux-dev", ROUND)
        assert (output.status, output.media_sha256) == (Status.MADE, None)
        assert output.report == {"external": "long", "item": "g1", "seed": "3"}
        prompt = store.prompts_by_digest()[output.prompt_digest]
        assert (prompt.text, prompt.category, prompt.family) == ("a red fox", "portrait", "p17")
        assert store.offer("imported/flux-dev").generator is None
        assert (report.read, report.kept, report.added, report.raters) == (1, 1, 1, 1)

    def test_prompt_model_rater_and_score_are_enough_with_a_scale(self, store, write):
        path = write("prompt_id,model_id,rater_id,score", "p1,m,ann,4", "p1,m,bob,5")
        report = import_ratings(store, path, round=ROUND, scale="1:5")
        (output,) = store.outputs_of()
        assert store.prompts_by_digest()[output.prompt_digest].category == "general"
        assert {(r.lo, r.hi, r.criterion) for r in store.ratings_of()} == {(1, 5, "overall")}
        assert (report.items, report.raters, report.offers) == (1, 2, ("imported/m",))

    def test_an_output_of_ours_is_found_by_its_id(self, store, write, made):
        path = write("item_id,model_id,category,rater_id,score", "own,grand,,ann,3")
        report = import_ratings(store, path, round=ROUND, scale="1:5")
        assert [r.output_id for r in store.ratings_of()] == ["own"]
        assert (report.items, report.items_in_store) == (1, 1)
        assert len(list(store.outputs_of())) == 2
        assert store.output("own") == made

    def test_prompts_and_offers_of_the_store_are_used(self, store, write, made):
        path = write("prompt_id,model_id,rater_id,score", "p-own,shop/grand,ann,3")
        store.save_outputs([replace(made, id="aside", round="2030-01+compared")])
        import_ratings(store, path, round="2030-01", scale="1:5")
        (rating,) = store.ratings_of()
        output = store.output(rating.output_id)
        assert (output.prompt_digest, output.offer_id) == (made.prompt_digest, "shop/grand")
        assert output.id != made.id
        assert len(list(store.offers_of())) == 1

    def test_a_model_with_a_provider_keeps_it(self, store, write):
        path = write("prompt_id,model_id,rater_id,score", "p,bfl/flux@hd,ann,3")
        import_ratings(store, path, round=ROUND, scale="1:5")
        offer = store.offer("bfl/flux@hd")
        assert (offer.provider, offer.model) == ("bfl", "flux@hd")

    def test_seeds_and_items_of_their_own_are_repeats(self, store, write):
        path = write(
            "item_id,prompt_id,model_id,seed,rater_id,score",
            "a,p,m,,ann,3", "b,p,m,,ann,4", "c,p,m,99,ann,5",
        )  # fmt: skip
        import_ratings(store, path, round=ROUND, scale="1:5")
        assert sorted(o.repeat for o in store.outputs_of()) == [0, 1, 2]
        path = write("prompt_id,model_id,seed,rater_id,score", "p,m,7.0,ann,3", "p,m,7,bob,4")
        report = import_ratings(store, path, round=ROUND, scale="1:5")
        assert report.items == 1
        assert sorted(o.repeat for o in store.outputs_of()) == [0, 1, 2, 3]

    def test_rows_of_an_item_may_say_it_once(self, store, write):
        path = write(HEAD, ROW, "g1,,,,bob,6,0,10")
        assert import_ratings(store, path, round=ROUND).items == 1

    def test_clips_are_clips(self, store, write):
        path = write(HEAD, "g1,p,video,gen,ann,7,0,10", "g2,q,animation,gen,ann,7,0,10")
        import_ratings(store, path, round=ROUND)
        kinds = {p.id: p.modality for p in store.prompts_of()}
        assert kinds == {"p": "video", "q": "image"}
        offer = store.offer("imported/gen")
        assert offer.makes("video")
        assert offer.makes("image")

    def test_a_team_declares_categories_of_its_own(self, store, write):
        path = write(HEAD, ROW.replace("portrait", "shoes"))
        refused(store, path, "category 'shoes' is unknown")
        shoes = Category(id="shoes", description="shoes")
        import_ratings(store, path, round=ROUND, categories=[shoes])
        later = write(HEAD, ROW.replace("portrait", "shoes").replace("ann", "bob"))
        assert import_ratings(store, later, round=ROUND).added == 1


class TestControls:
    def test_they_are_kept_with_their_flag_and_counted(self, store, write):
        kinds = ("test", "placebo", "catch", "repeat", "training", "")
        rows = [f"g1,p,portrait,m,ann,{n},0,10,{kind},s{n}" for n, kind in enumerate(kinds)]
        path = write(f"{HEAD},kind,session_id", *rows)
        report = import_ratings(store, path, round=ROUND)
        assert Counter(r.control for r in store.ratings_of()) == {
            "test": 2, "placebo": 1, "catch": 1, "repeat": 1, "training": 1,
        }  # fmt: skip
        assert report.controls == {"placebo": 1, "catch": 1, "repeat": 1, "training": 1}

    def test_a_repeat_may_differ_in_the_same_session(self, store, write):
        path = write(f"{HEAD},kind", f"{ROW},test", f"{ROW.replace('7.5', '3')},repeat")
        assert import_ratings(store, path, round=ROUND).kept == 2

    def test_outputs_that_only_controls_rated_are_in_no_round_that_floors_read(self, store, write):
        catch = "bad,p17,portrait,flux-dev,ann,1,0,10,catch"
        path = write(f"{HEAD},kind", f"{ROW},test", catch)
        import_ratings(store, path, round=ROUND)
        assert [o.report["item"] for o in store.outputs_of(round=ROUND)] == ["g1"]
        assert [o.report["item"] for o in store.outputs_of(round=f"{ROUND}+controls")] == ["bad"]
        path = write(f"{HEAD},kind", catch.replace("catch", "test"))
        import_ratings(store, path, round=ROUND)
        assert len(list(store.outputs_of(round=ROUND))) == 2

    def test_floors_never_see_them(self, store, write):
        from qfloor.pipeline.rounds.judging import RoundView, human_cells
        from qfloor.records import Quality

        path = write(f"{HEAD},kind", f"{ROW},test", f"{ROW},catch", f"h,{ROW[3:]},catch")
        import_ratings(store, path, round=ROUND)
        view = RoundView.of(store, ROUND, ["imported/flux-dev"])
        cells = human_cells(store, view, Quality(source="human", name="overall", lo=0, hi=10))
        ((judged,),) = cells.values()
        assert judged.values == (7.5,)


class TestOnce:
    def test_the_same_file_twice_adds_nothing_and_says_so(self, store, write):
        path = write(HEAD, ROW)
        first = import_ratings(store, path, round=ROUND)
        again = import_ratings(store, path, round=ROUND)
        assert (first.added, again.added) == (1, 0)
        assert again.repeated
        assert "imported before; nothing was added" in str(again)
        assert "1 judgment read, 1 kept, 1 of them new" in str(first)
        assert first.sha256 == again.sha256
        assert len(list(store.ratings_of())) == 1
        assert json.dumps(first.to_row())

    def test_a_longer_file_adds_what_is_new(self, store, write):
        import_ratings(store, write(HEAD, ROW), round=ROUND)
        longer = write(HEAD, "g0,p2,portrait,flux-dev,ann,4,0,10", ROW, ROW.replace("ann", "bob"))
        report = import_ratings(store, longer, round=ROUND)
        assert (report.kept, report.added, report.repeated) == (3, 2, False)
        assert len(list(store.outputs_of())) == 2

    def test_a_judgment_that_changed_is_an_error(self, store, write):
        import_ratings(store, write(HEAD, ROW), round=ROUND)
        changed = write(HEAD, "g0,p2,portrait,m,ann,4,0,10", ROW.replace("7.5", "2"))
        said = refused(store, changed, "an earlier import has that judgment otherwise")
        assert "line 3" in said

    def test_rounds_and_sources_are_told_apart(self, store, write):
        path = write(HEAD, ROW)
        import_ratings(store, path, round=ROUND)
        import_ratings(store, path, round="2026-12")
        import_ratings(store, path, round=ROUND, source="other team")
        assert len(list(store.outputs_of())) == 3
        assert len(list(store.ratings_of())) == 3

    def test_a_failure_while_writing_leaves_nothing(self, store, write, monkeypatch):
        def fail(**_):
            raise RuntimeError("power cut")

        monkeypatch.setattr(store, "save_import", fail)
        with pytest.raises(RuntimeError):
            import_ratings(store, write(HEAD, ROW), round=ROUND)
        assert list(store.ratings_of()) == list(store.outputs_of()) == list(store.offers_of()) == []


class TestRefused:
    @pytest.mark.parametrize(
        ("row", "message"),
        [
            (ROW.replace("7.5", "11"), "line 3: score 11 lies outside its scale 0 to 10"),
            (ROW.replace("7.5", "-0.1"), "score -0.1 lies outside"),
            (ROW.replace("7.5", "good"), "line 3: score 'good' is not a number"),
            (ROW.replace("7.5", "nan"), "score 'nan' is not a number"),
            (ROW.replace("7.5", "1_0"), "score '1_0' is not a number"),
            (ROW.replace("7.5", '"4, 5"'), "score '4, 5' is not a number"),
            (ROW.replace("7.5", '"7,5"'), "'7,5' is not a number, write it with a decimal point"),
            (ROW.replace("7.5", "+3/-3"), "is not a number"),
            (ROW.replace("portrait", "portrat"), r"'portrat' is unknown \(did you mean 'portrait'"),
            (ROW.replace("ann", " "), "line 3: rater_id is empty, write 'anonymous'"),
            (ROW.replace("7.5,0,10", "7.5,0,"), "the scale has no two ends"),
            (ROW.replace("7.5,0,10", "7.5,10,0"), "does not rise"),
            (ROW.replace("7.5,0,10", "3,1,5"), "'overall' is on the scale 1 to 5 here and 0 to 10"),
            (ROW.replace("g1", "").replace("p17", ""), "nothing says what was rated"),
            (ROW.replace("flux-dev", ""), "prompt_id and model_id are needed"),
            (ROW.replace("p17", ""), "prompt_id and model_id are needed"),
            (
                "g0,p1,landscape,m,ann,3,0,10",
                "has category 'landscape' here and 'portrait' in line 2",
            ),
            ("g0,p2,portrait,m,bob,3,0,10", "has prompt_id 'p2' here and 'p1' in line 2"),
            ("g0,p1,portrait,m,bob,4,0,10", "4 here and 3 in line 2 of one session"),
        ],
    )
    def test_a_row_that_is_wrong(self, store, write, row, message):
        before = "g0,p1,portrait,m,bob,3,0,10" if "g0" in row else "g9,p17,portrait,m,z,3,0,10"
        refused(store, write(HEAD, before, row), message)

    @pytest.mark.parametrize(
        ("column", "value", "message"),
        [
            ("kind", "tset", r"kind 'tset' is unknown \(did you mean 'test'"),
            ("usable", "perhaps", "neither yes nor no"),
            ("submitted_at", "yesterday", "no date and time, write it as"),
            ("duration_ms", "-1", "is negative"),
            ("seed", "1.5", "seed '1.5' is not a whole number"),
            ("modality", "audio", "modality 'audio' is unknown"),
            ("modality", "video", r"modality 'video' is not one of category 'portrait' \(image\)"),
        ],
    )
    def test_a_field_that_is_wrong(self, store, write, column, value, message):
        refused(store, write(f"{HEAD},{column}", f"{ROW},{value}"), message)

    @pytest.mark.parametrize(
        ("header", "message"),
        [
            ("item_id,raterid,score,scale_min,scale_max", "'rater_id' is missing .is 'raterid'"),
            ("item_id,rater_id,scale_min,scale_max,x", "column 'score' is missing"),
            ("item_id,rater_id,score,scale_min,x", "the scale is not declared"),
            ("item_id,rater_id,score,x,y", "the scale is not declared"),
            ("rater_id,score,scale_min,scale_max,prompt_id", "nothing says what was rated"),
            ("item_id,rater_id,score,scale_min,scale_max,sead", "'sead' is unknown .did you mean"),
            ("item_id,rater_id,score,scale_min,scale_max,", "a column has no name"),
            ("item_id,rater_id,score,scale_min,scale_max,score", "'score' appears twice"),
        ],
    )
    def test_a_header_that_is_wrong(self, store, write, header, message):
        row = ",".join("1" for _ in header.split(","))
        refused(store, write(header, row), message)

    def test_unknown_columns_are_left_aside_when_told(self, store, write):
        path = write(f"{HEAD},mood", f"{ROW},sunny")
        report = import_ratings(store, path, round=ROUND, ignore_unknown_columns=True)
        assert report.ignored_columns == ("mood",)

    def test_contradictions_with_the_store(self, store, write, made):
        head = "item_id,prompt_id,category,model_id,rater_id,score"
        for row, message in [
            (
                "own,p-other,,,ann,3",
                "prompt_id 'p-other', but that output in the store has 'p-own'",
            ),
            ("own,,landscape,,ann,3", "has category 'landscape'"),
            ("own,,,value,ann,3", "has model_id 'value'"),
            ("refused,,,,ann,3", "was refused, so nobody can have rated it"),
            ("g1,p-own,landscape,m,ann,3", "but the store has it in 'portrait'"),
        ]:
            refused(store, write(head, row), message, scale="1:5")
        path = write("item_id,rater_id,score", "own,ann,3")
        with pytest.raises(RatingsError, match="import it with --round 2026-11"):
            import_ratings(store, path, round="2027-01", scale="1:5")

    def test_a_prompt_of_another_text_needs_another_id(self, store, write, made):
        head = "prompt_id,prompt,model_id,rater_id,score"
        refused(store, write(head, "p-own,a blue fox,m,ann,3"), "with other texts", scale="1:5")
        store.save_prompts([Prompt(id="p-own", text="a blue fox", category="portrait")])
        path = write("prompt_id,model_id,rater_id,score", "p-own,m,ann,3")
        refused(store, path, "names 2 prompts of the store", scale="1:5")
        path = write(head, "p-own,a blue fox,m,ann,3")
        assert import_ratings(store, path, round=ROUND, scale="1:5").added == 1

    def test_scales_are_explicit_and_never_two(self, store, write):
        path = write(HEAD, ROW)
        refused(store, path, "declares the scale 0 to 10, but --scale says 1:5", scale="1:5")
        for text in ("5", "1:", "5:1", "1:1", "a:b", "0:inf", "nan:1"):
            refused(store, path, "write it as LOW:HIGH", scale=text)
        assert parse_scale("-1:1") == (-1, 1)

    def test_files_that_are_none(self, store, write, tmp_path):
        refused(store, tmp_path / "absent.csv", "no such file")
        refused(store, write(content=b"\n"), "empty")
        refused(store, write(HEAD), "no row below the header")
        refused(store, write(HEAD, ROW.replace("7.5", "")), "none of 1 row has a score")
        refused(store, write(content=b"item_id\xff,rater_id\n"), "not UTF-8")
        refused(
            store, write(HEAD, ROW), "format 'logn' is unknown .did you mean 'long'", format="logn"
        )
        for names in ({"round": " "}, {"round": "x", "source": " "}):
            with pytest.raises(RatingsError, match="must have names"):
                import_ratings(store, write(HEAD, ROW), **names)


class TestTraps:
    """What was met in published files (../shared/data/README.md), each as a made-up file."""

    @pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
    @pytest.mark.parametrize("end", [b"\n", b"\r\n"])
    def test_byte_order_marks_and_line_ends(self, store, write, bom, end):
        content = bom + end.join(line.encode() for line in (HEAD, ROW, ""))
        assert import_ratings(store, write(content=content), round=ROUND).kept == 1

    def test_lone_carriage_returns_make_no_row(self, store, write):
        head = "prompt_id,prompt,model_id,rater_id,score"
        rows = "".join(f"p{n},a fox\rin snow,m,ann,3\n" for n in range(20))
        path = write(content=f"{head}\n{rows}".encode())
        assert import_ratings(store, path, round=ROUND, scale="1:5").read == 20
        assert {p.text for p in store.prompts_of()} == {"a fox in snow"}

    def test_line_breaks_quotes_and_other_scripts_in_fields(self, store, write):
        text = 'a "red"\nfox, 赤い狐, ثعلب'
        quoted = text.replace('"', '""')
        path = write("prompt_id,prompt,model_id,rater_id,score", f'p,"{quoted}",m,ann,3')
        import_ratings(store, path, round=ROUND, scale="1:5")
        assert [p.text for p in store.prompts_of()] == [text]
        path = write("prompt_id,prompt,model_id,rater_id,score", f'q,"{quoted}",m,ann,nought')
        assert "line 3" in refused(store, path, "not a number", scale="1:5")

    def test_blanks_around_names_and_categories(self, store, write):
        path = write(HEAD.replace("score", " score "), ROW.replace("portrait", "portrait  "))
        assert import_ratings(store, path, round=ROUND).kept == 1

    def test_empty_cells_are_dropped_and_counted(self, store, write):
        path = write(HEAD, ROW, ROW.replace("7.5", "").replace("ann", "bob"))
        report = import_ratings(store, path, round=ROUND)
        assert (report.read, report.kept, report.dropped) == (2, 1, {"no score": 1})

    def test_the_same_row_twice_is_one(self, store, write):
        report = import_ratings(store, write(HEAD, ROW, ROW), round=ROUND)
        assert (report.kept, report.dropped) == (1, {"said twice": 1})
        assert "(1 said twice dropped)" in str(report)

    def test_nameless_raters_are_allowed_and_counted(self, store, write):
        path = write(HEAD, *[ROW.replace("ann", "Anonymous")] * 3, ROW)
        report = import_ratings(store, path, round=ROUND)
        assert (report.kept, report.anonymous, report.raters) == (4, 3, 1)

    def test_one_model_under_two_names_is_pointed_at(self, store, write):
        path = write("prompt_id,model_id,rater_id,score", "p,SDXL_1,a,3", "p,sdxl-1,a,3", "q,z,a,3")
        notes = import_ratings(store, path, round=ROUND, scale="1:5").notes
        assert any("SDXL_1 and imported/sdxl-1 differ in case or marks only" in n for n in notes)

    def test_models_on_different_prompts_are_pointed_at(self, store, write):
        path = write("prompt_id,model_id,rater_id,score", "p,a,r,3", "q,a,r,3", "p,b,r,3")
        report = import_ratings(store, path, round=ROUND, scale="1:5")
        assert report.notes == ("imported/b has ratings on 1 of 2 prompts",)

    def test_tabs(self, store, write):
        path = write(HEAD.replace(",", "\t"), ROW.replace(",", "\t"), name="ratings.tsv")
        assert import_ratings(store, path, round=ROUND).kept == 1


words = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Z"), exclude_characters="\x1f"),
    min_size=1, max_size=12,
)  # fmt: skip
rows = st.fixed_dictionaries(
    {
        "item_id": st.integers(0, 9).map(lambda n: f"g{n}"),
        "rater_id": words,
        "dimension": st.sampled_from(["overall", "beauty"]),
        "score": st.integers(0, 100).map(lambda n: n / 10),
        "kind": st.sampled_from(["test", "catch", "repeat"]),
        "session_id": st.sampled_from(["", "s1", "s2"]),
        "usable": st.sampled_from(["", "1", "0"]),
    }
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(rows, min_size=1, max_size=12, unique_by=lambda r: (
    r["item_id"], r["rater_id"].lower(), r["dimension"], r["kind"], r["session_id"]
)))  # fmt: skip
def test_what_is_written_comes_back(tmp_path_factory, written):
    import csv

    from qfloor.store import Store

    folder = tmp_path_factory.mktemp("trip")
    path = folder / "ratings.csv"
    fixed = {"prompt_id": "p", "model_id": "m", "scale_min": 0, "scale_max": 10}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({**row, **fixed} for row in written)
    with Store.open(folder / "store", create=True) as store:
        report = import_ratings(store, path, round=ROUND, keep_rater_ids=True)
        items = {
            o.id: o.report["item"] for name in store.rounds() for o in store.outputs_of(round=name)
        }
        back = Counter(
            (items[r.output_id], r.rater, r.criterion, r.value, r.control, r.session, r.usable)
            for r in store.ratings_of()
        )
        assert import_ratings(store, path, round=ROUND).added == 0
    flags = {"": None, "1": True, "0": False}
    assert back == Counter(
        (
            r["item_id"], "anonymous" if r["rater_id"].lower() == "anonymous" else r["rater_id"],
            r["dimension"], r["score"], r["kind"], r["session_id"] or None, flags[r["usable"]],
        )
        for r in written
    )  # fmt: skip
    assert report.kept == len(written)


def test_the_formats_are_named():
    assert {"long", "genai_bench"} <= set(FORMATS)
    assert all(name == format.name for name, format in FORMATS.items())


def test_an_offer_made_known_by_ratings_is_no_duplicate(store, write):
    store.save_offers([Offer(id="imported/flux-dev", model="flux-dev", provider="imported")])
    import_ratings(store, write(HEAD, ROW), round=ROUND)
    assert len(list(store.offers_of())) == 1


class TestAnotherScaleThanTheStores:
    """Two scales of one criterion in a round could never be judged, nor taken back."""

    def _five(self, write, model="flux-dev", criterion="overall"):
        head = "item_id,prompt_id,category,model_id,rater_id,score,scale_min,scale_max"
        row = f"g2,p18,portrait,{model},bob,4,1,5,{criterion}"
        return write(f"{head},dimension", row, name="five.csv")

    def test_it_is_refused_at_the_import(self, store, write):
        import_ratings(store, write(HEAD, ROW), round=ROUND)
        said = refused(store, self._five(write), "is on the scale 1 to 5 here")
        assert "five.csv: line 2: 'overall' is on the scale 1 to 5 here, but ratings of" in said
        assert "imported/flux-dev in round 2026-11 that were imported before are on 0 to 10" in said
        assert "give them a criterion of their own (the column dimension)" in said

    @pytest.mark.parametrize("else_", [{"model": "other"}, {"criterion": "beauty"}])
    def test_another_offer_or_criterion_has_a_scale_of_its_own(self, store, write, else_):
        import_ratings(store, write(HEAD, ROW), round=ROUND)
        assert import_ratings(store, self._five(write, **else_), round=ROUND).added == 1

    def test_another_round_has_a_scale_of_its_own(self, store, write):
        import_ratings(store, write(HEAD, ROW), round=ROUND)
        assert import_ratings(store, self._five(write), round="2026-12").added == 1
