"""``qfloor audit``: what a gateway served, against a baseline, judged blind by people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from qfloor.cli.blind import tell_plan
from qfloor.cli.blind_report import Early
from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.cli.watching import progress
from qfloor.counting import several
from qfloor.errors import QfloorError

if TYPE_CHECKING:
    from qfloor.pipeline.blinding.blind import ArmOutputs
    from qfloor.pipeline.blinding.live_audit import Drawn

app = typer.Typer(
    help="Live audit: draw served requests into blind sessions, and watch what they show.",
    no_args_is_help=True,
)


@app.command()
def draw(
    out: Path = typer.Argument(help="The blind session's folder, to be made."),
    baseline: str = typer.Option(..., "--baseline", help="Offer of the other side."),
    share: float = typer.Option(0.05, help="Share of served requests to draw."),
    since: str = typer.Option("", help="ISO 8601 moment of the first request that counts."),
    budget: str | None = typer.Option(None, help="Most the baseline may cost, in USD."),
    gateway: Path | None = typer.Option(
        None, "--gateway", help="The gateway's folder; by default gateway/ in the workspace."
    ),
    round: str = typer.Option("audit", help="Round of the store that the baseline is kept in."),
    modality: Literal["image", "video"] = typer.Option("image", help="image or video."),
    votes: int = typer.Option(1, help="Votes of each pair."),
    pd0: float = typer.Option(0.10, help="Net discriminability that must not be exceeded."),
    offers: list[Path] = typer.Option([], "--offers", help="Files of your own offers."),
    key: Path | None = typer.Option(None, "--key", help="Where the arm key goes."),
    workspace: Path = Workspace,
    as_json: bool = Json,
) -> None:
    """Draw served requests, make the baseline's side within a budget, and write a blind session.

    Only requests whose prompt the gateway keeps (keep_prompts) can be drawn, and only while it
    keeps their outputs. Both scores are always asked for, so that fails are counted on all.

    Example: qfloor audit draw week48 --baseline painters/umber --share 0.05 --budget 5
    """
    from qfloor.abtest.planning import draft
    from qfloor.abtest.protocol import check
    from qfloor.pipeline.blinding import blind, live_audit

    asked = {"modality": modality, "votes": votes, "pd0": pd0, "ask_when_none": 1.0}
    check(draft(out.name, [], **asked))  # whatever can be refused is, before the baseline is bought
    blind.check_new(out, key)
    drawn = live_audit.draw_traffic(
        gateway or workspace / "gateway", share, since=since, modality=modality
    )
    if not drawn.prompts:
        raise QfloorError(
            f"no request was drawn ({_counted(drawn.left_out) or 'the log is empty'})"
        )
    arm, beyond = _baseline(drawn, baseline, offers, workspace, round, budget)
    if beyond:
        say(
            f"the budget did not reach for {beyond} of "
            f"{several(len(drawn.prompts), 'drawn request')}"
        )
    _write(out, drawn, arm, asked, key, as_json)


def _baseline(
    drawn: Drawn, baseline: str, offers: list[Path], workspace: Path, round: str, budget: str | None
) -> tuple[ArmOutputs, int]:
    """Buy the other side, as far as the budget reaches."""
    from qfloor import benchmark
    from qfloor.generators.catalogue import catalogue_with
    from qfloor.pipeline.blinding import live_audit
    from qfloor.store import Store

    known = catalogue_with(offers)
    if baseline not in known:
        raise QfloorError(f"no offer is called {baseline!r}; see qfloor offers list")
    most = None if budget is None else benchmark.parse_budget("--budget", budget)
    with Store.open(workspace, create=True) as store, store.writing("audit draw"):
        return live_audit.make_baseline(
            store, drawn, known[baseline], round=round, budget_nanousd=most
        )


def _write(
    out: Path, drawn: Drawn, arm: ArmOutputs, asked: dict[str, Any], key: Path | None, as_json: bool
) -> None:
    """Plan and write the session."""
    from qfloor.abtest.planning import Wishes, draft
    from qfloor.abtest.protocol import Arm
    from qfloor.pipeline.blinding import blind, live_audit

    pairs, left_out = live_audit.audit_pairs_of(drawn, arm)
    arms = [
        Arm(name="routed", stands_for="what the gateway served"),
        Arm(name="reference", stands_for=arm.stands_for),
    ]
    with progress() as report:
        _, place = blind.new_session(
            out,
            pairs,
            Wishes(protocol=draft(out.name, arms, **asked)),
            key=key,
            left_out=left_out,
            progress=lambda done, total: report("sheets", done, total),
            ready=lambda plan: tell_plan(plan, as_json),
        )
    say(f"wrote {out}; the arm key is {place}; open it with: qfloor ab serve {out}")


def _counted(left_out: object) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in dict(left_out).items())  # type: ignore[call-overload]


@app.command()
def watch(
    sessions: list[Path] = typer.Argument(help="Sessions of the audit, oldest first."),
    limit_fail: float = typer.Option(0.25, help="Share of served outputs that may be unusable."),
    limit_pd: float | None = typer.Option(None, help="By default pd0 of the first session."),
    early: str | None = Early,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Unblind sessions (logged) and say whether a limit is crossed; exit 1 on an alarm.

    The bounds hold at any time: look as often as you like, stop when you like.

    Example: qfloor audit watch week47 week48 --limit-fail 0.25
    """
    from qfloor.pipeline.blinding import live_audit

    if not 0.0 < limit_fail < 1.0 or (limit_pd is not None and not 0.0 < limit_pd < 1.0):
        raise typer.BadParameter("limits must lie between 0 and 1")
    states = live_audit.watch_sessions(
        sessions, limit_fail=limit_fail, limit_pd=limit_pd, early=early
    )
    emit([vars(state) for state in states], as_json=as_json, as_csv=as_csv)
    for state in states:
        say(state.sentence)
    if any(state.standing == "alarm" for state in states):
        raise typer.Exit(1)
