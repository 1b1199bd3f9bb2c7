"""Every adapter finds a key, the same planted one, under its own name."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from generators.providers.play import KEY

from qfloor.generators import providers


@pytest.fixture(autouse=True)
def planted_key(monkeypatch: pytest.MonkeyPatch) -> str:
    """Set every provider's key."""
    for found in pkgutil.iter_modules(providers.__path__):
        module = importlib.import_module(f"{providers.__name__}.{found.name}")
        for cls in vars(module).values():
            if getattr(cls, "KEY_ENV", ""):
                monkeypatch.setenv(cls.KEY_ENV, KEY)
    return KEY
