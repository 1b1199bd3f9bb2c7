"""Every file of tables is refused in the same sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from qfloor import toml_file
from qfloor.errors import BenchmarkError


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such benchmark file$"),
        (b"a = '\xff'", "not UTF-8 at byte 5; save it as UTF-8$"),
        (b"a =", "not valid TOML: "),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "own.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BenchmarkError, match=rf"own\.toml: {said}"):
        toml_file.read(path, BenchmarkError, "benchmark file")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="cannot be read: "):
        toml_file.read(tmp_path, BenchmarkError, "benchmark file")
