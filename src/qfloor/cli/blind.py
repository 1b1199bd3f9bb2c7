"""``qfloor ab``: blind sessions, from the plan to the unblinding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from qfloor.cli import blind_report
from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.cli.watching import progress
from qfloor.counting import several

if TYPE_CHECKING:
    from qfloor.abtest.pairs import Pair
    from qfloor.abtest.planning import Plan, Wishes
    from qfloor.abtest.room import Room

app = typer.Typer(
    help="Blind sessions: plan one, open it to raters, unblind it when all have voted.",
    no_args_is_help=True,
)
Session = typer.Argument(help="The session's folder.")
Key = typer.Option(None, "--key", "-k", help="The arm key; by default NAME.key.json beside it.")
BaseUrl = typer.Option(None, "--base-url", help="Address that raters reach, for the links.")
Question = Literal["pair", "acr5", "score10", "ranking"]
OPTIONS: dict[str, Any] = {
    "routed": typer.Option(
        None, "--routed", help="One side: an offer, policy:QUALITY_DB, or folder:DIR[#OFFER]."
    ),
    "reference": typer.Option(None, "--reference", help="The other side, named the same way."),
    "question": typer.Option(
        "pair", "--question", "-q", help="pair, or without sides: acr5, score10, ranking."
    ),
    "offer": typer.Option([], "--offer", help="Without sides: whose outputs; all by default."),
    "round": typer.Option(None, "--round", help="Round of the outputs."),
    "reference_workspace": typer.Option(None, help="Where the other side lies, if elsewhere."),
    "reference_round": typer.Option(None, help="Round of the other side, if another."),
    "tier": typer.Option("professional", help="What a policy: is asked for."),
    "on_uncertified": typer.Option("refuse", help="As in qfloor route."),
    "allow_illustrative": typer.Option(False, "--allow-illustrative", help="As in qfloor route."),
    "now": typer.Option(None, help="Day to route for; by default today."),
    "modality": typer.Option("image", help="image or video; a session shows one of them."),
    "pairs": typer.Option(None, help="How many pairs; by default all there are."),
    "category": typer.Option([], help="Quota as CATEGORY=PAIRS; repeatable."),
    "votes": typer.Option(1, help="Votes of each pair."),
    "audit": typer.Option(0, help="Pairs of the audit subset, drawn at random."),
    "audit_votes": typer.Option(15, help="Votes of each of those."),
    "per_rater": typer.Option(60, help="Test trials of one rater at most."),
    "placebo": typer.Option(0.05, help="Share of hidden trials with two equal sides."),
    "catch": typer.Option(0.05, help="Share of hidden trials with a side spoilt on purpose."),
    "repeat": typer.Option(0.05, help="Share of trials shown again, sides swapped."),
    "training": typer.Option(3, help="Practice trials first, 0 to 3."),
    "pd0": typer.Option(0.10, help="Share who may see a difference and the sides still be alike."),
    "margin": typer.Option(0.5, help="Non-inferiority margin of the mean score."),
    "minor_gap": typer.Option(1.0, help="Score gap below which a difference is minor."),
    "alpha": typer.Option(0.05, help="Error probability."),
    "catch_share": typer.Option(0.8, help="Exclusion: catches seen below this share."),
    "median_seconds": typer.Option(1.5, help="Exclusion: median time of a vote below this."),
    "side_bias_p": typer.Option(0.001, help="Exclusion: p-value of a side bias below this."),
    "show_same_model": typer.Option(
        False, "--show-same-model", help="Also show as large a share of pairs of one offer, apart."
    ),
    "longest": typer.Option(1024, help="Pixels of a side's longer side at most."),
    "min_seconds": typer.Option(1.0, help="Seconds before an answer is taken."),
    "break_minutes": typer.Option(20.0, help="Minutes until a break is proposed."),
    "consent": typer.Option(None, help="A text file that raters must accept first."),
    "completion_code": typer.Option(None, help="Code shown at the end (Prolific)."),
    "criterion": typer.Option("overall", help="What is judged, as ratings will name it."),
    "key": typer.Option(None, "--key", help="Where the arm key goes; beside by default."),
}  # fmt: skip


@app.command()
def new(
    out: Path = typer.Argument(help="The session's folder, to be made."),
    routed: str | None = OPTIONS["routed"],
    reference: str | None = OPTIONS["reference"],
    question: Question = OPTIONS["question"],
    offer: list[str] = OPTIONS["offer"],
    workspace: Path = Workspace,
    round: str | None = OPTIONS["round"],
    reference_workspace: Path | None = OPTIONS["reference_workspace"],
    reference_round: str | None = OPTIONS["reference_round"],
    tier: str = OPTIONS["tier"],
    on_uncertified: str = OPTIONS["on_uncertified"],
    allow_illustrative: bool = OPTIONS["allow_illustrative"],
    now: str | None = OPTIONS["now"],
    modality: Literal["image", "video"] = OPTIONS["modality"],
    pairs: int | None = OPTIONS["pairs"],
    category: list[str] = OPTIONS["category"],
    votes: int = OPTIONS["votes"],
    audit: int = OPTIONS["audit"],
    audit_votes: int = OPTIONS["audit_votes"],
    per_rater: int = OPTIONS["per_rater"],
    placebo: float = OPTIONS["placebo"],
    catch: float = OPTIONS["catch"],
    repeat: float = OPTIONS["repeat"],
    training: int = OPTIONS["training"],
    pd0: float = OPTIONS["pd0"],
    margin: float = OPTIONS["margin"],
    minor_gap: float = OPTIONS["minor_gap"],
    alpha: float = OPTIONS["alpha"],
    catch_share: float = OPTIONS["catch_share"],
    median_seconds: float = OPTIONS["median_seconds"],
    side_bias_p: float = OPTIONS["side_bias_p"],
    show_same_model: bool = OPTIONS["show_same_model"],
    longest: int = OPTIONS["longest"],
    min_seconds: float = OPTIONS["min_seconds"],
    break_minutes: float = OPTIONS["break_minutes"],
    consent: Path | None = OPTIONS["consent"],
    completion_code: str | None = OPTIONS["completion_code"],
    criterion: str = OPTIONS["criterion"],
    key: Path | None = OPTIONS["key"],
    as_json: bool = Json,
) -> None:
    """Plan a blind session, freeze it, and write its folder; the arm key goes elsewhere.

    Power and the detections that chance alone would give are printed before anyone votes.

    Example: qfloor ab new may --routed policy:quality.db --reference painters/umber

    Example: qfloor ab new may --routed folder:ours --reference folder:theirs --pairs 100
    """
    _new(locals())


def _new(said: dict[str, Any]) -> None:
    from qfloor.pipeline.blinding import blind

    pairs, left_out, arms = _sides(said) if said["question"] == "pair" else _alone(said)
    with progress() as report:
        plan, key = blind.new_session(
            said["out"],
            pairs,
            _wishes(said, arms),
            key=said["key"],
            left_out=left_out,
            sources=dict(arms),
            progress=lambda done, total: report("sheets", done, total),
            ready=lambda plan: tell_plan(plan, said["as_json"]),
        )
    say(f"wrote {said['out']}; protocol {plan.protocol.digest}; the arm key is {key}")
    say(f"open it to raters with: qfloor ab serve {said['out']}")


def _sides(said: dict[str, Any]) -> tuple[list[Pair], dict[str, int], list[tuple[str, str]]]:
    """Both arms' outputs, paired."""
    from qfloor import router
    from qfloor.pipeline.blinding import blind

    if said["routed"] is None or said["reference"] is None:
        raise typer.BadParameter("a session of pairs needs --routed and --reference")
    if said["offer"]:
        raise typer.BadParameter("goes with a question without sides", param_hint="--offer")
    policy = router.Policy(
        on_uncertified=said["on_uncertified"], allow_illustrative=said["allow_illustrative"]
    )
    common = {"tier": said["tier"], "policy": policy, "now": said["now"]}
    first = blind.Asked(
        spec=said["routed"], workspace=said["workspace"], round=said["round"], **common
    )
    second = blind.Asked(
        spec=said["reference"],
        workspace=said["reference_workspace"] or said["workspace"],
        round=said["reference_round"] or said["round"],
        **common,
    )
    arms = [blind.arm_of(first, "routed"), blind.arm_of(second, "reference")]
    pairs, left_out = blind.pair_up(arms, said["modality"])
    return pairs, left_out, [("routed", arms[0].stands_for), ("reference", arms[1].stands_for)]


def _alone(said: dict[str, Any]) -> tuple[list[Pair], dict[str, int], list[tuple[str, str]]]:
    """Outputs to be rated alone, or ranked."""
    from qfloor.pipeline.blinding import blind

    if said["routed"] is not None or said["reference"] is not None:
        raise typer.BadParameter(f"a session of {said['question']} has no sides; use --offer")
    most = 4 if said["question"] == "ranking" else 1
    pairs, left_out, round_ = blind.outputs_alone(
        said["workspace"], said["round"], said["offer"], said["modality"], most
    )
    return pairs, left_out, [("all", f"{', '.join(said['offer']) or 'all offers'}, round {round_}")]


def _wishes(said: dict[str, Any], arms: list[tuple[str, str]]) -> Wishes:
    from qfloor.abtest.planning import Wishes, draft
    from qfloor.abtest.protocol import Arm, Exclusions, SizeRule
    from qfloor.tables import read_text

    copied = (
        "question", "modality", "criterion", "votes", "audit_votes", "per_rater", "placebo",
        "catch", "repeat", "training", "show_same_model", "alpha", "pd0", "minor_gap",
        "min_seconds", "break_minutes", "completion_code",
    )  # fmt: skip
    consent = said["consent"]
    protocol = draft(
        said["out"].name,
        [Arm(name=name, stands_for=stands_for) for name, stands_for in arms],
        **{name: said[name] for name in copied},
        audit_pairs=said["audit"],
        margin_score=said["margin"],
        size=SizeRule(longest=said["longest"]),
        **({} if consent is None else {"consent": read_text(consent).strip()}),
        exclusions=Exclusions(
            catch_share=said["catch_share"],
            median_seconds=said["median_seconds"],
            side_bias_p=said["side_bias_p"],
        ),
    )
    return Wishes(protocol=protocol, pairs=said["pairs"], quotas=_quotas(said["category"]))


def _quotas(said: list[str]) -> dict[str, int] | None:
    found: dict[str, int] = {}
    for text in said:
        name, _, n = text.rpartition("=")
        if not name or not n.isdecimal():
            raise typer.BadParameter(f"{text!r} is no quota, write portrait=50")
        found[name] = int(n)
    return found or None


def tell_plan(plan: Plan, as_json: bool) -> None:
    """Print what the session will be able to show, before the first vote."""
    p = plan.protocol
    told: dict[str, Any] = {
        "name": p.name, "session": p.session_id, "protocol": p.digest,
        **{arm.name: arm.stands_for for arm in p.arms},
        "pairs": p.pairs, "categories": p.categories, "same_model": p.same_model,
        "left_out": p.left_out, "audit_pairs": p.audit_pairs, **p.expected,
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    from qfloor.abtest.prospects import in_words
    from qfloor.cli.output import emit_one

    emit_one(told)
    for line in in_words(p.expected, p.alpha, p.pairs):
        say(line)


@app.command()
def serve(
    session: Path = Session,
    host: str = typer.Option("127.0.0.1", help="Address to listen on."),
    port: int = typer.Option(8765, min=0, max=65535, help="Port; 0 takes a free one."),
    base_url: str | None = BaseUrl,
) -> None:
    """Open a session to raters until Ctrl-C; nothing but the session's folder is opened.

    Votes are on disk before the page moves on, so it may be ended and opened again at any time.

    Example: qfloor ab serve may --port 8765
    """
    from qfloor.base_url import near_address
    from qfloor.errors import SetupError

    try:
        from qfloor.web.blind.serving import serve as serve_session
    except ImportError as error:
        raise SetupError(
            f"serving pages needs the extra [web] ({error.name} is missing): "
            "pip install 'qfloor[web]'"
        ) from error

    asked = None if base_url is None else _base(base_url)
    try:
        near = near_address(host)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--host") from None

    def ready(room: Room, taken: int) -> None:
        named = f"[{near}]" if ":" in near else near
        base = asked or f"http://{named}:{taken}"
        if asked is None and near != host:
            say(
                "these links open on this machine alone; raters elsewhere need its name: "
                f"--base-url http://NAME:{taken}"
            )
        rows = _links(
            room.rows("SELECT number, token, joined_at FROM raters ORDER BY number"), base
        )
        for row in rows[:8]:
            typer.echo(f"rater {row['rater']:>3}  {row['link']}")
        if len(rows) > 8:
            say(f"and {len(rows) - 8} more: qfloor ab links {session} --base-url {base}")
        typer.echo(f"join       {base}/join/{room.join_token}")
        typer.echo(f"host       {base}/host/{room.host_token}")

    serve_session(session, host=host, port=port, ready=ready)


def _base(told: str) -> str:
    """An address that links can be made of; any other nobody could follow."""
    from qfloor.base_url import checked_base

    try:
        return checked_base(told)
    except ValueError as wrong:
        raise typer.BadParameter(
            f"{told!r} {wrong}; it must look like https://judge.example.org",
            param_hint="--base-url",
        ) from None


def _links(rows: list[dict[str, Any]], base: str) -> list[dict[str, Any]]:
    return [
        {
            "rater": row["number"],
            "link": f"{base}/r/{row['token']}",
            "joined": row["joined_at"],
        }
        for row in rows
    ]


@app.command()
def links(
    session: Path = Session,
    base_url: str = typer.Option("http://127.0.0.1:8765", help="Address that raters reach."),
    add: int = typer.Option(
        0, "--add", min=0, help="Add so many raters at most, for pairs still short of votes."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """List every rater's own link; --add makes places for pairs that are short of votes.

    Raters who never came or stopped leave pairs short; added places take up just those.

    Example: qfloor ab links may --base-url https://judge.example.org --csv
    """
    from qfloor.abtest import folder
    from qfloor.abtest.topping_up import add_raters

    base = _base(base_url)
    if add:
        made = add_raters(session, add)
        say(
            f"added {several(made, 'rater')}"
            if made
            else "no pair is short of votes; nothing was added"
        )
    _, _, db = folder.open_folder(session)
    rows = folder.columns(db, "SELECT number, token, joined_at FROM raters ORDER BY number")
    db.close()
    emit(_links(rows, base), as_json=as_json, as_csv=as_csv)


@app.command()
def unblind(
    session: Path = Session,
    key: Path | None = Key,
    out: Path = typer.Option(..., "--out", "-o", help="CSV to write; not within the session."),
    early: str | None = blind_report.Early,
) -> None:
    """End the voting, join votes and arm key, and write the answers; this is logged.

    Pairs are written as qfloor's own long table (ratings import --format pairwise), absolute
    ratings as the table `long`, rankings as pairwise rows. While planned votes are missing it
    takes --early, with a reason.

    Example: qfloor ab unblind may --out may.csv

    Example: qfloor ab unblind may --out may.csv --early "the panel was paid up"
    """
    from qfloor.abtest import protocol, unblinding
    from qfloor.abtest.closing import check_out
    from qfloor.abtest.key import default_path

    check_out(out, session, key=key)
    place = default_path(session.expanduser().resolve()) if key is None else key
    if protocol.read_protocol(session).question == "pair":
        from qfloor.abtest.answers import write_answers

        n = write_answers(out, unblinding.unblind(session, place, early=early)[1])
    else:
        n = unblinding.write_rows(out, unblinding.unblind_ratings(session, place, early=early))
    say(f"wrote {out}: {several(n, 'row')}; the session takes no more votes")


@app.command()
def log(session: Path = Session, as_json: bool = Json, as_csv: bool = Csv) -> None:
    """Show when a session was made, extended and unblinded, and with how many votes.

    Example: qfloor ab log may
    """
    from qfloor.abtest.unblinding import unblindings

    emit(unblindings(session), as_json=as_json, as_csv=as_csv)


blind_report.register(app)
