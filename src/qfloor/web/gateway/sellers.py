"""Live generators for the offers of a release: built when first needed, shared by all requests.

A quality database names generators; only installed plugins are built, and a class named by its
module only where the operator listed it: a file of numbers must not decide what code runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from qfloor.counting import several
from qfloor.errors import PluginError, QfloorError
from qfloor.plugins import build_generator
from qfloor.records import Offer, digest_of
from qfloor.router import Database
from qfloor.web.gateway.ledger import GatewayLedger

log = logging.getLogger("qfloor.gateway")
_NAMED = 5


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f", {more} more" if more > 0 else "")


class Sellers:
    """Generators by offer."""

    def __init__(self, ledger: GatewayLedger, plugins: Collection[str] = ()) -> None:
        self._ledger, self._plugins = ledger, frozenset(plugins)
        self._by_offer: dict[tuple[str, str], Any] = {}
        self._built: dict[str, Any] = {}
        self._told: set[str] = set()

    def of(self, db: Database, offer_id: str) -> Any:
        """The generator of an offer.

        Raises
        ------
        QfloorError
            When the offer has none, or it cannot be built here.
        """
        found = self._by_offer.get((db.digest, offer_id))
        if found is None:
            try:
                found = self._build(db, db.offers[offer_id])
            except QfloorError as error:
                self._tell(str(error))
                raise
            self._by_offer[db.digest, offer_id] = found
        return found

    def _tell(self, why: str) -> None:
        """Log why an offer cannot be called: once, though every request meets it."""
        if why not in self._told:
            self._told.add(why)
            log.warning("%s", why)

    def uncallable(self, db: Database) -> str | None:
        """Say which offers of a release nobody here makes, and why; None where there are none."""
        found: dict[str, list[str]] = {}
        for offer in sorted(db.offers.values(), key=lambda o: o.id):
            if why := self._why_not(offer):
                found.setdefault(why, []).append(offer.id)
        if not found:
            return None
        told = []
        for why, (first, *others) in found.items():
            likewise = f" ({_some(others)} likewise)" if others else ""
            told.append(f"{first}: {why}{likewise}")
        n = sum(map(len, found.values()))
        return (
            f"{n} of {several(len(db.offers), 'offer')} of {db.name} {db.round} cannot be "
            "called from here; " + "; ".join(told)
        )

    def _why_not(self, offer: Offer) -> str | None:
        spec = offer.generator
        if spec is None:
            return "it was judged by imported ratings; nobody here makes it"
        if ":" in spec.name and spec.name not in self._plugins:
            return (
                f"generator {spec.name!r} is no installed plugin; list it in the gateway's plugins "
                "if it may run"
            )
        return None

    def _build(self, db: Database, offer: Offer) -> Any:
        spec = offer.generator
        if (why := self._why_not(offer)) or spec is None:
            raise PluginError(f"{offer.id}: {why}")
        group = [
            replace(o, price=db.prices.get(o.id)) for o in db.offers.values() if o.generator == spec
        ]
        name = digest_of([spec, group], 16)
        if name not in self._built:
            folder = self._ledger.generator_folder(
                f"{spec.name.split(':')[-1]}-{digest_of(spec, 12)}"
            )
            self._built[name] = build_generator(spec, group, folder)
        return self._built[name]

    async def close(self) -> None:
        """Close every generator."""
        built, self._built = list(self._built.values()), {}
        self._by_offer.clear()
        await asyncio.gather(*(g.close() for g in built), return_exceptions=True)
