"""``qfloor store``: is everything there, how much is it, where media lie, what may go."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.cli.usage import refuse
from qfloor.cli.watching import progress
from qfloor.counting import several
from qfloor.errors import StoreError

if TYPE_CHECKING:
    from qfloor.store import Store

P = TypeVar("P")
R = TypeVar("R")

app = typer.Typer(
    help="The workspace's store: verify, measure, place, tier and clean media.",
    no_args_is_help=True,
)


@app.command()
def verify(
    workspace: Path = Workspace,
    quick: bool = typer.Option(
        False, "--quick", help="Look whether media are there, without reading them."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Compare rows with media and media with their digests; exit 1 when something is lost.

    Lists what is missing, damaged, or named by no row (an orphan, which is no loss). Changes
    nothing.

    Example: qfloor store verify
    """
    from qfloor.store import Store
    from qfloor.store.upkeep import verify_store

    with Store.open(workspace) as store, progress() as report:
        found = verify_store(
            store, read=not quick, progress=lambda done, all_: report("verify", done, all_)
        )
    rows = [
        {
            "finding": one.kind, "sha256": one.sha256 or None, "bytes": one.bytes,
            "place": one.place or None, "detail": one.detail,
        }
        for one in found.findings
    ]  # fmt: skip
    emit(rows, as_json=as_json, as_csv=as_csv, empty="everything is as the rows say")
    gone = f", {found.n_deleted} deleted by policy" if found.n_deleted else ""
    how = "read and hashed" if found.read else "seen, not read"
    say(f"{found.n_named} media named by outputs{gone}; {several(found.n_files, 'file')} {how}, "
        f"{size_of(found.bytes)}")  # fmt: skip
    if found.lost:
        raise StoreError(
            f"{several(found.lost, 'finding is a loss', 'findings are losses')}, listed above"
        )


@app.command()
def du(
    workspace: Path = Workspace,
    by: str = typer.Option("round", help="round, offer, category, modality or place."),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show what media weigh, and the database beside them.

    Example: qfloor store du --by offer
    """
    from qfloor.store import Store
    from qfloor.store.upkeep import measure_store

    with Store.open(workspace) as store:
        rows = measure_store(store, by)
    if not (as_json or as_csv):
        rows = [{**row, "bytes": size_of(row["bytes"])} for row in rows]
    emit(rows, as_json=as_json, as_csv=as_csv)


@app.command()
def media(
    context: typer.Context,
    url: str | None = typer.Argument(
        None, help="Where new media go: s3://BUCKET/PREFIX, another fsspec URL, or a folder."
    ),
    workspace: Path = Workspace,
    option: list[str] = typer.Option(
        [], "--option", help="Of the URL's file system, e.g. endpoint_url=http://127.0.0.1:9000."
    ),
    copy: bool = typer.Option(False, "--copy", help="Also copy there what lies elsewhere now."),
    own: bool = typer.Option(False, "--own", help="New media go to the workspace's own folder."),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show where media lie, or say where new ones go from now on.

    Media that lie elsewhere are still found there, and removed by nobody. Keys are read by the
    protocol's own library (for S3: AWS_ACCESS_KEY_ID and so on) and never stored.

    Example: qfloor store media s3://bucket/qfloor --copy
    """
    from qfloor.store import Store
    from qfloor.store.placing import copy_media, place_media, places_shown, tried

    if url is not None and own:
        raise typer.BadParameter("give a URL or --own, one of the two")
    if url is None:
        refuse(context, ("option",), "goes with a URL")
        if not own:
            refuse(context, ("copy",), "goes with a URL or --own: where shall they be copied to?")
    known = None
    if url is not None and not (workspace / "store.db").exists():
        known = tried(workspace, url, _options(option))  # before a store is made for it
    with Store.open(workspace, create=url is not None) as store:
        if url is not None or own:
            with store.writing("store media"), progress() as report:
                place_media(store, url, _options(option), known=known)
                if copy:
                    n = copy_media(store, lambda done, all_: report("copy", done, all_))
                    say(
                        f"copied {several(n, 'file')} to {store.media.where}; the old place is as "
                        "it was"
                    )
        rows = places_shown(store)
    if not (as_json or as_csv):
        rows = [{**row, "bytes": size_of(row["bytes"])} for row in rows]
    emit(rows, as_json=as_json, as_csv=as_csv)


@app.command()
def tier(
    policy: Path = typer.Option(..., "--policy", help="The policy, a .toml file."),
    workspace: Path = Workspace,
    apply: bool = typer.Option(False, "--apply", help="Do it; without this it is only shown."),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show what a policy would do with media, or do it; scores and rows are kept for ever.

    What was paid for is deleted only by a rule that says including_paid = true, what was never
    judged only by one that says including_unjudged = true. A move is read back before anything
    is removed.

    Example: qfloor store tier --policy policy.toml
    """
    import datetime as dt

    from qfloor.store.tier_policy import load_policy
    from qfloor.store.tiering import apply_tiers, plan_tiers

    rules, now = load_policy(policy), dt.datetime.now(dt.UTC)
    plan, _ = _planned(
        "tier",
        workspace,
        lambda store: plan_tiers(store, rules, now),
        (lambda store, plan, report: apply_tiers(store, plan, now, report)) if apply else None,
    )
    rows = plan.rows
    if not (as_json or as_csv):
        rows = [{**row, "bytes": size_of(row["bytes"])} for row in rows]
    emit(rows, as_json=as_json, as_csv=as_csv, empty="the policy changes nothing")
    say(f"{several(plan.kept, 'file')} not to be moved, {size_of(plan.kept_bytes)}")
    for (rule, why), n in plan.spared.items():
        say(f"  {rule}: {several(n, 'file')} kept: {why}")
    if plan.steps and not apply:
        say("nothing was done; say --apply to do it")


@app.command()
def clean(
    workspace: Path = Workspace,
    apply: bool = typer.Option(False, "--apply", help="Do it; without this it is only shown."),
    place: list[str] = typer.Option(
        [],
        "--place",
        help="Also clean this place of media, which no other workspace uses (repeatable).",
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show media that no output names, as killed runs leave them, or remove them.

    Nothing that an output names is touched, nothing younger than an hour, nothing while a run
    holds the store, and nothing outside the workspace unless --place names it.

    Example: qfloor store clean

    Example: qfloor store clean --apply
    """
    import datetime as dt

    from qfloor.store.cleaning import clean as removed
    from qfloor.store.cleaning import plan_clean

    now = dt.datetime.now(dt.UTC)
    plan, freed = _planned(
        "clean", workspace, lambda store: plan_clean(store, now, place), removed if apply else None
    )
    if as_json or as_csv:
        rows = [
            {"sha256": one.sha256, "place": one.place, "bytes": one.bytes, "kept": one.kept or None}
            for one in plan.orphans
        ]
    else:
        rows = [{**row, "bytes": size_of(row["bytes"])} for row in plan.rows]
    emit(rows, as_json=as_json, as_csv=as_csv, empty="every file is named by an output")
    if freed is not None:
        say(f"removed {several(len(plan.due), 'file')}, {size_of(freed)}")
    elif plan.due:
        size = size_of(sum(one.bytes for one in plan.due))
        say(
            f"{several(len(plan.due), 'file')}, {size}, would go; nothing was done; say --apply "
            "to do it"
        )


def _planned(
    name: str,
    workspace: Path,
    plan: Callable[[Store], P],
    apply: Callable[[Store, P, Callable[[int, int], None]], R] | None,
) -> tuple[P, R | None]:
    """Plan what would be done, and do it in the same hold of the store, or only plan it."""
    from qfloor.store import Store

    with Store.open(workspace) as store:
        if apply is None:
            return plan(store), None
        with store.writing(f"store {name}"), progress() as report:
            found = plan(store)
            return found, apply(store, found, lambda done, all_: report(name, done, all_))


def place(workspace: Path, url: str | None) -> None:
    """Let a workspace's new media go to a URL, if one is given and they do not go there yet."""
    from qfloor.store import Store
    from qfloor.store.media_place import normal
    from qfloor.store.placing import place_media, tried
    from qfloor.store.settings import read_settings

    if url is None:
        return
    known = None
    if not (workspace / "store.db").exists():
        known = tried(workspace, url)  # before a store is made for it
    with Store.open(workspace, create=True) as store:
        if read_settings(store.root).url != normal(url):
            with store.writing("store media"):
                place_media(store, url, known=known)


def _options(given: list[str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise typer.BadParameter(f"{pair!r} must look like NAME=VALUE", param_hint="--option")
        try:
            options[key] = json.loads(value)
        except ValueError:
            options[key] = value
    return options


def size_of(count: int) -> str:
    """Say a number of bytes as a person does.

    Examples
    --------
    >>> size_of(512), size_of(1_536_000)
    ('512 B', '1.5 MB')
    """
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
