"""The sound of a clip comes out as its samples, or it is said why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sounding_clips import sine, sounding_clip, stereo

from qfloor.errors import MediaError
from qfloor.media import Sound, load_audio

NOISE = np.random.default_rng(3).uniform(-0.9, 0.9, (4800, 2))


def heard(content: bytes | str | Path) -> Sound:
    sound = load_audio(content)
    assert sound is not None
    return sound


@pytest.mark.parametrize(
    ("codec", "container", "step"),
    [
        ("pcm_s16le", "mov", 2**-15),
        ("pcm_s24le", "mov", 2**-23),
        ("pcm_s32le", "mov", 2**-23),
        ("pcm_f32le", "mov", 0.0),
        ("pcm_u8", "avi", 2**-7),
        ("pcm_s16le", "avi", 2**-15),
        ("flac", "matroska", 2**-15),
    ],
)
def test_lossless_sound_keeps_its_samples(codec: str, container: str, step: float) -> None:
    sound = heard(sounding_clip(NOISE, codec=codec, container=container))
    assert (sound.samples.shape, sound.samples.dtype) == (NOISE.shape, np.float32)
    assert np.abs(sound.samples - NOISE).max() <= step + 1e-7
    assert (sound.rate, sound.channels, sound.seconds) == (48000, ("FL", "FR"), 0.1)


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize(("codec", "container"), [("aac", "mp4"), ("libopus", "webm")])
def test_lossy_sound_keeps_its_rate_level_and_length(codec: str, container: str, rate: int) -> None:
    if codec == "libopus" and rate != 48000:
        pytest.skip("opus knows no such rate")
    sound = heard(
        sounding_clip(stereo(sine(-6, 1.0, rate)), rate, codec=codec, container=container)
    )
    assert sound.rate == rate
    assert sound.seconds == pytest.approx(1.0, abs=0.06)  # the last block is filled up
    middle = sound.samples[rate // 4 : rate // 2]
    assert np.sqrt((middle**2).mean()) == pytest.approx(10 ** (-6 / 20) / 2**0.5, rel=0.02)


@pytest.mark.parametrize(
    ("layout", "names"),
    [("mono", ("FC",)), ("stereo", ("FL", "FR")), ("5.1", ("FL", "FR", "FC", "LFE", "BL", "BR"))],
)
def test_channels_stay_apart_and_are_named(layout: str, names: tuple[str, ...]) -> None:
    levels = 0.1 * (1 + np.arange(len(names)))
    samples = np.ones((2400, 1)) * levels
    sound = heard(sounding_clip(samples, layout=layout))
    assert sound.channels == names
    np.testing.assert_allclose(sound.samples.mean(axis=0), levels, atol=1e-4)


def test_a_clip_without_sound_has_none(tmp_path: Path) -> None:
    silent_film = sounding_clip(None)
    (tmp_path / "a.mov").write_bytes(silent_film)
    assert load_audio(silent_film) is None
    assert load_audio(tmp_path / "a.mov") is None
    assert load_audio(sounding_clip(np.zeros((0, 2)))) is None


def test_sound_may_be_longer_or_shorter_than_the_pictures() -> None:
    assert heard(sounding_clip(stereo(sine(-20, 3.0)), seconds=0.5)).seconds == pytest.approx(3.0)
    assert heard(sounding_clip(stereo(sine(-20, 0.2)), seconds=2.0)).seconds == pytest.approx(0.2)


def test_samples_cannot_be_written_into() -> None:
    with pytest.raises(ValueError, match="read-only"):
        heard(sounding_clip(NOISE)).samples[0] = 0


def test_damaged_sound_is_an_error_in_one_sentence() -> None:
    content = sounding_clip(NOISE, codec="flac", container="matroska")
    start = content.index(b"fLaC")
    with pytest.raises(MediaError, match=r"^the sound of the clip cannot be decoded: [^\n]+$"):
        load_audio(content[:start] + bytes(40) + content[start + 40 :])


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_sound_of_numbers_that_are_none_is_refused(wrong: float) -> None:
    samples = NOISE.copy()
    samples[100, 1] = wrong
    with pytest.raises(MediaError, match="holds numbers not finite"):
        load_audio(sounding_clip(samples, codec="pcm_f32le"))


def test_too_long_a_sound_is_refused() -> None:
    with pytest.raises(MediaError, match="more than 9000 values"):
        load_audio(sounding_clip(NOISE), max_values=9000)
    assert load_audio(sounding_clip(NOISE), max_values=9600) is not None


def test_what_is_no_clip_is_refused() -> None:
    with pytest.raises(MediaError, match="cannot be decoded as a clip"):
        load_audio(b"RIFF....WAVEfmt ")
