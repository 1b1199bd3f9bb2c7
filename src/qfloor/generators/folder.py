"""Outputs made elsewhere: an offer without an API enters by a manifest of files.

    qfloor generate --manifest FILE

The seller here is a folder. Nothing is bought; what an output cost when it was made is what its
row says. A damaged file is an output with a status, a damaged manifest is refused whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qfloor.errors import ManifestError
from qfloor.generators.manifest import (
    Manifest,
    ManifestRow,
    content_digest,
    made_up_id,
    read_bare,
    read_manifest,
)
from qfloor.generators.protocol import Accepted, Artifact, Ended, Ready, Request
from qfloor.media import LIMITS, head_of, sniff
from qfloor.records import Offer, Output

__all__ = ["FolderGenerator", "Manifest", "read_manifest"]


class FolderGenerator:
    """Serves the rows of a manifest.

    Parameters
    ----------
    offers : sequence of Offer
        Those asked for; each must have rows.
    state_dir : Path
        Unused: the manifest is all there is to know.
    manifest : str
        Path of the CSV or JSONL file; see `qfloor.generators.manifest`.

    Raises
    ------
    ManifestError
        When the manifest has a fault, or has no row for an offer that is asked for.
    """

    def __init__(self, offers: Sequence[Offer], state_dir: Path, manifest: str) -> None:
        if not Path(manifest).expanduser().is_file():
            raise ManifestError(
                f"{Path(manifest).expanduser().resolve()}: no such file, and offer "
                f"{offers[0].id!r} takes its outputs from that manifest; write it, or correct "
                "manifest in the offer's generator_args (a relative path starts at the file of "
                "offers)"
            )
        self.manifest = read_bare(manifest)
        known = {offer.id for offer in self.manifest.offers}
        for offer in offers:
            if offer.id not in known:
                raise ManifestError(
                    f"{self.manifest.path.name} has no row for offer {offer.id!r}; it has "
                    f"{', '.join(sorted(known))}"
                )
        self._by_id = {(r.prompt_id, r.offer_id, r.repeat): r for r in self.manifest.rows}
        self._by_text = {  # of rows that give no id: a suite may know their prompt by another
            (r.text, r.modality, r.offer_id, r.repeat): r
            for r in self.manifest.rows
            if r.prompt_id == made_up_id(r.text, r.modality)
        }
        self._by_number = {r.number: r for r in self.manifest.rows}

    def declines(self, request: Request) -> str | None:
        """Leave out what the manifest does not have."""
        return None if self._find(request) else "the manifest has no such row"

    def mended(self, request: Request, output: Output) -> bool:
        """Say whether a row's file has other bytes than it had; they decide, not its date."""
        row = self._find(request)
        if row is None:
            return False
        try:
            return content_digest(row.path) != output.media_sha256
        except OSError:
            return False

    async def submit(self, request: Request) -> Accepted | Ended:
        """Take a request for a row; reading the file is `collect`'s."""
        row = self._find(request)
        if row is None:
            return Ended(reason="unsupported", detail="the manifest has no such row", charged="no")
        return await self.collect(_job(row))

    async def lookup(self, request: Request) -> Accepted | None:
        """Find a row again; asking a folder twice costs nothing."""
        row = self._find(request)
        return None if row is None else Accepted(job=_job(row))

    async def poll(self, job: Mapping[str, Any]) -> Ready:
        """Say that it was made long ago."""
        return Ready()

    async def collect(self, job: Mapping[str, Any]) -> Ended:
        """Hand over the row's file; the driver copies it."""
        row = self._by_number.get(job["row"])
        if row is None:
            return Ended(reason="job_expired", detail="the row is gone from the manifest")
        try:
            if row.path.stat().st_size > LIMITS.max_bytes:
                return Ended(reason="undecodable", detail=f"{row.path.name} is far too large")
            head = await asyncio.to_thread(head_of, row.path)
        except OSError as error:
            return Ended(reason="outage", detail=f"{row.path.name}: {error}", charged="no")
        named = f"{row.modality}/{row.path.suffix.lstrip('.').lower()}"
        return Ended(
            reason="ok",
            artifact=Artifact(path=row.path, media_type=sniff(head) or named),
            charged="yes" if row.amount_nanousd is not None else "unknown",
            amount_nanousd=row.amount_nanousd,
            seconds_run=row.seconds,
            model_version=row.model_version,
            report={"file": row.path.name, "seed": row.seed, "row": row.number},
        )

    async def close(self) -> None:
        """Nothing is held."""

    def _find(self, request: Request) -> ManifestRow | None:
        prompt, of = request.prompt, (request.offer.id, request.repeat)
        row = self._by_id.get((prompt.id, *of))
        if row is None or row.modality != prompt.modality:
            row = self._by_text.get((prompt.text.strip(), prompt.modality, *of))
        return row


def _job(row: ManifestRow) -> dict[str, int]:
    return {"row": row.number}
