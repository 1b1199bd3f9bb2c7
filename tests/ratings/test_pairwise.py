"""Comparisons enter as they were told: which side won, both outputs, scores beside them."""

from __future__ import annotations

from collections import Counter

import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import ReadOptions, import_ratings
from qfloor.records import Output, Prompt, Status

ROUND = "2026-11"
FULL = (
    "trial_id,pair_id,prompt_id,category,left_item,right_item,left_arm,right_arm,response,"
    "left_score,right_score,left_usable,right_usable,rater_id,shown_at,submitted_at,duration_ms,"
    "kind,repeat_of,session_id,left_model,right_model"
)
ROW = (
    "t1,x1,p17,portrait,g1,g2,router,premium,right,7.1,7.6,1,0,r-9a,2026-01-02T03:04:05Z,"
    "2026-01-02T03:04:10Z,5100,test,,s1,cheap,dear"
)
HEAD = "prompt_id,left_model,right_model,response,rater_id"


def read(store, path, **options):
    options = {"keep_rater_ids": True, **options}
    return import_ratings(store, path, "pairwise", round=ROUND, **options)


def refused(store, path, message, **options):
    with pytest.raises(RatingsError, match=message) as caught:
        read(store, path, **options)
    assert "\n" not in str(caught.value)
    assert (
        list(store.comparisons_of()) == list(store.ratings_of()) == list(store.outputs_of()) == []
    )
    return str(caught.value)


def offers_of(store, comparison):
    return tuple(
        store.output(name).offer_id
        for name in (comparison.left_output_id, comparison.right_output_id)
    )


class TestWhatEnters:
    def test_a_full_row_keeps_everything_it_says(self, store, write):
        report = read(store, write(FULL, ROW))
        (found,) = store.comparisons_of()
        assert (found.winner, found.rater, found.criterion) == ("right", "r-9a", "overall")
        assert offers_of(store, found) == ("imported/cheap", "imported/dear")
        assert (found.trial, found.pair, found.repeat_of) == ("t1", "x1", None)
        assert (found.left_arm, found.right_arm) == ("router", "premium")
        assert (found.session, found.seconds, found.control) == ("s1", 5.1, "test")
        assert (found.shown_at, found.at) == ("2026-01-02T03:04:05Z", "2026-01-02T03:04:10Z")
        scores = {store.output(r.output_id).report["item"]: r for r in store.ratings_of()}
        assert {item: r.value for item, r in scores.items()} == {"g1": 7.1, "g2": 7.6}
        assert {item: r.usable for item, r in scores.items()} == {"g1": True, "g2": False}
        assert {(r.lo, r.hi, r.criterion) for r in scores.values()} == {(0, 10, "overall")}
        assert (report.read, report.comparisons, report.kept, report.added) == (1, 1, 2, 3)
        assert (report.raters, report.items, report.dropped) == (1, 2, {})
        assert "1 comparison and 2 ratings kept, 3 of them new" in str(report)

    def test_models_on_a_prompt_are_enough(self, store, write):
        report = read(store, write(HEAD, "p,a,b,left,ann", "p,a,b,none,bob"))
        assert Counter(c.winner for c in store.comparisons_of()) == {"left": 1, "tie": 1}
        assert (report.comparisons, report.kept, report.items) == (2, 0, 2)
        assert report.offers == ("imported/a", "imported/b")

    def test_responses(self, store, write):
        rows = [f"p,a,b,{r},r{n}" for n, r in enumerate(("left", "right", "none", "both_bad"))]
        report = read(store, write(HEAD, *rows, "p,a,b,skip,r9", "p,a,b,,r9"))
        winners = {c.rater: c.winner for c in store.comparisons_of()}
        assert winners == {"r0": "left", "r1": "right", "r2": "tie", "r3": "both_bad"}
        assert report.dropped == {"no response": 1, "skipped": 1}
        assert report.read == report.comparisons + sum(report.dropped.values())

    def test_a_usable_flag_without_a_score_is_a_rating_of_its_own(self, store, write):
        head = f"{HEAD},left_usable,right_usable,right_score"
        read(store, write(head, "p,a,b,left,ann,1,0,4.5"))
        found = {r.criterion: (r.value, r.lo, r.hi, r.usable) for r in store.ratings_of()}
        assert found == {"usable": (1, 0, 1, True), "overall": (4.5, 0, 10, False)}

    def test_one_item_is_scored_in_every_trial(self, store, write):
        other = ROW.replace("t1", "t2").replace("g2", "g3").replace("7.1", "6")
        report = read(store, write(FULL, ROW, other))
        scored = [r.value for r in store.ratings_of()]
        assert sorted(scored) == [6, 7.1, 7.6, 7.6]
        assert report.comparisons == 2

    def test_outputs_of_ours_are_found_by_their_ids(self, store, write, made):
        second = Output(
            id="other", prompt_id="p-own", prompt_digest=made.prompt_digest,
            offer_id="shop/grand", repeat=3, round=ROUND, status=Status.MADE, reason="ok",
        )  # fmt: skip
        store.save_outputs([second])
        path = write("left_item,right_item,response,rater_id", "other,own,right,ann")
        report = read(store, path)
        (found,) = store.comparisons_of()
        assert (found.left_output_id, found.right_output_id) == ("other", "own")
        assert report.items_in_store == 2

    def test_same_model_and_placebo_are_controls(self, store, write):
        rows = [f"p,a,a,none,ann,{n},{n + 1},{kind}" for n, kind in enumerate(
            ("same_model", "placebo", "catch", "repeat", "training", "test"))]  # fmt: skip
        report = read(store, write(f"{HEAD},left_seed,right_seed,kind", *rows))
        controls = Counter(c.control for c in store.comparisons_of())
        assert controls["same_model"] == controls["placebo"] == controls["test"] == 1
        assert sum(report.controls.values()) == 5

    def test_two_scores_of_one_output_are_the_pairs_and_not_the_outputs(self, store, write):
        head = f"{HEAD},left_score,right_score,kind"
        report = read(store, write(head, "p,a,a,none,ann,7,5,placebo", "p,a,b,left,ann,8,4,test"))
        assert sorted(r.value for r in store.ratings_of()) == [4, 8]
        assert (report.comparisons, report.kept) == (2, 2)

    def test_clips_where_the_caller_says_so(self, store, write):
        read(store, write(HEAD, "p,a,b,left,ann"), options=ReadOptions(modality="video"))
        assert {p.modality for p in store.prompts_of()} == {"video"}


class TestRounds:
    """Outputs that were only compared are no unrated outputs of the round."""

    def test_compared_outputs_are_kept_beside(self, store, write):
        read(store, write(HEAD, "p,a,b,left,ann"))
        assert list(store.outputs_of(round=ROUND)) == []
        assert len(list(store.outputs_of(round=f"{ROUND}+compared"))) == 2
        frame = store.comparisons(round=ROUND)
        assert list(frame["left_offer_id"]) == ["imported/a"]
        assert len(store.comparisons(round="2026-12")) == 0

    def test_a_floor_sees_no_compared_output(self, store, write):
        from qfloor.pipeline.rounds.judging import RoundView, human_cells
        from qfloor.records import Quality

        read(store, write(HEAD, "p,a,b,left,ann"))
        ratings = write("prompt_id,model_id,rater_id,score", "p,c,ann,3", name="long.csv")
        import_ratings(store, ratings, round=ROUND, scale="0:10")
        view = RoundView.of(store, ROUND, ["imported/a", "imported/b", "imported/c"])
        cells = human_cells(store, view, Quality(source="human", name="overall", lo=0, hi=10))
        assert [key.offer_id for key in cells] == ["imported/c"]

    def test_what_is_rated_later_enters_the_round(self, store, write):
        head = f"{HEAD},left_score,kind"
        read(store, write(head, "p,a,b,left,ann,,catch"))
        assert {o.round for o in store.outputs_of()} == {f"{ROUND}+controls"}
        read(store, write(head, "p,a,b,left,bob,,test"))
        assert {o.round for o in store.outputs_of()} == {f"{ROUND}+compared"}
        read(store, write(head, "p,a,b,left,cat,7,test"))
        rounds = {o.offer_id: o.round for o in store.outputs_of()}
        assert rounds == {"imported/a": ROUND, "imported/b": f"{ROUND}+compared"}
        read(store, write(head, "p,a,b,left,dan,,catch"))
        assert {o.offer_id: o.round for o in store.outputs_of()} == rounds


class TestOnce:
    def test_the_same_file_twice_adds_nothing(self, store, write):
        path = write(FULL, ROW)
        first, again = read(store, path), read(store, path)
        assert (first.added, again.added, again.repeated) == (3, 0, True)
        assert len(list(store.comparisons_of())) == 1

    def test_a_longer_file_adds_what_is_new(self, store, write):
        read(store, write(FULL, ROW))
        longer = write(FULL, ROW.replace("t1", "t0").replace("right", "left"), ROW)
        report = read(store, longer)
        assert (report.comparisons, report.kept, report.added) == (2, 4, 3)

    def test_a_row_twice_is_one_and_is_counted_once(self, store, write):
        report = read(store, write(FULL, ROW, ROW))
        assert (report.read, report.comparisons, report.dropped) == (2, 1, {"said twice": 1})

    def test_nameless_choices_are_all_kept(self, store, write):
        rows = ["p,a,b,left,anonymous"] * 3
        assert read(store, write(HEAD, *rows)).added == 3
        assert read(store, write(HEAD, *rows, rows[0])).added == 1

    def test_a_choice_that_changed_is_an_error(self, store, write):
        read(store, write(HEAD, "p,a,b,left,ann"))
        with pytest.raises(RatingsError, match=r"line 2: .* otherwise \(left\)"):
            read(store, write(HEAD, "p,a,b,right,ann"))


class TestRefused:
    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("p,a,b,neither,ann", "line 3: response 'neither' is unknown"),
            ("p,a,b,0.5,ann", "line 3: response '0.5' is unknown"),
            ("p,a,b,left,", "line 3: rater_id is empty"),
            ("p,a,,left,ann", "nothing says what was on the right"),
            (",a,b,left,ann", "nothing says what was on the left"),
            ("p,a,a,left,ann", "both sides are one output"),
            ("q,a,b,right,zoe", "says right of this pair here and left in line 2"),
        ],
    )
    def test_a_row_that_is_wrong(self, store, write, row, message):
        refused(store, write(HEAD, "q,a,b,left,zoe", row), message)

    @pytest.mark.parametrize(
        ("column", "value", "message"),
        [
            ("kind", "placbo", r"kind 'placbo' is unknown \(did you mean 'placebo'"),
            ("left_score", "11", "left_score 11 lies outside its scale 0 to 10"),
            ("right_usable", "maybe", "neither yes nor no"),
            ("shown_at", "noon", "no date and time"),
            ("duration_ms", "-2", "duration_ms -2 is negative"),
            ("left_sead", "3", "'left_sead' is unknown .did you mean 'left_seed'"),
        ],
    )
    def test_a_field_that_is_wrong(self, store, write, column, value, message):
        refused(store, write(f"{HEAD},{column}", f"p,a,b,left,ann,{value}"), message)

    def test_headers(self, store, write):
        refused(store, write("response,rater_id", "left,ann"), "nothing says what was compared")
        refused(store, write("left_item,right_item,rater_id", "a,b,c"), "'response' is missing")
        refused(store, write(HEAD), "no row below the header")
        refused(store, write(HEAD, "p,a,b,skip,ann"), "none of 1 row has")

    def test_outputs_of_two_prompts_are_no_pair(self, store, write, made):
        other = Prompt(id="p-else", text="a cat", category="portrait")
        store.save_prompts([other])
        store.save_outputs(
            [
                Output(
                    id="cat", prompt_id=other.id, prompt_digest=other.digest,
                    offer_id="shop/grand", repeat=0, round=ROUND, status=Status.MADE, reason="ok",
                )
            ]
        )  # fmt: skip
        path = write("left_item,right_item,response,rater_id", "own,cat,left,ann")
        with pytest.raises(RatingsError, match="answers prompt 'p-own' and the right one 'p-else'"):
            read(store, path)
        assert list(store.comparisons_of()) == []

    def test_an_item_that_nobody_knows_needs_a_model(self, store, write):
        path = write("left_item,right_item,response,rater_id", "a,b,left,ann")
        refused(store, path, "of a pair left_model and right_model")


class TestWho:
    def test_raters_go_by_one_pseudonym_in_choices_and_scores(self, store, write):
        report = read(store, write(FULL, ROW), keep_rater_ids=False)
        names = {c.rater for c in store.comparisons_of()} | {r.rater for r in store.ratings_of()}
        (name,) = names
        assert name.startswith("r-")
        assert name != "r-9a"
        assert report.hashed_raters == 1

    def test_submissions_that_do_not_count_take_their_scores_along(self, store, write):
        path = write(FULL, ROW, ROW.replace("t1", "t2").replace("r-9a", "r-9b"))
        people = write(
            "Submission id,Participant id,Status", "a,r-9a,APPROVED", "b,r-9b,RETURNED",
            name="prolific.csv",
        )  # fmt: skip
        report = read(store, path, prolific=people)
        assert (report.read, report.comparisons, report.kept) == (2, 1, 2)
        assert report.dropped == {"prolific returned": 1}

    def test_several_files_are_one(self, store, write):
        files = [
            write(HEAD, "p,a,b,left,ann", name="one.csv"),
            write(HEAD, "p,a,b,right,bob", name="two.csv"),
        ]
        assert read(store, files).comparisons == 2
        bad = write(HEAD, "p,a,b,up,bob", name="three.csv")
        with pytest.raises(RatingsError, match=r"three\.csv: line 2: response .up. is unknown"):
            read(store, [*files, bad])


def test_a_model_needs_a_prompt_even_where_one_was_read_before(store, write):
    rows = ["p1,,,m,n", ",a,b,m,n", ",,,m,n"]
    path = write(
        "response,rater_id,prompt_id,left_item,right_item,left_model,right_model",
        *(f"left,ann,{row}" for row in rows),
    )
    with pytest.raises(RatingsError, match="line 4: nothing says what was on the left"):
        import_ratings(store, path, format="pairwise", round="2026-11")
