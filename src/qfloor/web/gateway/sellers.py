"""Live generators for the offers of a release: built when first needed, shared by all requests.

A quality database names generators; only installed plugins are built, and a class named by its
module only where the operator listed it: a file of numbers must not decide what code runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from qfloor.errors import PluginError
from qfloor.plugins import build_generator
from qfloor.records import Offer, digest_of
from qfloor.router import Database
from qfloor.web.gateway.ledger import GatewayLedger


class Sellers:
    """Generators by offer."""

    def __init__(self, ledger: GatewayLedger, plugins: Collection[str] = ()) -> None:
        self._ledger, self._plugins = ledger, frozenset(plugins)
        self._by_offer: dict[tuple[str, str], Any] = {}
        self._built: dict[str, Any] = {}

    def of(self, db: Database, offer_id: str) -> Any:
        """The generator of an offer.

        Raises
        ------
        QfloorError
            When the offer has none, or it cannot be built here.
        """
        found = self._by_offer.get((db.digest, offer_id))
        if found is None:
            found = self._by_offer[db.digest, offer_id] = self._build(db, db.offers[offer_id])
        return found

    def _build(self, db: Database, offer: Offer) -> Any:
        spec = offer.generator
        if spec is None:
            raise PluginError(f"{offer.id} was judged by imported ratings; nobody here makes it")
        if ":" in spec.name and spec.name not in self._plugins:
            raise PluginError(
                f"{offer.id}: generator {spec.name!r} is no installed plugin; list it in the "
                "gateway's plugins if it may run"
            )
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
