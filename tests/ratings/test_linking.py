"""Two sessions are pooled only when a shift is ruled out."""

from __future__ import annotations

import numpy as np
import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import import_ratings
from qfloor.ratings.linking import link, sentence_of

HEAD = "item_id,prompt_id,model_id,rater_id,score,session_id"


def load(store, write, shift=0.0, n_linked=30, second="june", scale="0:10"):
    rng = np.random.default_rng(0)
    rows = []
    for i in range(40):
        quality = rng.uniform(3, 7)
        rows += [
            (f"i{i}", f"p{i}", "m", f"a{j}", round(quality + rng.normal(0, 0.3), 1), "may")
            for j in range(3)
        ]
        if i < n_linked:
            rows += [
                (
                    f"i{i}",
                    f"p{i}",
                    "m",
                    f"b{j}",
                    round(quality + shift + rng.normal(0, 0.3), 1),
                    second,
                )
                for j in range(3)
            ]
    path = write(HEAD, *(",".join(str(v) for v in row) for row in rows))
    import_ratings(store, path, round="2026-11", scale=scale)


def test_sessions_alike_are_pooled(store, write):
    load(store, write)
    found = link(store, "may", "june", criterion="overall")
    assert (found.word, found.kind, found.n_outputs, found.margin) == ("pool", "session", 30, 0.5)
    assert found.low < 0 < found.high
    assert sentence_of(found).startswith("pool: june rates")
    assert list(store.linkings_of(criterion="overall")) == [found]


def test_a_shift_is_told_with_how_large_it_could_be(store, write):
    load(store, write, shift=1.0)
    found = link(store, "may", "june", criterion="overall")
    assert found.word == "do not pool"
    assert found.shift == pytest.approx(1.0, abs=0.2)
    assert f"could be as large as {found.high:.3g}" in sentence_of(found)


def test_too_few_linking_outputs_say_what_they_could_have_shown(store, write):
    load(store, write, n_linked=6)
    found = link(store, "may", "june", criterion="overall", margin=0.01)
    assert found.word == "too few linking outputs"
    assert "could not have shown less than" in sentence_of(found)


def test_three_linking_outputs_say_nothing(store, write):
    load(store, write, n_linked=3, second="july")
    few = link(store, "may", "july", criterion="overall")
    assert (few.low, few.word) == (None, "too few linking outputs")
    assert "say nothing" in sentence_of(few)


def test_the_newest_answer_counts(store, write):
    load(store, write, shift=0.4)
    assert link(store, "may", "june", criterion="overall", margin=0.2).word == "do not pool"
    assert link(store, "may", "june", criterion="overall", margin=2.0).word == "pool"
    assert [found.word for found in store.linkings_of()] == ["pool"]


@pytest.mark.parametrize(
    ("first", "second", "options", "message"),
    [
        ("may", "may", {}, "linked with itself"),
        ("may", "juno", {}, "no session or source 'juno'.*known: .*june"),
        ("may", "june", {"criterion": "style"}, "no session or source 'may'"),
        ("may", "long", {}, "not both sessions or both sources"),
        ("may", "june", {"margin": 0.0}, "tests nothing"),
        ("may", "june", {"margin": 10.0}, "tests nothing"),
    ],
)
def test_what_cannot_be_linked_is_one_sentence(store, write, first, second, options, message):
    load(store, write)
    with pytest.raises(RatingsError, match=message):
        link(store, first, second, **{"criterion": "overall", **options})
    assert list(store.linkings_of()) == []


def test_no_output_in_both(store, write):
    load(store, write, n_linked=0)
    rows = [(f"x{i}", f"p{i}", "m", "b0", 5, "june") for i in range(9)]
    path = write(HEAD, *(",".join(str(v) for v in row) for row in rows), name="june.csv")
    import_ratings(store, path, round="2026-11", scale="0:10", source="long")
    with pytest.raises(RatingsError, match="rate some outputs of the first again"):
        link(store, "may", "june", criterion="overall")
