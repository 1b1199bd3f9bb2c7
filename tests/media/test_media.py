"""Any picture becomes upright RGB, any clip frames with times, any damage a reason."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from qfloor.errors import MediaError
from qfloor.media import LIMITS, Limits, clips, inspect, is_blank, load_pixels, sniff, stream_clip

rng = np.random.default_rng(0)
COLOURFUL = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)


def encoded(image: Image.Image, fmt: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


PNG = encoded(Image.fromarray(COLOURFUL), "PNG")
JPEG = encoded(Image.fromarray(COLOURFUL), "JPEG", quality=95)


def clip(
    frames: list[np.ndarray],
    fmt: str = "webm",
    codec: str = "libvpx-vp9",
    pts: list[int] | None = None,
) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=fmt) as container:
        stream = container.add_stream(codec, rate=8)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, 8)
        stream.codec_context.time_base = Fraction(1, 8)
        for i, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = i if pts is None else pts[i]
            frame.time_base = Fraction(1, 8)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return buffer.getvalue()


def moving(n: int = 16) -> list[np.ndarray]:
    frames = []
    for i in range(n):
        pixels = np.full((48, 64, 3), 200, np.uint8)
        pixels[10:30, 2 * i : 2 * i + 12] = (200, 30, 30)
        frames.append(pixels)
    return frames


WEBM = clip(moving())
MP4 = clip(moving(), "mp4", "mpeg4")
GIF = encoded(
    Image.fromarray(moving()[0]), "GIF", save_all=True,
    append_images=[Image.fromarray(f) for f in moving()[1:4]],
)  # fmt: skip


# -- pictures --------------------------------------------------------------------------------


def test_plain_pictures_keep_their_pixels(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    for source in (PNG, path, str(path)):
        pixels = load_pixels(source)
        assert pixels.dtype == np.uint8
        assert (pixels == COLOURFUL).all()


@pytest.mark.parametrize("fmt", ["JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF"])
def test_other_formats(fmt):
    content = encoded(Image.fromarray(COLOURFUL), fmt)
    assert load_pixels(content).shape == (24, 32, 3)
    found = inspect(content, "image/png", "image")
    assert (found.reason, found.width, found.height, found.frames) == ("ok", 32, 24, 1)
    assert found.media_type == f"image/{fmt.lower()}"


def test_transparency_is_laid_on_the_stated_background():
    rgba = np.zeros((8, 8, 4), np.uint8)
    rgba[:4] = (255, 0, 0, 255)
    content = encoded(Image.fromarray(rgba), "PNG")
    assert load_pixels(content)[7, 7].tolist() == [255, 255, 255]
    assert load_pixels(content, background=(0, 0, 255))[7, 7].tolist() == [0, 0, 255]
    assert load_pixels(content)[0, 0].tolist() == [255, 0, 0]
    palette = Image.new("P", (8, 8))
    palette.putpalette([9, 9, 9, 200, 0, 0])
    palette.putpixel((0, 0), 1)
    keyed = encoded(palette, "PNG", transparency=bytes([0, 255]))
    assert load_pixels(keyed)[0, 0].tolist() == [200, 0, 0]
    assert load_pixels(keyed)[5, 5].tolist() == [255, 255, 255]
    grey = encoded(Image.new("LA", (4, 4), (0, 0)), "PNG")
    assert load_pixels(grey)[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr"])
def test_every_mode_becomes_rgb(mode):
    fmt = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    pixels = load_pixels(encoded(Image.fromarray(COLOURFUL).convert(mode), fmt))
    assert pixels.shape == (24, 32, 3)
    assert pixels.std() > 10


def test_sixteen_bits_are_scaled_and_not_clipped():
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    pixels = load_pixels(encoded(Image.fromarray(ramp), "PNG"))
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[-1, -1].tolist() == [255, 255, 255]
    assert abs(int(pixels[32, 0, 0]) - 128) <= 2


def test_floats_are_scaled_and_must_be_finite():
    values = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    assert load_pixels(encoded(Image.fromarray(values), "TIFF"))[-1, -1, 0] == 255
    values[0, 0] = np.nan
    with pytest.raises(MediaError, match="not finite"):
        load_pixels(encoded(Image.fromarray(values), "TIFF"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16] = 255  # white in the top left corner
    inverse = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    image = Image.fromarray(upright)
    stored = image if inverse is None else image.transpose(Image.Transpose(inverse))
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = load_pixels(encoded(stored, "PNG", exif=exif))
    assert (pixels == upright).all()


def test_damaged_exif_does_not_make_a_picture_unreadable():
    content = encoded(
        Image.fromarray(COLOURFUL), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xffjunk"
    )
    assert load_pixels(content).shape == (24, 32, 3)


def test_a_camera_preview_is_no_animation():
    buffer = io.BytesIO()
    image = Image.fromarray(COLOURFUL)
    image.save(buffer, "MPO", save_all=True, append_images=[image.resize((8, 8))])
    assert load_pixels(buffer.getvalue()).shape == (24, 32, 3)
    assert inspect(buffer.getvalue(), "image/jpeg", "image").reason == "ok"


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing of it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


BAD_PICTURES = [
    ("zero bytes", b"", "zero bytes"),
    ("a page", b"  <!DOCTYPE html><title>502</title>", "web page"),
    ("json", b'{"error": "no"}', "JSON"),
    ("noise", bytes(rng.integers(0, 256, 500, dtype=np.uint8)), "no known media type"),
    ("truncated png", PNG[: len(PNG) // 2], "cannot be decoded"),
    ("truncated jpeg", JPEG[: len(JPEG) // 2], "cannot be decoded"),
    ("header only", PNG[:20], "cannot be decoded"),
    ("magic only", b"\x89PNG\r\n\x1a\n", "cannot be decoded"),
    ("a bomb", bomb(100_000, 100_000), "far too large"),
    ("a small bomb", bomb(10_000, 9_500), "far too large"),
    ("too many pixels", bomb(9_000, 9_000), "above the limit of 80000000 pixels"),
    ("no pixels in it", bomb(40, 40), "cannot be decoded"),
]


@pytest.mark.parametrize(
    ("name", "content", "message"), BAD_PICTURES, ids=[b[0] for b in BAD_PICTURES]
)
def test_bad_pictures_are_one_sentence_or_a_reason(name, content, message):
    with pytest.raises(MediaError, match=message) as caught:
        load_pixels(content)
    assert "\n" not in str(caught.value)
    found = inspect(content, "image/png", "image")
    assert found.reason == "undecodable"
    assert message in found.detail
    assert inspect(content, "video/webm", "video").reason != "ok"


def test_a_missing_or_oversized_file_is_one_sentence(tmp_path):
    with pytest.raises(MediaError, match=r"a\.png cannot be read: No such file"):
        load_pixels(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(PNG)
    with pytest.raises(MediaError, match="more than the limit of 10"):
        load_pixels(tmp_path / "b.png", limits=Limits(max_bytes=10))
    assert inspect(PNG, "image/png", "image", limits=Limits(max_bytes=10)).reason == "undecodable"
    assert inspect(WEBM, "", "video", limits=Limits(max_frames=3)).reason == "undecodable"
    assert inspect(WEBM, "", "video", limits=Limits(max_pixels=3)).reason == "undecodable"


@pytest.mark.parametrize("fmt", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_no_still(fmt):
    frames = [Image.fromarray(f) for f in moving()[:3]]
    content = encoded(frames[0], fmt, save_all=True, append_images=frames[1:])
    with pytest.raises(MediaError, match=r"is animated .* where a still is due"):
        load_pixels(content)
    found = inspect(content, "image/png", "image")
    assert (found.reason, found.frames) == ("animated", 3)


# -- blanks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (12, 200, 40)])
def test_one_colour_is_blank_even_after_a_codec(colour):
    image = Image.new("RGB", (65, 43), colour)
    for content in (encoded(image, "PNG"), encoded(image, "JPEG", quality=30)):
        assert inspect(content, "image/png", "image").reason == "one_colour"
    noisy = np.clip(np.asarray(image).astype(int) + rng.integers(-1, 2, (43, 65, 3)), 0, 255)
    assert is_blank(noisy.astype(np.uint8))


def test_a_small_mark_is_not_blank():
    pixels = np.full((512, 512, 3), 255, np.uint8)
    pixels[100:102, 100:102] = 0
    assert not is_blank(pixels)
    assert not is_blank(np.zeros((2, 2, 3), np.uint8), COLOURFUL)
    assert not is_blank()


# -- clips -----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [WEBM, MP4, GIF], ids=["webm", "mp4", "gif"])
def test_clips_are_inspected_and_decoded(content, tmp_path):
    found = inspect(content, "video/webm", "video")
    assert (found.reason, found.width, found.height) == ("ok", 64, 48)
    total = 4 if content is GIF else 16
    assert found.frames == total
    path = tmp_path / "c"
    path.write_bytes(content)
    decoded = stream_clip(path)
    assert len(list(decoded)) == len(decoded) == total
    assert list(decoded.timestamps) == sorted(decoded.timestamps)
    assert decoded[0].shape == (48, 64, 3)
    if content is not GIF:
        assert decoded.fps == pytest.approx(8)
        assert found.seconds == pytest.approx(2.0, abs=0.2)


def test_variable_frame_rate_keeps_the_times():
    content = clip(moving(6), pts=[0, 1, 2, 8, 16, 17])
    assert list(stream_clip(content).timestamps) == pytest.approx(
        [0, 0.125, 0.25, 1, 2, 2.125], abs=0.01
    )
    assert inspect(content, "video/webm", "video").reason == "ok"


def test_blank_clips():
    black = [np.zeros((48, 64, 3), np.uint8)] * 8
    assert inspect(clip(black), "video/webm", "video").reason == "one_colour"
    last = [*black[:-1], moving()[0]]
    assert inspect(clip(last), "video/webm", "video").reason == "ok"


BAD_CLIPS = [
    ("truncated webm", WEBM[: len(WEBM) * 6 // 10], "truncated|decoded"),
    ("truncated mp4", MP4[: len(MP4) // 2], "decoded|no video stream"),
    ("header only", WEBM[:60], "decoded"),
    ("a playlist in disguise", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "no known media type"),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD_CLIPS, ids=[b[0] for b in BAD_CLIPS])
def test_bad_clips(name, content, message):
    found = inspect(content, "video/webm", "video")
    assert found.reason == "undecodable"
    assert any(m in found.detail for m in message.split("|"))


def test_the_wrong_modality_is_told_apart():
    assert inspect(WEBM, "image/png", "image").reason == "wrong_modality"
    assert inspect(PNG, "video/webm", "video").reason == "wrong_modality"
    still = encoded(Image.fromarray(COLOURFUL), "GIF")
    assert inspect(still, "video/webm", "video").reason == "wrong_modality"
    with pytest.raises(MediaError, match="a clip"):
        load_pixels(WEBM)
    with pytest.raises(MediaError, match="a picture"):
        stream_clip(PNG)


def test_a_clip_with_no_frames():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm") as container:
        stream = container.add_stream("libvpx-vp9", rate=8)
        stream.height, stream.width = 48, 64
        stream.pix_fmt = "yuv420p"
        container.start_encoding()
    found = inspect(buffer.getvalue(), "video/webm", "video")
    assert found.reason in ("zero_frames", "undecodable")
    with pytest.raises(MediaError):
        stream_clip(buffer.getvalue())


@pytest.mark.parametrize("modality", ["image", "video"])
@pytest.mark.parametrize(
    "content", [PNG, WEBM, MP4, GIF, WEBM[:600], PNG[:300], *(b[1] for b in BAD_PICTURES)]
)
def test_a_file_is_judged_as_its_bytes_are(content, modality, tmp_path):
    path = tmp_path / "media"
    path.write_bytes(content)
    assert inspect(path, "x/y", modality) == inspect(content, "x/y", modality)


def test_sniffing_needs_few_bytes():
    assert sniff(b"") is None
    assert sniff(b"\x00\x00\x00\x18ftypisom") == "video/mp4"
    assert sniff(b"\x00\x00\x00\x18ftypavif") == "image/avif"
    assert LIMITS.max_pixels > 4096 * 4096


def animated_gif() -> bytes:
    first, *rest = [Image.fromarray(COLOURFUL[:, ::-1]), Image.fromarray(COLOURFUL)]
    return encoded(first, "GIF", save_all=True, append_images=rest)


def test_an_animation_cut_anywhere_is_a_reason_and_never_an_exception():
    whole = animated_gif()
    for end in range(8, len(whole)):
        reason = inspect(whole[:end], "image/gif", "image").reason
        assert reason in ("animated", "ok", "undecodable")
        with contextlib.suppress(MediaError):
            load_pixels(whole[:end])


def test_what_a_decoder_raises_is_a_reason(monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("qfloor.media.clips.upright", broken)
    assert inspect(clip(moving()), "video/webm", "video").reason == "undecodable"


def test_a_clip_of_undeclared_length_is_probed_in_little_memory():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm", options={"live": "1"}) as container:
        stream = container.add_stream("libvpx", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for pixels in moving(26) * 10:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    seen = clips.probe(buffer.getvalue(), "the clip", samples=4)
    assert seen.frames == 260
    assert len(seen.samples) <= 2 * 4


def test_a_telephone_picture_is_no_clip():
    heic = b"\x00\x00\x00\x18ftypheic" + bytes(40)
    assert sniff(heic) == "image/heic"
    assert inspect(heic, "image/heic", "image").reason == "undecodable"
