"""What a job needs to be done by any worker, as plain JSON: it lives only while the job does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from qfloor.records import Prompt, aspect_ratio_of
from qfloor.web.gateway.asked import FALLBACK_CLASSES
from qfloor.web.gateway.deciding import Decided


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One request as it will be asked of sellers; ``most_nanousd`` is per output, by offer."""

    request_id: str
    endpoint: str
    prompt: str
    negative: str | None
    category: str
    modality: str
    aspect_ratio: str | None
    seconds: float | None
    language: str
    seed: int | None
    n: int
    release: str
    offers: tuple[str, ...]
    most_nanousd: Mapping[str, int | None]
    fall_on: tuple[str, ...]
    serving: str

    @classmethod
    def of(cls, decided: Decided) -> Plan:
        """The plan of a decision."""
        need, found = decided.need, decided.decision.classification
        plausible = found.plausible[0] if found.plausible else "general"
        wanted = decided.ask.routing.fallback_on
        return cls(
            request_id=decided.request_id,
            endpoint=decided.endpoint,
            prompt=need.prompt,
            negative=need.negative,
            category=decided.decision.category or plausible,
            modality=decided.decision.modality,
            aspect_ratio=need.aspect_ratio or _ratio(need.pixels),
            seconds=need.seconds,
            language=found.language or "en",
            seed=decided.ask.seed,
            n=need.n,
            release=decided.arm.db.digest,
            offers=decided.offers,
            most_nanousd={
                o: None if (p := decided.price_of(o)) is None else -(-p // need.n)
                for o in decided.offers
            },
            fall_on=FALLBACK_CLASSES if wanted is None else tuple(wanted),
            serving=decided.serving,
        )

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Plan:
        """The plan a job was kept with."""
        lists = {name: tuple(told[name]) for name in ("offers", "fall_on")}
        return cls(**{**told, **lists})

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def worst_nanousd(self) -> int | None:
        """Most that all outputs can cost at the dearest of the offers; None when not known."""
        known = [p for p in self.most_nanousd.values() if p is not None]
        return max(known) * self.n if len(known) == len(self.offers) and known else None

    def prompt_of(self, name: str) -> Prompt:
        """The prompt as a generator is given it, under the job's own name."""
        return Prompt(
            id=name,
            text=self.prompt,
            category=self.category,
            modality=self.modality,  # type: ignore[arg-type]
            negative=self.negative,
            aspect_ratio=self.aspect_ratio,
            seconds=self.seconds,
            language=self.language,
        )

    def seed_of(self, job_id: str, index: int) -> int:
        """As asked, counted up; else the job's own."""
        if self.seed is not None:
            return self.seed + index
        digest = hashlib.blake2b(f"{job_id}-{index}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") >> 1


def _ratio(pixels: tuple[int, int] | None) -> str | None:
    """``1024x1024`` as ``1:1``: offers are asked for shapes, and have their own sizes."""
    return None if pixels is None else aspect_ratio_of(*pixels)
