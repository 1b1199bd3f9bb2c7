"""Workers and their parent: who may end whom, and when."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from gateway_world import database, settings

from qfloor.errors import StoreError
from qfloor.web.gateway import serving


def test_a_worker_that_stands_still_for_a_moment_is_not_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvicorn killed it after five seconds, whatever it was just buying."""
    import uvicorn

    told: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda *_, **how: told.update(how))
    monkeypatch.setattr(serving, "check_free", lambda *_: None)
    serving.serve(settings(tmp_path, database(tmp_path), workers=2), lambda _: None)
    assert told["workers"] == 2
    assert told["timeout_worker_healthcheck"] >= 30


def test_why_none_serves_is_never_half_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent, which another worker ends meanwhile, told an empty sentence."""
    seen: list[bool] = []

    class LookingError(StoreError):
        def __str__(self) -> str:
            seen.append((tmp_path / "refused").exists())
            return "no disk"

    class EndError(BaseException):
        pass

    def end(code: int) -> None:
        raise EndError

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr("logging.shutdown", lambda: None)
    with pytest.raises(EndError):
        serving._give_up(tmp_path, LookingError())
    assert seen == [False]
    assert (tmp_path / "refused").read_text() == "no disk"
