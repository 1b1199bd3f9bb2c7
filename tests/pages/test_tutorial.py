"""The tutorial, from `pip install` to a routed decision, as it stands on the page."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import pytest

from pages.running import ROOT, blocks, execute

TUTORIAL = ROOT / "docs" / "tutorial.md"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_block_of_the_tutorial_does_what_it_shows(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="pip builds qfloor with it (extra [dev])")
    (tmp_path / "qfloor").symlink_to(ROOT)
    ran = execute(
        TUTORIAL,
        tmp_path,
        {
            "HOME": str(tmp_path),
            # no connection: what qfloor needs is here already, and its own wheel is built
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        },
        {"8080": str(20_000 + os.getpid() % 20_000)},
    )
    assert len(ran) == sum(len(list(b.commands())) for b in blocks(TUTORIAL))
    assert any(command.startswith("pip install") for command in ran)
