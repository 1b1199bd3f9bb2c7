"""Outputs made elsewhere enter a round: an offer without an API is judged like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from qfloor import generate, suite
from qfloor.benchmark import check_round
from qfloor.errors import ManifestError
from qfloor.generate import GenerationResult
from qfloor.generators.manifest import Manifest, content_digest, read_manifest
from qfloor.pipeline.run import Report, silent
from qfloor.records import Output, Status, output_id
from qfloor.store import Store


@dataclass(frozen=True, kw_only=True)
class RowTaken:
    """What became of one row of a manifest.

    ``status``, ``reason`` and ``detail`` are its output's, None where there is none yet.
    ``changed`` says that the file of a made output has other bytes now than were taken in.
    """

    row: int
    file: str
    offer: str
    prompt: str
    repeat: int
    status: str | None
    reason: str | None
    detail: str | None
    changed: bool


@dataclass(frozen=True, kw_only=True)
class TakenIn(GenerationResult):
    """How a manifest was taken in, and what became of its rows."""

    rows: tuple[RowTaken, ...]

    @property
    def broken(self) -> tuple[RowTaken, ...]:
        """Rows whose file is no picture or clip that can be judged."""
        return tuple(row for row in self.rows if row.status == Status.BLANK)

    @property
    def changed(self) -> tuple[RowTaken, ...]:
        """Rows whose file is another than was taken in, and judged, in this round."""
        return tuple(row for row in self.rows if row.changed)


def take_in(
    store: Store,
    manifest: Path,
    *,
    round: str,
    suite_name: str | None = None,
    report: Report = silent,
) -> TakenIn:
    """Take in the outputs that a manifest lists; nothing is bought.

    A file that could not be judged and has other bytes by now is taken once more; the ledger keeps
    what it was. What was made and may have been judged never changes within a round.

    Parameters
    ----------
    store : Store
    manifest : Path
        CSV or JSON lines; see `qfloor.generators.manifest`.
    round : str
        Round the outputs belong to.
    suite_name : str, optional
        Suite whose prompts the rows name by id or exact text; by default the rows bring their
        own.
    report : callable

    Returns
    -------
    TakenIn

    Raises
    ------
    ManifestError
        One sentence with the row's number; nothing was taken in.
    """
    if not round:
        raise ManifestError(f"{manifest}: say which round these outputs belong to: --round 2026-11")
    check_round(round)
    prompts = suite.load(suite_name).prompts if suite_name else None
    listed = read_manifest(manifest, prompts=prompts)
    found = generate.generate(
        listed.prompts,
        listed.offers,
        store=store,
        round=round,
        repeats=listed.repeats,
        allow_unpriced=True,
        progress=lambda done, total, _offer: report("generate", done, total),
    )
    outputs = {output.id: output for output in store.outputs_of(round=round)}
    shared = {field.name: getattr(found, field.name) for field in fields(GenerationResult)}
    return TakenIn(**shared, rows=tuple(_rows(listed, round, outputs)))


def _rows(listed: Manifest, round: str, outputs: Mapping[str, Output]) -> Iterator[RowTaken]:
    prompts = {prompt.id: prompt for prompt in listed.prompts}
    offers = {offer.id: offer for offer in listed.offers}
    for row in listed.rows:
        key = output_id(prompts[row.prompt_id], offers[row.offer_id], row.repeat, round)
        output = outputs.get(key)
        made = output is not None and output.status is Status.MADE
        yield RowTaken(
            row=row.number,
            file=str(row.path.relative_to(listed.path.parent)),
            offer=row.offer_id,
            prompt=row.label,
            repeat=row.repeat,
            status=None if output is None else output.status.value,
            reason=None if output is None else output.reason,
            detail=None if output is None else output.report.get("detail"),
            changed=bool(output and made and _digest(row.path) != output.media_sha256),
        )


def _digest(path: Path) -> str | None:
    try:
        return content_digest(path)
    except OSError:
        return None
