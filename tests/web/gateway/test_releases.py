"""Commands on releases that come at the same moment: each is told what it did."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_world import database

from qfloor.errors import InputError
from qfloor.web.gateway.ledger import GatewayLedger
from qfloor.web.gateway.releases import STABLE, Releases


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Releases, Releases]]:
    """The releases of one gateway, as two commands see them."""
    ledgers = [GatewayLedger(tmp_path / "gateway") for _ in range(2)]
    yield Releases(ledgers[0]), Releases(ledgers[1])
    for ledger in ledgers:
        ledger.close()


def right_after(releases: Releases, then: Callable[[], Any]) -> None:
    """Have another command run as soon as the next one's change is kept."""
    ledger = releases._ledger
    transaction = ledger.transaction

    @contextlib.contextmanager
    def followed(**how: Any) -> Iterator[None]:
        ledger.transaction = transaction  # type: ignore[method-assign]
        with transaction(**how):
            yield
        then()

    ledger.transaction = followed  # type: ignore[method-assign]


def test_a_canary_that_is_taken_back_at_once(
    tmp_path: Path, both: tuple[Releases, Releases]
) -> None:
    """The command ended with a traceback: KeyError."""
    one, other = both
    one.adopt(database(tmp_path))
    new = database(tmp_path, name="new.db", round="2026-12")
    right_after(one, other.rollback)
    assert one.canary(new, 5.0).source == str(new)


@pytest.mark.parametrize("what", ["promote", "rollback"])
def test_what_decides_is_what_the_command_left(
    tmp_path: Path, both: tuple[Releases, Releases], what: str
) -> None:
    """It told what another command had made of it since."""
    one, other = both
    old, new, newest = (
        database(tmp_path, name=f"{month}.db", round=f"2026-{month}") for month in (10, 11, 12)
    )
    one.adopt(old)
    if what == "rollback":
        one.adopt(new)
    else:
        one.canary(new, 5.0)
    right_after(one, lambda: other.adopt(newest))
    assert getattr(one, what)().source == str(old if what == "rollback" else new)
    assert one.roles()[STABLE].source == str(newest)


def test_a_canary_before_the_first_release_is_not_taken_back(
    tmp_path: Path, both: tuple[Releases, Releases]
) -> None:
    """There is nothing to go back to; it was a KeyError."""
    both[0].canary(database(tmp_path), 5.0)
    with pytest.raises(InputError, match="nothing to go back to"):
        both[1].rollback()
