"""Media by policy: nothing that was paid for goes unnamed, nothing is ever half gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_outputs import METRIC, add

from qfloor.errors import PlaceError, StoreError
from qfloor.score import score_outputs
from qfloor.store import Store, tiering
from qfloor.store.media_files import MediaFiles
from qfloor.store.settings import read_settings
from qfloor.store.tier_policy import TierPolicy, load_policy
from qfloor.store.tiering import apply_tiers, plan_tiers
from qfloor.store.upkeep import verify_store

NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
OLD = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "work", create=True) as opened:
        yield opened


def policy(**rule: Any) -> TierPolicy:
    return TierPolicy.model_validate({"rules": [{"name": "rule", **rule}]})


def tier(store: Store, rules: TierPolicy) -> dict[str, str]:
    plan = plan_tiers(store, rules, NOW)
    apply_tiers(store, plan, NOW)
    return {step.sha256: step.action for step in plan.steps}


def test_a_plan_changes_nothing(store: Store) -> None:
    sha256 = add(store, 1, score=1.0, at=OLD)
    plan = plan_tiers(store, policy(action="delete"), NOW)
    assert plan.rows == [
        {"rule": "rule", "action": "delete", "to": None, "files": 1, "bytes": len(b"media 1")}
    ]
    assert store.media.has(sha256)
    assert list(store.tierings_of()) == []


def test_what_was_paid_for_is_deleted_only_by_name(store: Store) -> None:
    free = add(store, 1, paid=0, score=1.0)
    paid = add(store, 2, paid=40_000_000, score=1.0)
    unknown = add(store, 3, paid=None, score=1.0)
    plan = plan_tiers(store, policy(action="delete"), NOW)
    assert [step.sha256 for step in plan.steps] == [free]
    assert sum(plan.spared.values()) == 2
    assert "including_paid" in next(why for _, why in plan.spared)
    assert set(tier(store, policy(action="delete", including_paid=True))) == {free, paid, unknown}
    assert not any(store.media.has(one) for one in (free, paid, unknown))


def test_what_nobody_judged_is_deleted_only_by_name(store: Store) -> None:
    judged, unjudged = add(store, 1, score=1.0), add(store, 2)
    assert set(tier(store, policy(action="delete"))) == {judged}
    assert set(tier(store, policy(action="delete", including_unjudged=True))) == {unjudged}


def test_scores_stay_and_the_store_is_still_sound(store: Store) -> None:
    sha256 = add(store, 1, score=1.0)
    tier(store, policy(action="delete"))
    assert [score.value for score in store.scores_of(metric=METRIC.key)] == [1.0]
    assert list(store.deleted_media()) == [sha256]
    found = verify_store(store)
    assert (found.findings, found.n_deleted) == ((), 1)
    [done] = store.tierings_of()
    assert (done.event, done.place, done.rule) == ("deleted", None, "rule")
    assert plan_tiers(store, policy(action="delete"), NOW).steps == ()


def test_what_a_policy_deleted_gets_no_failed_row(store: Store) -> None:
    from scoring_fakes import FunctionScorer

    add(store, 1, score=1.0)
    tier(store, policy(action="delete"))
    new = FunctionScorer(lambda item: 1.0, name="fake.new")
    outputs = list(store.outputs_of())
    done = score_outputs(store, outputs, store.prompts_by_digest(), [new])
    assert (done.n_gone, done.n_scored_now, done.n_already, dict(done.rows)) == (1, 0, 0, {})
    assert list(store.scores_of(metric=new.metrics[0].key)) == []


def test_a_move_is_read_from_there_afterwards(store: Store, tmp_path: Path) -> None:
    sha256 = add(store, 1, paid=40_000_000)
    far = tmp_path / "archive"
    assert tier(store, policy(action="move", to=f"file://{far}/")) == {sha256: "move"}
    assert not MediaFiles(store.root / "media").has(sha256)
    assert MediaFiles(far).path(sha256).suffix == ".png"
    assert store.read_media(sha256) == b"media 1"
    assert read_settings(store.root).also == (str(far),)
    assert plan_tiers(store, policy(action="move", to=str(far)), NOW).steps == ()
    with Store.open(store.root) as again:
        assert verify_store(again).findings == ()


def test_a_copy_that_does_not_read_back_costs_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = add(store, 1)
    plan = plan_tiers(store, policy(action="move", to=str(tmp_path / "far")), NOW)
    real = MediaFiles.digest
    monkeypatch.setattr(
        MediaFiles,
        "digest",
        lambda self, name: "0" * 64 if self.folder.name == "far" else real(self, name),
    )
    with pytest.raises(StoreError, match="did not read back"):
        apply_tiers(store, plan, NOW)
    assert MediaFiles(store.root / "media").has(sha256)
    assert list(store.tierings_of()) == []


def test_a_run_that_was_killed_is_finished_by_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    media = [add(store, n, score=1.0) for n in range(4)]
    monkeypatch.setattr(tiering, "_TOGETHER", 2)
    for rule in ({"action": "move", "to": str(tmp_path / "far")}, {"action": "delete"}):
        monkeypatch.setattr(MediaFiles, "remove", _killed)
        with pytest.raises(KeyboardInterrupt):
            tier(store, policy(**rule))
        assert not verify_store(store).lost
        monkeypatch.undo()
        assert not verify_store(store).lost
        tier(store, policy(**rule))
        assert not verify_store(store).lost
    assert not any(store.media.has(one) for one in media)


def _killed(*_: object) -> int:
    raise KeyboardInterrupt


def test_a_shared_file_goes_the_way_of_who_keeps_it_most(store: Store) -> None:
    shared = add(store, 1, b"same", round="2026-01", score=1.0)
    add(store, 2, b"same", round="2026-12", score=1.0)
    rules = policy(action="delete", rounds=["2026-01"])
    assert tier(store, rules) == {}
    assert store.media.has(shared)


@pytest.mark.parametrize(
    ("condition", "goes"),
    [
        ({"modality": "video"}, {2}), ({"older_than_days": 100}, {1}), ({"keep_rounds": 1}, {1, 2}),
        ({"keep_rounds": 2}, {1}), ({"offers": ["shop/*"]}, {1, 2, 3}),
        ({"offers": ["x/*"]}, set()),
        ({"categories": ["portrait"]}, {3}), ({"rounds": ["2026-0*"]}, {1}),
        ({"modality": "image", "keep_rounds": 1}, {1}),
    ],
)  # fmt: skip
def test_conditions(store: Store, condition: dict[str, Any], goes: set[int]) -> None:
    media = {
        add(store, 1, round="2026-01", score=1.0, at=OLD): 1,
        add(store, 2, round="2026-11", modality="video", score=1.0): 2,
        add(store, 3, round="2026-12", category="portrait", score=1.0): 3,
    }
    plan = plan_tiers(store, policy(action="delete", **condition), NOW)
    assert {media[step.sha256] for step in plan.steps} == goes


def test_the_first_rule_that_fits_decides(store: Store) -> None:
    sha256 = add(store, 1, score=1.0)
    rules = TierPolicy.model_validate(
        {"rules": [{"name": "keep", "action": "keep"}, {"name": "all", "action": "delete"}]}
    )
    assert tier(store, rules) == {}
    assert store.media.has(sha256)


def test_a_place_out_of_reach_removes_nothing(store: Store, tmp_path: Path) -> None:
    sha256 = add(store, 1)
    (tmp_path / "file").write_text("in the way")
    plan = plan_tiers(store, policy(action="move", to=str(tmp_path / "file" / "x")), NOW)
    with pytest.raises(StoreError, match="cannot be written"):
        apply_tiers(store, plan, NOW)
    assert store.media.has(sha256)
    assert issubclass(PlaceError, StoreError)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "rules"),
        ("rules = []", "at least 1"),
        ("[[rules]]\nname = 'x'\naction = 'burn'", "must be 'keep', 'move'"),
        ("[[rules]]\nname = 'x'\naction = 'move'", "exactly when its action is move"),
        ("[[rules]]\nname = 'x'\naction = 'keep'\nto = '/x'", "exactly when its action is move"),
        ("[[rules]]\nname = 'x'\naction = 'keep'\nincluding_paid = true", "for rules that delete"),
        ("[[rules]]\nname = 'x'\naction = 'delete'\nolder_than = 3", "older_than"),
        ("[[rules", "not valid TOML"),
    ],
)
def test_a_policy_that_is_wrong_is_told(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(StoreError, match=said):
        load_policy(path)
    with pytest.raises(StoreError, match="no such policy file"):
        load_policy(tmp_path / "none.toml")


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from(["2026-10", "2026-11"]), st.booleans(), st.booleans()
        ),
        min_size=1, max_size=6,
    ),
    st.fixed_dictionaries(
        {"action": st.sampled_from(["keep", "delete"])},
        optional={"keep_rounds": st.integers(0, 2), "rounds": st.just(["2026-10"])},
    ),
)  # fmt: skip
def test_paid_or_unjudged_media_never_go_unnamed(
    tmp_path_factory: pytest.TempPathFactory,
    outputs: list[tuple[int, str, bool, bool]],
    rule: dict[str, Any],
) -> None:
    with Store.open(tmp_path_factory.mktemp("w"), create=True) as store:
        kept = set()
        for n, (content, round, paid, judged) in enumerate(outputs):
            sha256 = add(
                store, n, f"m{content}".encode(), round=round, paid=int(paid),
                score=1.0 if judged else None,
            )  # fmt: skip
            if paid or not judged:
                kept.add(sha256)
        tier(store, policy(**rule))
        assert all(store.media.has(one) for one in kept)
        assert not verify_store(store).lost
