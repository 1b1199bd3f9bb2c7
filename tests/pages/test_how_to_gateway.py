"""The page on the gateway is executed: served, asked by curl and openai, keyed, and changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pages.running import ROOT, execute

PAGE = ROOT / "docs" / "how-to" / "gateway.md"
pytestmark = pytest.mark.slow


def serving(port: int, more: str = "") -> str:
    """Serve in the background, and wait until it answers."""
    return (
        f"qfloor serve --port {port} --db results/painters.db{more} > serve-{port}.log 2>&1 & "
        f"until curl -sf http://127.0.0.1:{port}/readyz > ready || ! kill -0 $!; "
        "do sleep 0.1; done; kill -0 $!"
    )


def test_the_page_on_the_gateway(tmp_path: Path) -> None:
    """Both servers run behind the shell, the second on this machine alone, until it ends."""
    pytest.importorskip("openai", reason="needs openai (extra oracles)")
    (tmp_path / "results").mkdir()
    shutil.copy(ROOT / "results" / "painters.db", tmp_path / "results")
    shutil.copy(ROOT / "results" / "painters_2026-12.db", tmp_path / "new.db")
    port = 20_000 + os.getpid() % 20_000
    plain = "qfloor serve --db results/painters.db"
    swap = {
        "pip install": "true",
        f"{plain} --host 0.0.0.0 --keys keys.toml": serving(port + 1, " --keys keys.toml"),
        plain: serving(port),
        "curl -s ": "curl -sf ",
        "http://127.0.0.1:8080": f"http://127.0.0.1:{port}",
    }
    ran = execute(PAGE, tmp_path, swap=swap)
    assert len(ran) == 8
