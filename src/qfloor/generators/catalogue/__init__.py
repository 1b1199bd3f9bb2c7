"""The offers that can be named in a benchmark file: what installed generators declare.

A generator plugin takes part by having a static ``catalogue()`` that returns its offers.
"""

from __future__ import annotations

from functools import cache

from qfloor.errors import PluginError
from qfloor.plugins import installed
from qfloor.records import Offer


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
    return found
