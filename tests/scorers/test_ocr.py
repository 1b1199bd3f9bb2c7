from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from qfloor.errors import PluginError
from qfloor.scorers import ocr
from qfloor.scorers.protocol import Pixels

FONT = Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans-Bold.ttf"


def sign(*lines: str, points: int = 30, turned: int = 0) -> Pixels:
    image = Image.new("RGB", (320, 320), (240, 230, 200))
    font = ImageFont.truetype(str(FONT), points)
    ImageDraw.Draw(image).multiline_text((20, 90), "\n".join(lines), font=font, fill=(30, 40, 90))
    return np.rot90(np.asarray(image), turned // 90).copy()


@pytest.fixture(scope="module")
def reader() -> ocr.RapidReader:
    return ocr.RapidReader()


def test_the_defaults_are_what_calibrations_were_fitted_on(reader: ocr.RapidReader) -> None:
    assert reader.definition == {
        "engine": "rapidocr",
        "models_sha256": [
            "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
            "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
            "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
        ],
        "detect_side": 512,
        "turned_lines": "righted",
    }
    assert set(reader.execution) == {"dtype", "runtime"}


def test_every_setting_has_its_own_identity(reader: ocr.RapidReader) -> None:
    readers = [reader, ocr.RapidReader(960), ocr.RapidReader(right_turned=False)]
    assert len({repr(sorted(r.definition.items(), key=str)) for r in readers}) == 3
    assert len(readers[2].definition["models_sha256"]) == 2


def test_many_threads_read_what_one_reads(reader: ocr.RapidReader) -> None:
    texts = ["Open Daily", "Café 24", "Route 66", "Jazz Club"]
    pictures = [sign(text, points=20 + 4 * i) for i, text in enumerate(texts)]
    alone = [reader(picture) for picture in pictures]
    assert [" ".join(lines) for lines in alone] == texts
    fresh = ocr.RapidReader()  # also built by whichever thread comes first
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fresh, pictures * 4))
    assert together == alone * 4


def test_sessions_run_in_the_calling_thread(reader: ocr.RapidReader) -> None:
    reader(sign("Open"))
    for part in (reader._engine.text_det, reader._engine.text_rec):
        options = part.session.session.get_session_options()
        assert options.intra_op_num_threads == 1
        assert str(options.execution_mode).endswith("ORT_SEQUENTIAL")


def test_a_picture_upside_down_is_read_when_turned_lines_are_righted() -> None:
    upside_down = sign("Open Daily", turned=180)
    assert ocr.RapidReader(right_turned=True)(upside_down) == ("Open Daily",)


def test_views_and_odd_strides_are_read(reader: ocr.RapidReader) -> None:
    picture = sign("Open Daily")
    mirrored = np.flip(picture, 1)
    assert reader(mirrored[:, ::-1]) == reader(picture) == ("Open Daily",)
    assert picture.flags.c_contiguous  # and left as it was


def test_a_side_too_small_is_refused() -> None:
    with pytest.raises(PluginError, match="detect_side is 8"):
        ocr.RapidReader(8)


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str, *rest: Any) -> None:
        return None

    monkeypatch.setattr(ocr.importlib.util, "find_spec", absent)  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match=r"qfloor\[ocr\]"):
        ocr.RapidReader()


def test_a_wheel_without_the_models_says_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Found:
        origin = str(tmp_path / "__init__.py")

    monkeypatch.setattr(ocr.importlib.util, "find_spec", lambda name: Found())  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match="PP-OCRv6_det_small"):
        ocr.RapidReader()


def test_importing_is_cheap() -> None:
    import subprocess

    code = (
        "import sys, qfloor.scorers.text; "
        "print({'rapidocr', 'cv2', 'onnxruntime', 'rapidfuzz'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
