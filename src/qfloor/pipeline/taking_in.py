"""Outputs made elsewhere enter a round: an offer without an API is judged like any other."""

from __future__ import annotations

from pathlib import Path

from qfloor import generate, suite
from qfloor.benchmark import check_round
from qfloor.errors import ManifestError
from qfloor.generate import GenerationResult
from qfloor.generators.manifest import read_manifest
from qfloor.pipeline.run import Report, silent
from qfloor.store import Store


def take_in(
    store: Store,
    manifest: Path,
    *,
    round: str,
    suite_name: str | None = None,
    report: Report = silent,
) -> GenerationResult:
    """Take in the outputs that a manifest lists; nothing is bought.

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
    GenerationResult

    Raises
    ------
    ManifestError
        One sentence with the row's number; nothing was taken in.
    """
    if not round:
        raise ManifestError(f"{manifest}: say which round these outputs belong to: --round 2026-11")
    check_round(manifest, round)
    prompts = suite.load(suite_name).prompts if suite_name else None
    listed = read_manifest(manifest, prompts=prompts)
    return generate.generate(
        listed.prompts,
        listed.offers,
        store=store,
        round=round,
        repeats=listed.repeats,
        allow_unpriced=True,
        progress=lambda done, total, _offer: report("generate", done, total),
    )
