"""Features of learned weights as a file holds them: names by kind, and a row of numbers for each.

A file of format 2 holds names and numbers packed, and a row is taken out when its name is first
asked for: of some tens of thousands a request asks for a few dozen. Format 1, which earlier
releases carry, names every feature with its row in plain JSON. Knows nothing of what the numbers
are worth.
"""

from __future__ import annotations

import binascii
import struct
import zlib
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any

KINDS = ("words", "pieces", "pairs", "heads", "others")
"""Kinds of features in the order of their rows; within a kind names are sorted."""
_MOST_BYTES = 64 * 2**20  # of a block, unpacked: nobody's weights are that large
_LIFTED = bytes((n + 128) % 256 for n in range(256))
"""Numbers of eight bits with a sign, each 128 higher: none is below zero."""

Row = Sequence[int]


def kind_of(name: str) -> str:
    """Kind of a feature, by how `qfloor.router.reading` spells it."""
    if name[0] in "^$!#":
        return "others"
    if name[0] == "@":
        return "heads"
    return "pieces" if name[0] == "~" else "pairs" if " " in name else "words"


class Stored:
    """Features by name, and their rows by number.

    Parameters
    ----------
    content : mapping
        With ``format`` and, where that is 1, ``features`` (name -> row), or else ``names`` and
        ``rows`` as `packed` writes them.
    width : int
        Numbers in a row.

    Raises
    ------
    ValueError
        When a block is damaged, or names and rows do not fit together.
    """

    def __init__(self, content: Mapping[str, Any], width: int) -> None:
        self.width = width
        self._rows: Sequence[Row] | None = None
        if content["format"] == 1:
            features: Mapping[str, Row] = content["features"]
            names = _by_kind(features)
            rows = [features[name] for name in chain.from_iterable(names.values())]
            if any(len(row) != width for row in rows):
                raise ValueError("classifier weights whose parts do not fit together")
            self._rows = rows
            numbers = list(chain.from_iterable(rows)) or [0]
            try:
                struct.pack(f"<{len(numbers)}q", *numbers)
            except struct.error as error:
                told = f"classifier weights with a feature that is none ({error})"
                raise ValueError(told) from None
            self.largest = max(max(numbers), -min(numbers))
        else:
            names, block = _names_of(content["names"]), _unpacked(content["rows"])
            n = sum(map(len, names.values()))
            if len(block) != n * width:
                raise ValueError("classifier weights whose parts do not fit together")
            self._block = block
            self.largest = 128
        self.names = names
        starts, at = {}, 0
        for kind in KINDS:
            starts[kind] = at
            at += len(names[kind])
        self._starts = starts

    def side_by_side(self, bits: int) -> Callable[[int], int]:
        """How a row is taken out: as one whole number, each of its numbers in so many bits.

        Such numbers are added up as their rows would be, as long as no sum leaves its bits.
        """
        rows = self._rows
        if rows is not None:
            return lambda i: sum(value << bits * j for j, value in enumerate(rows[i]))
        size, n = bits // 8, len(self._block) // self.width
        step = size * self.width
        lifted = bytearray(n * step)  # all rows at once: column by column this takes no loop
        for j in range(self.width):
            lifted[j * size :: step] = self._block[j * n : (j + 1) * n].translate(_LIFTED)
        told, lift = bytes(lifted), sum(128 << bits * j for j in range(self.width))
        return lambda i: int.from_bytes(told[i * step : i * step + step], "little") - lift

    def numbers(self, kind: str) -> dict[str, int]:
        """Names of a kind with the numbers of their rows."""
        return dict(zip(self.names[kind], count(self._starts[kind])))

    def beginning(self, kind: str, begun: str) -> Iterator[tuple[str, int]]:
        """What follows a beginning in names of a kind, with the numbers of their rows."""
        names, start, n = self.names[kind], self._starts[kind], len(begun)
        at = bisect_left(names, begun)  # a second search costs more than to look at what follows
        while at < len(names) and names[at].startswith(begun):
            yield names[at][n:], start + at
            at += 1


def _by_kind(names: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name in sorted(names):
        found[kind_of(name)].append(name)
    return found


def packed(features: Mapping[str, Row]) -> dict[str, Any]:
    """Pack features as format 2 has them: ``names`` and ``rows``, number after number of a row.

    Raises
    ------
    ValueError
        When a name holds a line break.
    struct.error
        When a number does not fit in eight bits.
    """
    names = _by_kind(features)
    if any("\n" in name for name in features):
        raise ValueError("a feature whose name has a line break cannot be packed")
    rows = [features[name] for name in chain.from_iterable(names.values())]
    block = b"".join(struct.pack(f"{len(rows)}b", *column) for column in zip(*rows, strict=True))
    spelled = "\n\n".join("\n".join(names[kind]) for kind in KINDS)
    return {"names": _pack(spelled.encode()), "rows": _pack(block)}


def _names_of(block: str) -> dict[str, list[str]]:
    kinds = _unpacked(block).decode().split("\n\n")
    if len(kinds) != len(KINDS):
        raise ValueError("classifier weights whose parts do not fit together")
    return {k: names.split("\n") if names else [] for k, names in zip(KINDS, kinds, strict=True)}


def _pack(block: bytes) -> str:
    return b64encode(zlib.compress(block, 9)).decode()


def _unpacked(block: str) -> bytes:
    try:
        found = zlib.decompressobj()
        told = found.decompress(b64decode(block, validate=True), _MOST_BYTES)
    except (zlib.error, binascii.Error) as error:
        raise ValueError(f"classifier weights with a block that is damaged ({error})") from None
    if not found.eof:
        raise ValueError("classifier weights with a block that is cut short, or too large")
    return told
