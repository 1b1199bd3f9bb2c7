"""``qfloor ab report`` and ``ab export``: what a blind session showed, and its votes elsewhere."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import typer

from qfloor.cli.output import Json, Workspace, emit_one, say
from qfloor.cli.usage import refuse
from qfloor.counting import several
from qfloor.whole import write_whole

if TYPE_CHECKING:
    from qfloor.abtest.analysis import Analysis
    from qfloor.abtest.answers import Answer
    from qfloor.abtest.plan import AnalysisPlan, EarlyEnd
    from qfloor.pipeline.blinding.session_votes import VotesStored
    from qfloor.store import Store

Votes = typer.Argument(help="A session's folder, or a CSV of unblinded answers.")
Key = typer.Option(None, "--key", "-k", help="The arm key; by default beside the session.")
Early = typer.Option(
    None, "--early", metavar="REASON",
    help="End the voting though planned votes are missing, and why; every report says so.",
)  # fmt: skip


def report(
    session: Path = Votes,
    key: Path | None = Key,
    out: Path | None = typer.Option(
        None, "--out", "-o", help="Page to write; by default SESSION.html beside it."
    ),
    protocol: Path | None = typer.Option(
        None, "--protocol", help="Folder of the session that a CSV of answers comes from."
    ),
    early: str | None = Early,
    as_json: bool = Json,
) -> None:
    """Unblind a session (logged) and write what may be claimed, with everything it rests on.

    A claim that the votes do not support is refused, with the reason. A CSV without its protocol
    has no margins that stood before the first vote, and supports no claim about one.

    Example: qfloor ab report may --out may.html
    """
    from qfloor.abtest.analysis import analyse
    from qfloor.abtest.closing import check_out
    from qfloor.abtest.page import page_of
    from qfloor.records import to_plain

    place = out or _page_beside(session)
    for kept in (session,) if protocol is None else (session, protocol):
        check_out(place, kept, key=key, told="the page" if out is None else "--out")
    with _unblinded(session, key, protocol, early=early) as found:
        analysis = analyse(
            found.answers, found.plan,
            audited=found.audited, offers=found.offers, early=found.early,
        )  # fmt: skip
        page = page_of(analysis)
    write_whole(place, page)
    if as_json:
        typer.echo(json.dumps(to_plain(analysis), ensure_ascii=False, indent=2))
    else:
        _print(analysis)
    say(f"wrote {place}")


def export(
    context: typer.Context,
    session: Path = Votes,
    out: Path | None = typer.Option(None, "--out", "-o", help="File to write."),
    format: Literal["csv", "label-studio", "evalica"] = typer.Option(
        "csv", "--format", "-f", help="csv is qfloor's own long table; it loses nothing."
    ),
    key: Path | None = Key,
    to_store: bool = typer.Option(
        False, "--to-store", help="Put votes and scores into the workspace's store."
    ),
    round: str | None = typer.Option(
        None, "--round", help="With --to-store: round of outputs that the store does not know."
    ),
    early: str | None = Early,
    workspace: Path = Workspace,
) -> None:
    """Unblind a session (logged) and write its votes for other tools, or back into the store.

    Label Studio's file comes with its labelling configuration beside it. In the store choices are
    comparisons and scores are ratings, from which `calibrate` and `floors` learn.

    Example: qfloor ab export may --format evalica --out may.csv
    """
    from qfloor.benchmark import check_round

    if out is None and not to_store:
        raise typer.BadParameter("say where: --out FILE, --to-store, or both")
    if not to_store:
        refuse(context, ("round", "workspace"), "goes with --to-store")
    if to_store and round is None:
        raise typer.BadParameter("--to-store needs --round, e.g. 2026-11")
    if round is not None:
        check_round(round)
    if out is not None:
        _check_files(out, format, session, key)
    stored = None
    with (
        _store_of(workspace if to_store else None) as store,
        _unblinded(session, key, None, early=early) as found,
    ):
        if store is not None and round is not None:
            from qfloor.pipeline.blinding.session_votes import store_votes

            stored = store_votes(store, found.answers, round=round)
    if out is not None:
        _write(found.answers, out, format)
    if stored is not None:
        _tell(stored)


class _Unblinded(NamedTuple):
    """Answers with the plan that was frozen; audit pairs and offers where the key tells them."""

    answers: list[Answer]
    plan: AnalysisPlan
    audited: frozenset[str] | None = None
    offers: dict[str, str] | None = None
    early: EarlyEnd | None = None


@contextlib.contextmanager
def _unblinded(
    session: Path, key: Path | None, protocol: Path | None, *, early: str | None
) -> Iterator[_Unblinded]:
    """Answers and plan of a folder, or of a CSV that was written of one.

    A folder's voting is ended, and that is logged, when the block ends without an error.
    """
    if not session.is_dir():
        told = _of_csv(session, protocol)
        if key is not None or early is not None:
            raise typer.BadParameter(
                f"{session} holds answers that were unblinded before; --key and --early are for a "
                "session's folder"
            )
        yield told
        return
    if protocol is not None:
        raise typer.BadParameter(f"{session} has its own protocol; --protocol is for a CSV")
    from qfloor.abtest.key import default_path
    from qfloor.abtest.plan import plan_of
    from qfloor.abtest.unblinding import unblinding

    place = default_path(session.expanduser().resolve()) if key is None else key
    with unblinding(session, place, early=early) as found:
        units = found.key.units.values()
        yield _Unblinded(
            answers=found.answers,
            plan=plan_of(found.protocol),
            audited=found.key.audited or None,
            offers={cell.item: cell.offer for unit in units for cell in unit.cells},
            early=found.early,
        )


def _of_csv(path: Path, protocol: Path | None) -> _Unblinded:
    from qfloor.abtest.answers import read_answers
    from qfloor.abtest.plan import AnalysisPlan, plan_of
    from qfloor.abtest.protocol import read_protocol
    from qfloor.errors import InputError

    answers = read_answers(path)
    if protocol is None:
        return _Unblinded(answers, AnalysisPlan(name=path.stem))
    frozen = read_protocol(protocol)
    others = {answer.session_id for answer in answers} - {frozen.session_id}
    if others:
        raise InputError(
            f"{path} holds answers of session {min(others)!r}, but {protocol} is "
            f"{frozen.session_id!r}"
        )
    return _held_to(protocol, _Unblinded(answers, plan_of(frozen)))


def _held_to(protocol: Path, found: _Unblinded) -> _Unblinded:
    """Hold a CSV to the votes of its session; a copy of the protocol alone has none, and no log."""
    from qfloor.abtest.closing import early_end
    from qfloor.abtest.folder import DATABASE
    from qfloor.abtest.unblinding import audited_pairs, check_answers

    if not (protocol / DATABASE).is_file():
        return found
    check_answers(protocol, found.answers)
    audited = audited_pairs(protocol, found.answers)
    return found._replace(audited=audited or None, early=early_end(protocol))


def _print(analysis: Analysis) -> None:
    if analysis.early is not None:
        typer.echo(analysis.early.sentence)
    for claim in analysis.claims:
        mark = "" if claim.supported else " (not supported)"
        typer.echo(f"{claim.name.replace('_', ' ')}{mark}: {claim.text}")
        for why in claim.why:
            typer.echo(f"  because {why}")


def _page_beside(session: Path) -> Path:
    """``may.html`` of ``may`` or ``may.csv``; a folder that is called ``.`` has a name too."""
    named = session if session.name not in ("", "..") else session.resolve()
    return named.with_name(f"{named.name.removesuffix('.csv')}.html")


def _check_files(out: Path, format: str, session: Path, key: Path | None) -> None:
    """Refuse what `_write` could not write."""
    from qfloor.abtest.closing import check_out
    from qfloor.errors import SessionError

    check_out(out, session, key=key)
    if format != "label-studio":
        return
    config = out.with_suffix(".xml")
    if config == out:
        raise SessionError(
            f"--out {out} is where the labelling configuration goes; name it such as "
            f"{out.with_suffix('.json')}"
        )
    check_out(config, session, key=key, told="the labelling configuration")


def _write(answers: list[Answer], out: Path, format: str) -> None:
    from qfloor.abtest import exporting
    from qfloor.abtest.answers import answers_csv

    texts = {
        "csv": answers_csv,
        "evalica": exporting.evalica_csv,
        "label-studio": exporting.label_studio_json,
    }
    write_whole(out, texts[format](answers))
    say(f"wrote {out}: {several(len(answers), 'answer')}")
    if format == "label-studio":
        config = out.with_suffix(".xml")
        write_whole(config, exporting.LABEL_CONFIG)
        say(f"wrote {config}, the labelling configuration")


@contextlib.contextmanager
def _store_of(workspace: Path | None) -> Iterator[Store | None]:
    """Hold a workspace's store, if one is asked for, in one transaction that ends with the block.

    It is there already: votes are about outputs that it knows.
    """
    if workspace is None:
        yield None
        return
    from qfloor.store import Store

    with Store.open(workspace) as store, store.writing("ab export"), store.transaction():
        yield store


def _tell(stored: VotesStored) -> None:
    emit_one(stored.report.to_row())
    are = "is" if stored.left_out == 1 else "are"
    left = several(stored.left_out, "showing")
    say(f"{left} (placebos and catch trials) {are} not of two outputs")


def register(app: typer.Typer) -> None:
    """Add the commands of this module to ``qfloor ab``."""
    for command in (report, export):
        app.command()(command)
