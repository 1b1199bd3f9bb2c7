"""Ratings that name prompt and offer belong to the output that the round has of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import import_ratings

ROUND = "2026-11"
HEAD = "prompt,model_id,rater_id,score"


def brought(store, path, **more):
    return import_ratings(store, path, round=ROUND, scale="0:10", **more)


def test_a_round_without_outputs_is_refused_where_all_pairs_are_other_rounds(store, write, made):
    store.save_offers([replace(store.offer("shop/grand"), id="shop/petit", model="petit")])
    older = replace(made, id="petit", offer_id="shop/petit")
    store.save_outputs([older, replace(older, id="older", round="2026-12")])
    path = write(HEAD, "a red fox,shop/grand,ann,3", "a red fox,shop/petit,bob,4")
    with pytest.raises(RatingsError) as told:
        import_ratings(store, path, round="2026-01", scale="0:10")
    assert str(told.value) == (
        f"{path}: round 2026-01 has no outputs, but what the file names (2 pairs of prompt and "
        "model) was made in 2026-11, 2026-12; import it with --round 2026-11, or take the outputs "
        "of round 2026-01 in first; nothing was imported"
    )
    assert "2026-01" not in store.rounds()
    assert brought(store, path).items_in_store == 2


@pytest.mark.parametrize(
    ("round", "rows", "outputs"),
    [
        ("2026-12", ["a red fox,shop/grand,ann,3", "a blue fox,shop/grand,ann,3"], []),
        ("2026-12", ["a red fox,shop/other,ann,3"], []),
        ("2026-12", ["a red fox,shop/petit,ann,3"], ["2026-12"]),
        ("2026-12", ["a red fox,shop/petit,ann,3"], ["2026-12+compared"]),
    ],
)
def test_what_no_round_has_is_known_by_ratings_alone(store, write, made, round, rows, outputs):
    store.save_offers([replace(store.offer("shop/grand"), id="shop/petit", model="petit")])
    store.save_outputs([replace(made, id="petit", offer_id="shop/petit")])
    store.save_outputs([replace(made, id=f"at {name}", round=name) for name in outputs])
    report = import_ratings(store, write(HEAD, *rows), round=round, scale="0:10")
    assert (report.kept, report.items_in_store) == (len(rows), 0)


def test_ratings_of_a_later_round_of_what_ratings_alone_made_are_none_of_the_first(store, write):
    path = write(HEAD, "a red fox,shop/grand,ann,3")
    for round in ("2026-11", "2026-12"):
        assert import_ratings(store, path, round=round, scale="0:10").items_in_store == 0
    assert store.rounds() == ["2026-11", "2026-12"]


@pytest.mark.parametrize("named", ["a red fox", " a red fox "])
def test_by_text_and_offer_it_is_the_output_that_was_made(store, write, made, named):
    before = list(store.outputs_of())
    report = brought(store, write(HEAD, f"{named},shop/grand,ann,3"))
    assert [r.output_id for r in store.ratings_of()] == [made.id]
    assert (report.items, report.items_in_store) == (1, 1)
    assert list(store.outputs_of()) == before
    assert len(store.prompts_by_digest()) == 1


def test_so_it_is_by_prompt_id_and_for_an_id_of_the_files_own(store, write, made):
    path = write("item_id,prompt_id,model_id,rater_id,score", "task-9,p-own,shop/grand,ann,3")
    assert brought(store, path).items_in_store == 1
    path = write("item_id,prompt_id,prompt,model_id,rater_id,score",
                 "t2,mine,a red fox,shop/grand,bob,4")  # fmt: skip
    assert brought(store, path).items_in_store == 1
    assert {r.output_id for r in store.ratings_of()} == {made.id}


def test_in_any_format_and_for_pairs(store, write, made):
    store.save_offers([replace(store.offer("shop/grand"), id="shop/petit", model="petit")])
    store.save_outputs([replace(made, id="own2", offer_id="shop/petit")])
    path = write(
        "prompt_id,left_model,right_model,rater_id,response", "p-own,shop/grand,shop/petit,ann,left"
    )
    import_ratings(store, path, "pairwise", round=ROUND)
    (found,) = store.comparisons_of()
    assert (found.left_output_id, found.right_output_id) == ("own", "own2")


def test_a_prompt_that_the_offers_outputs_do_not_answer_is_refused(store, write, made):
    path = write(HEAD, "a red fix,shop/grand,ann,3")
    with pytest.raises(RatingsError, match=r"none of them answers.*did you mean 'a red fox'"):
        brought(store, path)
    assert not list(store.ratings_of())
    assert brought(store, write(HEAD, "a red fix,shop/other,ann,3")).items_in_store == 0


def test_of_several_repeats_the_file_must_say_which(store, write, made):
    store.save_outputs([replace(made, id="again", repeat=2, report={"seed": 7})])
    with pytest.raises(RatingsError, match=r"is 2 outputs in round 2026-11.*item_id, or in seed"):
        brought(store, write(HEAD, "a red fox,shop/grand,ann,3"))
    brought(store, write(HEAD + ",seed", "a red fox,shop/grand,ann,3,7"))
    assert [r.output_id for r in store.ratings_of()] == ["again"]


def test_a_seed_that_the_store_has_otherwise_is_refused(store, write, made):
    store.save_offers([replace(store.offer("shop/grand"), id="shop/petit", model="petit")])
    store.save_outputs([replace(made, id="own2", offer_id="shop/petit", report={"seed": 7})])
    with pytest.raises(RatingsError, match="has seed 3 here and 7 in the store"):
        brought(store, write(HEAD + ",seed", "a red fox,shop/petit,ann,3,3"))


def test_what_was_not_made_cannot_have_been_rated(store, write, made):
    refused = store.output("refused")
    store.save_offers([replace(store.offer("shop/grand"), id="shop/petit", model="petit")])
    store.save_outputs([replace(refused, id="none", offer_id="shop/petit")])
    with pytest.raises(RatingsError, match="was refused, so nobody can have rated it"):
        brought(store, write(HEAD, "a red fox,shop/petit,ann,3"))


def test_two_items_of_a_file_are_not_one_output(store, write, made):
    path = write("item_id,prompt,model_id,rater_id,score",
                 "g1,a red fox,shop/grand,ann,3", "g2,a red fox,shop/grand,ann,9")  # fmt: skip
    with pytest.raises(RatingsError, match="'g2' is the same output in the store as item 'g1'"):
        brought(store, path)


def test_a_category_that_contradicts_the_store_is_refused(store, write, made):
    with pytest.raises(RatingsError, match="category 'video', but that output in the store has"):
        brought(store, write(HEAD + ",category", "a red fox,shop/grand,ann,3,video"))
