"""Tables in a terminal: whole words, and nothing left out without a word."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.cli import output
from qfloor.cli.fitting import GAP, Column, fit

ROWS = [
    {
        "category": category, "modality": "image", "offer": f"painters/{offer}", "q25": 5.7,
        "q25_lo": 5.4 + i, "standard": "certified", "professional": "undecided",
        "premium": ("rejected", "certified")[i], "prompts": 120, "values": 240 + i,
        "design_effect": 2.3720271, "bound": "two_way", "counts": {"made": 120},
        "evidence": f"portrait: usable-rate, 80% usable of outputs that {offer} made in the round",
    }
    for i, (category, offer) in enumerate([("portrait", "celadon"), ("product-photo", "umber")])
]  # fmt: skip


def printed(capsys, monkeypatch, width: int, **more) -> list[str]:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    output.emit(ROWS, **more)
    return re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out).splitlines()


@pytest.mark.parametrize("width", [60, 80, 110, 150, 300])
def test_no_word_is_broken_at_any_width(capsys, monkeypatch, width) -> None:
    lines = printed(capsys, monkeypatch, width, keep=("standard", "professional", "premium"))
    assert max(len(line) for line in lines) <= width
    words = set(re.findall(r"[\w/-]+", " ".join(lines)))
    assert {"category", "portrait", "product-photo"} <= words
    if width >= 80:
        assert {"painters/celadon", "undecided", "certified", "rejected", "premium"} <= words
    told = " ".join(" ".join(lines).split())
    for name in ROWS[0]:
        assert name.replace("_", " ") in told or (name == "design_effect" and "effect" in told), (
            name
        )
    assert ("no room for:" in told) == (width <= 80)
    assert ("in every row:" in told) == (width <= 150)


def test_a_pipe_gets_everything_on_one_line(capsys) -> None:
    output.emit(ROWS)
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if "painters/umber" in line)
    assert "umber made in the round" in row
    assert "two_way" in row
    assert not any("no room" in line or "in every row" in line for line in lines)


@given(
    cells=st.lists(
        st.lists(st.text("ab ", max_size=40), min_size=2, max_size=2), min_size=1, max_size=6
    ),
    width=st.integers(1, 120),
)
def test_what_is_shown_fits_and_nothing_is_lost(cells, width) -> None:
    columns = [Column(f"head{i}", tuple(told)) for i, told in enumerate(cells)]
    found = fit(columns, width)
    assert {c.head for c in (*found.shown, *found.same, *found.left_out)} == {
        c.head for c in columns
    }
    assert found.shown[0] is columns[0]
    assert sum(found.widths) + GAP * (len(found.widths) - 1) <= width
    for column, wide in zip(found.shown[1:], found.widths[1:], strict=True):
        assert wide >= max(len(word) for told in column.cells for word in (*told.split(), "x"))
    for column in (*found.same, *found.left_out):
        assert column.head in found.remark
