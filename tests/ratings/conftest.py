"""A store, and files of ratings written down in a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qfloor.records import Offer, Output, Prompt, Status
from qfloor.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace", create=True) as opened:
        yield opened


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write lines (or bytes) to a file."""

    def write(*lines: str, name: str = "ratings.csv", content: bytes | None = None) -> Path:
        path = tmp_path / name
        path.write_bytes(
            "".join(f"{line}\n" for line in lines).encode() if content is None else content
        )
        return path

    return write


@pytest.fixture
def made(store: Store) -> Output:
    """An output of our own in the store, of round 2026-11, and one that was refused."""
    prompt = Prompt(id="p-own", text="a red fox", category="portrait", family="p-own")
    store.save_prompts([prompt])
    store.save_offers([Offer(id="shop/grand", model="grand", provider="shop")])
    outputs = [
        Output(
            id=identity,
            prompt_id=prompt.id,
            prompt_digest=prompt.digest,
            offer_id="shop/grand",
            repeat=repeat,
            round="2026-11",
            status=status,
            reason=reason,
        )
        for repeat, (identity, status, reason) in enumerate(
            [("own", Status.MADE, "ok"), ("refused", Status.REFUSED, "refused_input")]
        )
    ]
    store.save_outputs(outputs)
    return outputs[0]
