"""One call that imports a foreign file as the command line would, and gives what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import ReadOptions, import_ratings, parse_mapping


@pytest.fixture
def load(store) -> Callable[..., SimpleNamespace]:
    """Import files; gives the report, the ratings as plain rows and the comparisons."""

    def load(
        paths: Any,
        format: str,
        *columns: str,
        criteria: tuple[str, ...] = (),
        answers: tuple[str, ...] = (),
        keep_rater_ids: bool = True,
        scale: str | None = None,
        prolific: Path | None = None,
        ignore_unknown_columns: bool = False,
        **options: Any,
    ) -> SimpleNamespace:
        mapping = parse_mapping(columns, criteria, answers)
        report = import_ratings(
            store, paths, format, round="2026-11", scale=scale, prolific=prolific,
            keep_rater_ids=keep_rater_ids, ignore_unknown_columns=ignore_unknown_columns,
            options=ReadOptions(mapping=mapping, **options),
        )  # fmt: skip
        given = report.kept + report.comparisons + sum(report.dropped.values())
        assert report.read == given, "what was read is kept or dropped by reason"
        outputs = {o.id: o for name in store.rounds() for o in store.outputs_of(round=name)}

        def told(identity: str) -> tuple[str, str]:
            output = outputs[identity]
            return output.offer_id.partition("/")[2], output.prompt_id

        ratings = sorted(
            (*told(r.output_id), r.rater, r.criterion, r.value) for r in store.ratings_of()
        )
        pairs = sorted(
            (*told(c.left_output_id), *told(c.right_output_id)[:1], c.rater, c.winner)
            for c in store.comparisons_of()
        )
        return SimpleNamespace(report=report, ratings=ratings, pairs=pairs)

    return load


@pytest.fixture
def refused(store, load) -> Callable[..., str]:
    """The import is refused in one sentence that names the file, and nothing was written."""

    def refused(paths: Any, format: str, *columns: str, match: str, **options: Any) -> str:
        with pytest.raises(RatingsError, match=match) as caught:
            load(paths, format, *columns, **options)
        said = str(caught.value)
        assert "\n" not in said
        assert list(store.ratings_of()) == list(store.comparisons_of()) == []
        assert list(store.outputs_of()) == list(store.offers_of()) == []
        return said

    return refused


@pytest.fixture
def write_json(write) -> Callable[..., Path]:
    """Write a value as JSON."""

    def write_json(value: Any, name: str = "export.json") -> Path:
        return write(name=name, content=json.dumps(value, ensure_ascii=False).encode())

    return write_json
