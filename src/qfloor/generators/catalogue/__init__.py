"""The offers that can be named in a benchmark file.

Three sources, in this order: installed generators that declare some by a static ``catalogue()``;
``hosted/*.toml`` in this package, the offers of hosted sellers with their prices and dates; and
files of a team's own, which a benchmark names (`files.read_offers`). No id is declared twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path

from qfloor.errors import InputError, PluginError
from qfloor.generators.catalogue.files import read_offers
from qfloor.plugins import installed
from qfloor.records import Offer

__all__ = ["catalogue", "catalogue_with", "read_offers"]


@cache
def catalogue() -> dict[str, Offer]:
    """Return every declared offer by id.

    Raises
    ------
    PluginError
        When two generators declare one id, or one cannot be loaded.
    """
    found: dict[str, Offer] = {}
    for name, point in installed("qfloor.generators").items():
        try:
            declare = getattr(point.load(), "catalogue", None)
        except (ImportError, AttributeError) as error:
            raise PluginError(
                f"the installed generator plugin {name!r} cannot be loaded: {error}; repair or "
                f"uninstall it"
            ) from error
        for offer in declare() if declare else ():
            if offer.id in found:
                raise PluginError(f"offer {offer.id!r} is declared twice, once by {name!r}")
            found[offer.id] = offer
    for offer in hosted():
        found.setdefault(offer.id, offer)  # a plugin knows its own offers better
    return found


def catalogue_with(paths: Iterable[str | Path]) -> dict[str, Offer]:
    """Return the catalogue and the offers of a team's own files.

    Raises
    ------
    InputError
        When a file declares an id that is there already.
    """
    found = dict(catalogue())
    for path in paths:
        for offer in read_offers(path):
            if offer.id in found:
                raise InputError(f"{path}: offer {offer.id!r} is declared already; rename it")
            found[offer.id] = offer
    return found


@cache
def hosted() -> tuple[Offer, ...]:
    """Offers of hosted sellers that come with qfloor."""
    folder = resources.files(__name__) / "hosted"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(offer for file in files for offer in read_offers(file))
