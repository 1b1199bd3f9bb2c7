"""A small market, loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import factories
import pytest

from qfloor import export, router

Market = Callable[..., router.Database]


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """Write and load a release of these sellers."""

    def make(*arguments: Any, **changes: Any) -> router.Database:
        return router.load(
            export.write(tmp_path / "quality.db", factories.release(*arguments, **changes))
        )

    return make


@pytest.fixture
def db(market: Market) -> router.Database:
    return market()
