"""Feeds: prices and health that are newer than a quality database, in ``feeds.db``.

`FeedStore` is the file; `update_prices` reads a source into it behind guards; `compare_sources`
holds two sources against each other. Standard library only, and no part of ``import
qfloor.router``: who routes by a release alone pays nothing for it.

    store.py     the file, with prices_kept and health_kept for its two halves
    updating.py  a source read, looked at, kept: read this first
    fetching.py  its bytes           files.py      bytes -> rows, litellm's in litellm.py
    rows.py      one price           guards.py     which rows are believed
    units.py     a price by another unit than before
    pricing.py   rows -> the rule of an offer      comparing.py  two sources side by side
"""

from qfloor.router.feeds.comparing import Compared, compare_sources
from qfloor.router.feeds.prices_kept import SourceAge
from qfloor.router.feeds.rows import PriceRow
from qfloor.router.feeds.store import FeedStore
from qfloor.router.feeds.updating import PriceUpdate, update_file, update_prices

__all__ = [
    "Compared",
    "FeedStore",
    "PriceRow",
    "PriceUpdate",
    "SourceAge",
    "compare_sources",
    "update_file",
    "update_prices",
]
