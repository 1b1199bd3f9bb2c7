"""Loudness against EBU's reference signals and the recommendation's own filters; counted shares."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal
from sounding_clips import sine, sounding_clip, stereo

from qfloor.errors import PluginError
from qfloor.media import Sound, load_audio
from qfloor.records import Prompt, ScoreStatus
from qfloor.score.inputs import Decoded, InputComputer
from qfloor.scorers.audio import AudioScorer, clipping, loudness
from qfloor.scorers.protocol import Item, Row
from qfloor.testing import check_scorer

pytest.importorskip("pyloudnorm")

NAMES = {1: ("FC",), 2: ("FL", "FR"), 5: ("FL", "FR", "FC", "BL", "BR")}
Floats = npt.NDArray[np.floating]


def sound(samples: Floats, rate: int = 48000, channels: tuple[str, ...] | None = None) -> Sound:
    samples = np.asarray(samples, np.float32)
    samples = samples[:, None] if samples.ndim == 1 else samples
    samples.setflags(write=False)
    return Sound(samples=samples, rate=rate, channels=channels or NAMES[samples.shape[1]])


def lufs(found: Sound) -> float:
    value = loudness(found).integrated
    assert value is not None
    return value


def item(heard: object, output_id: str = "o") -> Item:
    prompt = Prompt(id="p", text="rain on a roof", category="video", modality="video")
    return Item(output_id=output_id, prompt=prompt, media_type="video/mp4", inputs={"audio": heard})


def rows(heard: object) -> dict[str, Row]:
    (found,) = AudioScorer().score([item(heard)])
    return {row.metric: row for row in found}


# -- EBU Tech 3341, minimum requirements test signals: (dBFS, seconds) a passage --------------

PASSAGES = {
    1: ([(-23, 20)], -23.0),
    2: ([(-33, 20)], -33.0),
    3: ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
    4: ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
    5: ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
}


@pytest.mark.parametrize("case", PASSAGES)
def test_ebu_3341_stereo_signals(case: int) -> None:
    passages, expected = PASSAGES[case]
    channel = np.concatenate([sine(level, seconds) for level, seconds in passages])
    assert lufs(sound(stereo(channel))) == pytest.approx(expected, abs=0.1)


def test_ebu_3341_signal_6_in_five_channels() -> None:
    levels = (-28, -28, -24, -30, -30)
    channels = np.column_stack([sine(level, 20) for level in levels])
    assert lufs(sound(channels)) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", [48000, 44100, 22050])
def test_the_rate_does_not_move_it(rate: int) -> None:
    assert lufs(sound(stereo(sine(-20, 3, rate)), rate)) == pytest.approx(-20.0, abs=0.1)


def test_a_single_channel_is_3_db_less_than_two() -> None:
    one = sine(-23, 5, hertz=997)
    difference = lufs(sound(stereo(one))) - lufs(sound(one))
    assert difference == pytest.approx(10 * np.log10(2), abs=1e-9)
    assert lufs(sound(sine(0, 5, hertz=997))) == pytest.approx(-3.01, abs=0.01)  # BS.1770-4


@pytest.mark.parametrize(
    ("codec", "container"),
    [("aac", "mp4"), ("pcm_s16le", "mov"), ("pcm_s24le", "mov"), ("libopus", "webm")],
)
def test_a_reference_signal_through_a_file(codec: str, container: str) -> None:
    content = sounding_clip(stereo(sine(-23, 5)), codec=codec, container=container)
    found = rows(load_audio(content))
    assert found["audio.loudness"].value == pytest.approx(-23.0, abs=0.1)
    assert found["audio.present"].value == 1
    assert found["audio.clipping"].value == 0
    assert found["audio.silence"].value == 0


def _by_the_book(samples: Floats) -> float:
    """BS.1770-4 at 48 kHz, from the recommendation's tables of coefficients and its formulas."""
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285],
             [1.0, -1.69065929318241, 0.73248077421585])  # fmt: skip
    high = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
    weighted = signal.lfilter(*high, signal.lfilter(*shelf, samples, axis=0), axis=0)
    power = np.square(weighted).sum(axis=1)
    blocks = np.array([power[i : i + 19200].mean() for i in range(0, len(power) - 19199, 4800)])
    level = -0.691 + 10 * np.log10(blocks)
    kept = blocks[level >= -70]
    gate = -0.691 + 10 * np.log10(kept.mean()) - 10
    return float(-0.691 + 10 * np.log10(blocks[(level > gate) & (level > -70)].mean()))


@pytest.mark.parametrize("seed", range(3))
def test_noise_in_passages_equals_the_recommendation_done_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gains = np.repeat(10 ** rng.uniform(-4, 0, 20), 9600)[:, None]
    samples = (rng.uniform(-0.5, 0.5, (192000, 2)) * gains).astype(np.float32)
    assert lufs(sound(samples)) == pytest.approx(_by_the_book(samples.astype(float)), abs=1e-3)


@pytest.mark.parametrize("count", [19200, 23999, 24000, 22080, 40000, 43199])
def test_a_block_that_is_cut_short_is_not_heard(count: int) -> None:
    """BS.1770-4: incomplete gating blocks at the end of the measurement are not used."""
    samples = np.random.default_rng(count).uniform(-0.5, 0.5, (count, 2)).astype(np.float32)
    found = loudness(sound(samples))
    assert len(found.blocks) == (count - 19200) // 4800 + 1
    assert found.integrated == pytest.approx(_by_the_book(samples.astype(float)), abs=1e-3)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
def test_every_whole_block_is_heard_at_any_rate(rate: int) -> None:
    for hops in (0, 1, 7):
        count = -(-(4 + hops) * rate // 10)
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, (count, 1))
        assert len(loudness(sound(noise, rate)).blocks) == 1 + hops


def test_the_bass_channel_is_left_out_and_surround_weighs_more() -> None:
    names = ("FL", "FR", "FC", "LFE", "BL", "BR")
    tone, nothing = sine(-20, 2), np.zeros(96000)

    def only(name: str, layout: tuple[str, ...] = names) -> Sound:
        columns = [tone if channel == name else nothing for channel in layout]
        return sound(np.column_stack(columns), channels=layout)

    front = lufs(only("FL"))
    assert lufs(only("FC")) == pytest.approx(front, abs=1e-9)
    assert lufs(only("BR")) == pytest.approx(front + 10 * np.log10(1.41), abs=1e-9)
    assert loudness(only("LFE")).integrated is None
    assert lufs(only("SL", ("FL", "FR", "SL", "SR"))) == pytest.approx(
        front + 10 * np.log10(1.41), abs=1e-9
    )


@pytest.mark.parametrize(
    "names", [("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"), ("NONE",) * 4]
)
def test_channels_without_a_weight_are_unscored_with_the_reason(names: tuple[str, ...]) -> None:
    found = rows(sound(np.zeros((48000, len(names))), channels=names))
    assert found["audio.loudness"].status is ScoreStatus.UNSCORED
    assert "no weights are defined for channels" in str(found["audio.loudness"].reason)
    assert found["audio.clipping"].value == 0


# -- what has no number says why ----------------------------------------------------------------


def test_no_sound_is_absent_and_the_rest_unscored() -> None:
    found = rows(None)
    assert found["audio.present"].value == 0
    for name in ("loudness", "clipping", "silence"):
        row = found[f"audio.{name}"]
        assert (row.status, row.value) == (ScoreStatus.UNSCORED, None)
        assert row.reason == "the clip has no sound"


def test_all_silent_has_no_loudness_and_is_all_silence() -> None:
    for quiet in (np.zeros((48000, 2)), stereo(sine(-80, 1))):
        found = rows(sound(quiet))
        assert found["audio.present"].value == 1
        assert found["audio.loudness"].status is ScoreStatus.UNSCORED
        assert "-70 LUFS" in str(found["audio.loudness"].reason)
        assert found["audio.silence"].value == 1


def test_shorter_than_a_block_is_unscored_and_a_whole_block_is_not() -> None:
    found = rows(sound(stereo(sine(-20, 0.39))))
    for name in ("loudness", "silence"):
        assert found[f"audio.{name}"].status is ScoreStatus.UNSCORED
        assert "shorter than a block" in str(found[f"audio.{name}"].reason)
    assert found["audio.clipping"].status is ScoreStatus.SCORED
    assert rows(sound(stereo(sine(-20, 0.4))))["audio.loudness"].value == pytest.approx(
        -20, abs=0.5
    )


def test_silence_is_the_share_of_blocks_below_the_gate() -> None:
    heard = np.concatenate([sine(-20, 3), np.zeros(3 * 48000)])
    # 57 blocks start every 100 ms; those that start at 3.0 s or later are silent, but for the
    # filters' ringing in the first
    found = rows(sound(stereo(heard)))["audio.silence"].value
    assert found == pytest.approx(27 / 57, abs=1.01 / 57)


# -- clipping -----------------------------------------------------------------------------------


def test_clipping_counts_runs_of_three_in_each_channel_and_both_signs() -> None:
    samples = np.zeros((100, 2))
    samples[10:13, 0] = 1.0  # 3
    samples[20:22, 0] = 1.0  # too short
    samples[30:35, 1] = [-1, -1.2, -1, 0.9995, 1.5]  # 5, whatever the sign
    samples[97:, 1] = -0.999  # 3, at the end
    samples[50:60, 0] = 0.998  # below
    assert clipping(sound(samples)) == pytest.approx(11 / 200)


def test_a_clipped_sine_is_clipped_through_a_file_and_a_full_scale_one_is_not() -> None:
    content = sounding_clip(stereo(np.clip(2 * sine(0, 1.0, hertz=100), -1, 1)))
    # |2 sin| >= 0.999 on 2/3 of the period, and a few samples at the edges
    assert rows(load_audio(content))["audio.clipping"].value == pytest.approx(2 / 3, abs=0.01)
    assert clipping(sound(sine(0, 1.0, hertz=8000))) == 0


def _slowly(column: Floats) -> int:
    run = total = 0
    for value in [*column, 0.0]:
        if abs(np.float32(value)) >= 0.999:
            run += 1
        else:
            total += run if run >= 3 else 0
            run = 0
    return total


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0, -1.0, 0.5]), min_size=1, max_size=40))
def test_clipping_equals_counting_one_by_one(values: list[float]) -> None:
    column = np.array(values)
    expected = (_slowly(column) + _slowly(column[::-1])) / (2 * len(values))
    assert clipping(sound(np.column_stack([column, column[::-1]]))) == pytest.approx(expected)


# -- the scorer ---------------------------------------------------------------------------------


def test_it_keeps_what_a_scorer_promises() -> None:
    heard = [None, sound(stereo(sine(-23, 1))), sound(np.zeros(48000)), sound(sine(-10, 0.1))]
    check_scorer(AudioScorer, [item(one, f"o{i}") for i, one in enumerate(heard)])


def test_it_applies_to_clips_only_and_has_no_weights() -> None:
    still = Prompt(id="p", text="t", category="portrait")
    assert AudioScorer().applies(item(None).prompt, "video/mp4") is True
    assert AudioScorer().applies(still, "image/png") is False
    assert {metric.modalities for metric in AudioScorer().metrics} == {("video",)}
    assert all(metric.weights == () for metric in AudioScorer().metrics)


def test_sound_is_an_input_and_damage_to_it_is_that_outputs_alone() -> None:
    good = sounding_clip(stereo(sine(-23, 1)), codec="flac", container="matroska")
    start = good.index(b"fLaC")
    broken = good[:start] + bytes(40) + good[start + 40 :]
    frames = [np.zeros((4, 4, 3), np.uint8)]
    decoded = [
        Decoded(frames=frames, fps=None if content is None else 8.0, content=content or b"")
        for content in (good, broken, None)
    ]
    computer = InputComputer([AudioScorer()])
    well, ill, still = computer.compute(decoded, ["t"] * 3, [{"audio"}] * 3)
    assert isinstance(well.values["audio"], Sound)
    assert "cannot be decoded" in ill.failures["audio"]
    assert "audio" not in still.values
    assert "audio" not in still.failures


def test_from_files_to_scores_in_a_store(tmp_path: Path) -> None:
    from qfloor.records import Offer, Output, Status
    from qfloor.score import score_outputs
    from qfloor.store import Store

    prompt = item(None).prompt
    clips = [sounding_clip(stereo(sine(-23, 2)), codec="aac", container="mp4"), sounding_clip(None)]
    with Store.open(tmp_path, create=True) as store, store.writing("test"):
        offer = Offer(id="p/m", model="m", provider="p", modality="video")
        store.save_prompts([prompt])
        store.save_offers([offer])
        made = [
            Output(id=f"o{i}", prompt_id="p", prompt_digest=prompt.digest, offer_id="p/m",
                   repeat=i, round="2026-11", status=Status.MADE, reason="ok", frames=4,
                   media_sha256=store.put_media(content, "video/mp4"), media_type="video/mp4")
            for i, content in enumerate(clips)
        ]  # fmt: skip
        for output in made:
            store.save_outputs([output])
        summary = score_outputs(store, made, {prompt.digest: prompt}, [AudioScorer()])
        found = {(s.output_id, s.metric.partition("@")[0]): s for s in store.scores_of()}
    assert summary.n_failed_rows == 0
    assert found["o0", "audio.loudness"].value == pytest.approx(-23, abs=0.1)
    assert found["o1", "audio.present"].value == 0
    assert found["o1", "audio.loudness"].status is ScoreStatus.UNSCORED


def test_without_pyloudnorm_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PluginError, match=r"qfloor\[audio\]"):
        AudioScorer()


def test_importing_it_loads_no_meter() -> None:
    code = (
        "import sys, qfloor.scorers.audio; print('pyloudnorm' in sys.modules, 'av' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
