"""How far a command is, on stderr: bars on a terminal, now and then a line in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from qfloor.prices import usd

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from qfloor.generate import OfferProgress, Progress

QUARTERS, TENTHS = 4, 10
REDRAWS_S = 0.1


class Reporter:
    """Told how far stages are; shown the progress of generation by offer."""

    def __init__(self, bars: Bars, is_terminal: bool) -> None:
        self._bars, self._is_terminal = bars, is_terminal
        self._tasks: dict[str, Any] = {}
        self._said: dict[str, int] = {}
        self._drawn_at = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report a stage; where no bar can be drawn, a line every tenth says the same."""
        self._bar(stage, done, total)
        if self._is_due(stage, done, total, TENTHS):
            typer.echo(f"{stage:<10} {done}/{total}", err=True)

    def watch(self, progress: Progress) -> None:
        """Show how far generation is: in all, and by offer."""
        now = time.monotonic()
        is_through = progress.done == progress.total
        if self._is_terminal and (is_through or now - self._drawn_at > REDRAWS_S):
            self._drawn_at = now
            self._bar("generate", progress.done, progress.total, in_all(progress))
            for offer in progress.offers.values():
                self._bar(f"  {offer.offer_id}", offer.done, offer.planned, of_offer(offer))
        if self._is_terminal:
            return
        for offer in progress.offers.values():
            if self._is_due(offer.offer_id, offer.done, offer.planned, QUARTERS):
                said = of_offer(offer)
                typer.echo(f"  {offer.offer_id} {offer.done}/{offer.planned}{said}", err=True)
        if self._is_due("generate", progress.done, progress.total, TENTHS):
            said = in_all(progress)
            typer.echo(f"generate   {progress.done}/{progress.total}{said}", err=True)

    def _bar(self, name: str, done: int, total: int, note: str = "") -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, note="")
        self._bars.update(self._tasks[name], completed=done, total=total, note=note)

    def _is_due(self, name: str, done: int, total: int, parts: int) -> bool:
        part = parts if total == 0 else parts * done // total
        if self._is_terminal or part <= self._said.get(name, 0 if parts == QUARTERS else -1):
            return False
        self._said[name] = part
        return True


def in_all(progress: Progress) -> str:
    """Money so far and where it is heading, and the time left."""
    from qfloor.generate.forecast import said

    spent = f", {usd(progress.spent_nanousd)} spent"
    heading = f", {usd(progress.projected_nanousd)} in all as it goes"
    if progress.left_s is None or progress.done == progress.total:
        return spent + heading
    return f"{spent}{heading}, {said(progress.left_s)} left"


def of_offer(offer: OfferProgress) -> str:
    """What came of an offer's requests that is not simply made."""
    from qfloor.records import Status

    told = [
        f"{n} {status.value}"
        for status, n in sorted(offer.counts.items())
        if status is not Status.MADE and n
    ]
    if offer.left:
        told.append(f"{offer.left} left")
    return "".join(f", {t}" for t in told)


@contextmanager
def progress() -> Iterator[Reporter]:
    """Show one bar a stage on stderr; yields what stages report to."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        yield Reporter(bars, console.is_terminal)
