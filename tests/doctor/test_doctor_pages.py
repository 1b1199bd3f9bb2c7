"""The page on laying out files names every folder and file that a check asks for."""

from __future__ import annotations

import re
from pathlib import Path

from qfloor.doctor import all_checks
from qfloor.doctor.needs import HOW_TO, Published, Weights

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / HOW_TO).read_text(encoding="utf-8")
NEEDS = [need for check in all_checks() for need in check.needs]


def test_folders_of_published_files_are_described() -> None:
    for need in NEEDS:
        if isinstance(need, Published):
            top, _, inner = need.folder.partition("/")
            assert f"{top}/" in PAGE
            assert f"{inner}/" in PAGE or f"  {top}/        a clone of" in PAGE
            address = need.home.split()[0].removeprefix("https://").rstrip(",")
            assert address in PAGE


def test_weights_are_described() -> None:
    for need in NEEDS:
        if isinstance(need, Weights):
            assert f"`{need.places[0]}`" in PAGE
            assert f"`{need.repository}`" in PAGE


def test_the_sum_of_downloads_is_right() -> None:
    megabytes = {need.name: need.megabytes for need in NEEDS if isinstance(need, Weights)}
    said = re.search(r"about (\d+) GB for all", PAGE)
    assert said is not None
    assert round(sum(megabytes.values()) / 1000) == int(said[1])
