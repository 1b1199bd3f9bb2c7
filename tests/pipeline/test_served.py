"""The policy certified on unused prompts: only what is chosen is bought, everything is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qfloor import benchmark, pipeline, router, stats, suite
from qfloor.benchmark import Benchmark
from qfloor.errors import CertificationError
from qfloor.floors import Judged
from qfloor.pipeline.replay_outputs import Made, interval, replay_outputs
from qfloor.pipeline.served import certify_served, fresh_prompts, served_rows
from qfloor.pipeline.served_bound import bound_of, verdicts
from qfloor.records import Prompt, Status
from qfloor.store import Store

NOW = "2026-11-24"
POLICY = router.Policy(on_uncertified="best_bound")  # so few prompts certify little
FRESH = {"product-photo": 6, "portrait": 6}


@pytest.fixture(scope="module")
def confirm(small: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    """Six prompts a category that the small benchmark did not use, and one that it did."""
    folder = tmp_path_factory.mktemp("confirm")
    prompts = suite.load("painters").prompts
    ids = [p.id for c, n in FRESH.items() for p in [q for q in prompts if q.category == c][-n:]]
    used = next(p.id for p in prompts if p.category == "portrait")
    chosen = "".join(f'  "{i}",\n' for i in [*ids, used])
    (folder / "fresh.toml").write_text(
        f'[suite]\nname = "fresh"\nversion = "1.0.0"\nbase = "painters"\nselect = [\n{chosen}]\n'
    )
    text = Path(str(small.path)).read_text()
    text = text.replace(small.suites[0], str(folder / "fresh.toml")).replace('"small"', '"confirm"')
    (folder / "confirm.toml").write_text(text)
    return replace(benchmark.load(folder / "confirm.toml"), scorers=(), calibrations=())


@pytest.fixture(scope="module")
def db(ran: pipeline.RunResult) -> router.Database:
    return router.load(ran.database)


def test_only_what_is_chosen_is_bought_and_all_of_it_is_counted(
    ran: pipeline.RunResult, confirm: Benchmark, db: router.Database
) -> None:
    with Store.open(ran.database.parent) as store, store.writing("test"):
        before = len(list(store.outputs_of(round=confirm.round)))
        found = certify_served(store, confirm, db, policy=POLICY, now=NOW)
        bought = len(list(store.outputs_of(round=confirm.round))) - before
        again = certify_served(store, confirm, db, policy=POLICY, now=NOW)
        twice = len(list(store.outputs_of(round=confirm.round))) - before
    assert found.prompts == 12
    assert found.left_out == 1
    assert "1 prompt was left out" in found.remarks[-1]
    assert "about people like those who judged: raters are drawn as prompts are" in found.remarks
    standard, professional, premium = found.bounds
    assert professional.asked == 0  # the benchmark sets no threshold for it
    assert standard.served > 0
    assert standard.served + standard.refused == standard.asked == 12
    assert standard.missing == 0
    assert standard.rule == "two_way"  # one rating a prompt, of people who rated several
    assert (standard.m, standard.level) == (3, pytest.approx(0.05 / 3))
    assert standard.upper is not None
    alone = stats.clopper_pearson_upper(standard.fails, standard.served, standard.level)
    assert standard.upper >= alone - 1e-12  # people who differ widen it
    assert 0 < bought <= standard.served + premium.served
    assert found.spent_nanousd > 0
    assert twice == bought  # what was bought once is kept
    assert again.spent_nanousd == found.spent_nanousd
    assert again.bounds == found.bounds
    assert served_rows(found)[0]["family"] == "tiers of one policy (m = 3)"


def test_prompts_that_decided_cannot_certify(
    ran: pipeline.RunResult, small: Benchmark, db: router.Database
) -> None:
    told = r"every prompt of .* was used"
    with Store.open(ran.database.parent) as store, pytest.raises(CertificationError, match=told):
        fresh_prompts(store, small, db)


def test_what_cannot_be_honest_is_refused(
    ran: pipeline.RunResult, confirm: Benchmark, db: router.Database
) -> None:
    with Store.open(ran.database.parent) as store:
        with pytest.raises(CertificationError, match=r"alpha is 0\.9"):
            certify_served(store, confirm, db, alpha=0.9)
        with pytest.raises(CertificationError, match="tiers are"):
            certify_served(store, confirm, db, tiers=("standard", "standard"))
        with pytest.raises(CertificationError, match="does not sell"):
            certify_served(store, replace(confirm, offers=confirm.offers[:1]), db)


def test_a_policy_that_serves_nothing_has_no_bound(
    ran: pipeline.RunResult, confirm: Benchmark, db: router.Database
) -> None:
    nobody = replace(db, certified={}, memo={}, shapes={}, rows={})
    with Store.open(ran.database.parent) as store, store.writing("test"):
        before = len(list(store.outputs_of(round=confirm.round)))
        found = certify_served(store, confirm, nobody, now=NOW)
        assert len(list(store.outputs_of(round=confirm.round))) == before
    assert [(b.served, b.rate, b.upper, b.holds) for b in found.bounds] == [
        (0, None, None, False)
    ] * 3


def test_unrated_outputs_are_told_and_not_guessed(
    confirm: Benchmark, db: router.Database, tmp_path: Path
) -> None:
    nobody = replace(confirm, panel=None)
    told = pytest.raises(CertificationError, match="has to be rated")
    with Store.open(tmp_path, create=True) as store, store.writing("test"), told:
        certify_served(store, nobody, db, policy=POLICY, now=NOW, tiers=("standard",))


def _verdicts(
    shares: dict[str, list[list[float]]], raters: Sequence[str] = ()
) -> list[tuple[Judged, ...]]:
    """Of each family some prompts, of each prompt its ratings: 1 passed, 0 failed."""
    return [
        (
            Judged(
                output_id=f"{family}-{n}", family=family, repeat=0, status=Status.MADE,
                values=tuple(ratings), raters=tuple(raters[: len(ratings)]),
            ),
        )
        for family, prompts in shares.items()
        for n, ratings in enumerate(prompts)
    ]  # fmt: skip


def test_bounds_by_hand() -> None:
    exact = bound_of(_verdicts({f"p{i}": [[float(i >= 3)]] for i in range(60)}), 0.05)
    assert (exact.rate, exact.rule) == (pytest.approx(0.05), "exact")
    assert exact.upper == pytest.approx(stats.clopper_pearson_upper(3, 60, 0.05))
    panel = ["a", "b"]
    clustered = bound_of(
        _verdicts({f"p{i}": [[float(i >= 3), 1.0]] for i in range(30)}, panel), 0.05
    )
    assert (clustered.rate, clustered.rule) == (pytest.approx(0.05), "korn_graubard")
    assert clustered.panel == 2  # nothing is said of other people
    assert clustered.upper is not None
    assert clustered.upper > 0.05
    nothing = bound_of([], 0.05)
    assert (nothing.rate, nothing.upper, nothing.rule) == (None, None, "nothing was served")


def test_raters_who_differ_widen_the_bound() -> None:
    """Eight people on every prompt: two of them fail everything, as others of their kind would."""
    people = [f"r{n}" for n in range(8)]
    severe = {f"p{i}": [[0.0, 0.0, *[1.0] * 6]] for i in range(80)}
    bound = bound_of(_verdicts(severe, people), 0.05)
    assert (bound.rate, bound.rule, bound.panel) == (pytest.approx(0.25), "two_way", 0)
    assert bound.upper is not None
    assert bound.upper > 0.5
    nobody = [f"p{i}-{n}" for i in range(80) for n in range(8)]
    rows = _verdicts(severe)
    strangers = [
        (replace(row, raters=tuple(nobody[8 * i : 8 * i + 8])),) for i, (row,) in enumerate(rows)
    ]
    of_strangers = bound_of(strangers, 0.05)
    assert of_strangers.upper is not None
    assert of_strangers.upper < 0.35


def test_what_nobody_judged_fails_and_thresholds_are_each_prompts_own() -> None:
    made = Made(outputs=_verdicts({"p": [[7.0, 5.0]]})[0])
    prompt = Prompt(id="p", text="a red fox", category="portrait", modality="image")
    assert verdicts(prompt, made, 6.0)[0].values == (1.0, 0.0)
    assert verdicts(prompt, made, 5.0)[0].values == (1.0, 1.0)
    lost = Judged(output_id="x", family="p", repeat=1, status=Status.SETUP)
    assert len(verdicts(prompt, Made(outputs=(*made.outputs, lost)), 6.0)) == 1
    for nothing in (None, Made(outputs=()), Made(outputs=(lost,))):
        unjudged = verdicts(prompt, nothing, 6.0)
        assert bound_of([unjudged], 0.05).rate == 1.0


def test_over_outputs_everyone_is_judged_by_what_was_made(
    ran: pipeline.RunResult, small: Benchmark, db: router.Database
) -> None:
    with Store.open(ran.database.parent) as store:
        rows = replay_outputs(
            store, small, pipeline.prompts_of(small), db, policy=POLICY, now=NOW,
            tiers=("standard",),
        )  # fmt: skip
    by_name = {row["policy"]: row for row in rows}
    assert set(by_name) == {
        "routed", "oracle", "best single", "manual table", "random certified", "always cheapest",
        "hindsight",
    }  # fmt: skip
    routed, hindsight = by_name["routed"], by_name["hindsight"]
    assert routed["served"] == routed["judged"] > 0
    assert all(row["served"] == routed["served"] for row in rows)
    assert hindsight["fail_rate"] <= min(row["fail_rate"] for row in rows)
    assert all(row["regret_fails"] >= 0 for row in rows)
    assert by_name["always cheapest"]["usd"] <= min(row["usd"] for row in rows)
    assert routed["fail_lo"] <= routed["fail_rate"] <= routed["fail_hi"]


def test_an_interval_takes_families_as_clusters() -> None:
    rate, low, high = interval([0.0, 1.0, 0.0, 0.0], ["a", "b", "c", "d"], 0.95)
    assert (rate, low, high) == (
        0.25, *(pytest.approx(x) for x in stats.clopper_pearson(1, 4)),
    )  # fmt: skip
    wide = interval([1.0, 1.0, 0.0, 0.0] * 5, [f"f{i // 2}" for i in range(20)], 0.95)
    narrow = interval([1.0, 1.0, 0.0, 0.0] * 5, [f"f{i}" for i in range(20)], 0.95)
    assert wide[2] - wide[1] > narrow[2] - narrow[1]


def test_families_of_many_prompts_weigh_in_the_bound_as_in_the_rate() -> None:
    shares = {f"p{n}": [[1.0]] for n in range(100)} | {f"f{n}": [[0.0]] * 30 for n in range(5)}
    bound = bound_of(_verdicts(shares), 0.05)
    assert bound.rate == pytest.approx(0.6)
    assert bound.upper is not None
    assert bound.upper > bound.rate
    plain = [1.0, 1.0, 1.0, 0.0]
    assert interval(plain, ["a", "a", "a", "b"], 0.95)[0] == 0.75
