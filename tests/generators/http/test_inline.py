"""Media within an answer, as base64: read alike whatever reads them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.generators.http import delivery
from qfloor.generators.http.delivery import inline


@given(content=st.binary(max_size=200))
def test_what_was_encoded_is_read(content: bytes) -> None:
    text = base64.b64encode(content).decode()
    assert inline(text) == inline(f"data:image/png;base64,{text}") == content


@given(text=st.text(alphabet="AQgw09+/=-_ \né", max_size=12))
def test_a_faster_reader_changes_neither_what_is_read_nor_what_is_refused(text: str) -> None:
    """What was paid for is not lost over a sign too many at its end."""

    def read() -> bytes | None:
        try:
            return inline(text)
        except ValueError:
            return None

    found = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "_fast", base64.b64decode)
        assert read() == found


def test_more_signs_than_are_due_at_the_end_lose_nothing() -> None:
    assert inline("AAAA=") == b"\0\0\0"


@pytest.mark.parametrize("text", ["A", "AAAA\n", "AA AA", "-_-_", None, 5])
def test_what_is_no_base64_is_said(text: object) -> None:
    with pytest.raises(ValueError, match="base64"):
        inline(text)
