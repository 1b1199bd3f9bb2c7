"""The page of `false_certification`: what its rows say, in tables and in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

Row = Mapping[str, str]

LEVELS = (".05", ".05/7", ".05/40", ".05/280")
HEAD = """# False certificates, and certificates that should have been given

    python benchmarks/validity/false_certification.py --data ../shared/data

A certificate says that at most a share (`max_fail`, a quarter unless said otherwise) of an offer's
outputs falls short. Here the truth is known. With one or two values a prompt every outcome is
enumerated: no Monte Carlo error. With more, {draws} cells a population are drawn where certificates
are frequent and weighted back, which is worth millions of plain repetitions; with raters drawn from
a population cells are drawn outright, {outright} of each. Numbers are **multiples of the
level**: 1 is what is allowed; *+-* is one Monte Carlo error where there is one above 0.005. `no`
marks what is above the level by more than two of them. All rows:
[`false_certification.csv`](false_certification.csv).

Rules: **korn_graubard** alone (prompts as clusters); **every_repeat**, the exact bound (Gaffke's,
[decision 0021](../docs/decisions/0021-every-repeat.md)); **floors**, what qfloor does: from .01 on
the stricter of both (and of the exact bound of one repeat under 15 prompts), below .01 the exact
bound.
"""


def page(rows: Sequence[Row]) -> str:
    """Write the page from all rows there are."""
    by_part: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_part[row["part"]].append(row)
    outright = min((int(r["draws"]) for part in OUTRIGHT for r in by_part[part]), default=0)
    lines = [HEAD.format(draws="80,000", outright=f"{outright:,}"), *_summary(by_part)]
    if by_part["grid"]:
        lines += ["## At the boundary", "", *_false(by_part["grid"], RULES)]
    if by_part["panel"]:
        lines += [
            "## Panels of two to five raters", "",
            "All rate everything; the truth is the share of fails *of this panel*, as such "
            "verdicts say. Prompts are the clusters.", "", *_false(by_part["panel"], RULES),
        ]  # fmt: skip
    if by_part["raters"]:
        lines += [
            "## Raters drawn from a population", "",
            "Three ratings a prompt, raters in turn; the truth is the rate of all raters who "
            "might have been asked (severity sd in units of the prompts' sd; *harsh* ones are "
            "severer by three of them). **as_seen** is Korn-Graubard over prompts and raters as "
            "it was until [decision 0032](../docs/decisions/0032-severe-raters.md); **by_heads** "
            "asks for raters' variance at the tolerated rate, as that decision had it first: "
            "raters counted by head, and cells taken off in full; **two_way** is what holds now; "
            "**floors** joins the exact bound of every rating.", "",
            *_false(by_part["raters"], SHARED),
        ]  # fmt: skip
    if by_part["loads"]:
        lines += [
            "Raters who rate unequally much (one of them a third or 40 % of all ratings, the rest "
            "in turn; or raters by chance with odds 1, 1/2, 1/3, ...), and raters with prompts of "
            "their own (*nested*: all ratings of a prompt are by one rater):", "",
            *_false(by_part["loads"], SHARED),
        ]  # fmt: skip
    if by_part["strict"]:
        lines += [
            "Where only a tenth or a twentieth is tolerated, so that a cell holds few fails:", "",
            *_false(by_part["strict"], SHARED),
        ]  # fmt: skip
    if by_part["raters beyond"]:
        lines += [
            "Beyond what panels are known to be like: severity twice what prompts vary, and panels "
            "of which one rater in ten, drawn by chance, is harsh. A panel that happens to hold "
            "none of those (ten raters: a third of all panels) cannot know of them, and no bound "
            "can, short of asking for so many raters that it would show.", "",
            *_false(by_part["raters beyond"], SHARED),
        ]  # fmt: skip
    if by_part["raters yield"]:
        lines += [
            "What that costs good offers, where severity is as in published panels:", "",
            *_chances(by_part["raters yield"], SHARED),
            "With other loads at a quarter, and at a tenth (offers that fail .04):", "",
            *_chances(by_part["loads yield"], SHARED),
        ]  # fmt: skip
    if by_part["family"]:
        lines += ["## Families of offers that share prompts", "", *_family(by_part["family"])]
    if by_part["yield"]:
        lines += ["## Offers that should be certified", "", *_yield(by_part["yield"])]
    if by_part["ratings"]:
        lines += [
            "## Published ratings, prompts drawn again", "",
            "The population is a model's rated prompts; cells of 120 are drawn from it. Tolerated "
            "is exactly the model's own share of ratings below the threshold: the boundary. Rates "
            "only; no rating is repeated here.", "", *_false(by_part["ratings"], RULES),
        ]  # fmt: skip
    if by_part["ratings yield"]:
        lines += [
            "Where that share is at most .12, chance of a certificate (a quarter tolerated):", "",
            *_chances(by_part["ratings yield"], RULES),
        ]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


RULES = ("korn_graubard", "every_repeat", "floors")
SHARED = ("as_seen", "by_heads", "two_way", "floors")
OUTRIGHT = ("raters", "loads", "strict", "raters beyond")
JUDGED = ("grid", "panel", "raters", "loads", "strict", "raters beyond", "ratings")


def above(row: Row) -> bool:
    """Whether a chance is above its level by more than two Monte Carlo errors."""
    return float(row["chance"]) > float(row["alpha"]) * (1 + 1e-9) + 2.0 * float(row["error"])


def _summary(by_part: Mapping[str, list[Row]]) -> list[str]:
    lines = ["| worst multiple of the level | " + " | ".join(LEVELS) + " |", "|---" * 5 + "|"]
    for part, rules in (
        ("grid", RULES), ("panel", RULES), ("raters", SHARED), ("loads", SHARED),
        ("strict", SHARED), ("raters beyond", SHARED), ("ratings", RULES),
    ):  # fmt: skip
        for rule in rules:
            mine = [row for row in by_part[part] if row["rule"] == rule]
            if mine:
                worst = [
                    max((_times(r) for r in mine if r["level"] == level), default=0.0)
                    for level in LEVELS
                ]
                over = sum(above(row) for row in mine)
                told = " | ".join(f"{w:.2f}" for w in worst)
                lines.append(f"| {part}: {rule} ({over} of {len(mine)} too high) | {told} |")
    return [*lines, "", *_told(by_part), ""]


def _told(by_part: Mapping[str, list[Row]]) -> list[str]:
    """Say where floors do not keep their level, and what was done about the rest."""
    broken = sorted(
        {
            row["case"]
            for rows in by_part.values()
            for row in rows
            if row["rule"] == "floors" and row["part"] in JUDGED
            if above(row)
        }
    )
    where = "; ".join(broken) if broken else "nowhere"
    return [
        "Korn-Graubard alone is too high wherever a few prompts always fail or cells are few, "
        "at .05 "
        "as well; the exact bound takes its place or joins it (decision 0021). Floors are too "
        "high: "
        f"**{where}**. Raters drawn from a population have no exact bound: two-way Korn-Graubard "
        "with raters' variance as it was seen certifies too often where raters differ as much "
        "as prompts do. Asked for at the tolerated rate, with raters counted by their loads and "
        "part of what cells take off kept back (decision 0032), it keeps its level in every row "
        "where severity varies at most as much as prompts do, however raters are loaded.",
    ]


def _times(row: Row) -> float:
    return float(row["chance"]) / float(row["alpha"])


def _groups(rows: Iterable[Row]) -> dict[tuple[str, ...], dict[tuple[str, str], Row]]:
    found: dict[tuple[str, ...], dict[tuple[str, str], Row]] = defaultdict(dict)
    for row in rows:
        key = (row["max_fail"], row["truth"], row["prompts"], row["values"], row["case"])
        found[key][row["rule"], row["level"]] = row
    return found


def _false(rows: Sequence[Row], rules: Sequence[str]) -> list[str]:
    heads = [f"{rule} {level}" for rule in rules for level in LEVELS]
    lines = ["| max_fail | truth | cell | alike | ICC | " + " | ".join(heads) + " |"]
    lines.append("|---" * (5 + len(heads)) + "|")
    for (max_fail, truth, prompts, values, case), cells in _groups(rows).items():
        told = []
        for rule in rules:
            for level in LEVELS:
                row = cells[rule, level]
                error = float(row["error"]) / float(row["alpha"])
                shown = f"{_times(row):.2f}" + (f" +- {error:.2f}" if error >= 0.005 else "")
                told.append(f"**{shown} no**" if above(row) else shown)
        icc = float(next(iter(cells.values()))["icc"])
        lines.append(
            f"| {float(max_fail):.3g} | {float(truth):.3g} | {prompts} x {values} | {case} | "
            f"{icc:.2f} | " + " | ".join(told) + " |"
        )
    return [*lines, ""]


def _family(rows: Sequence[Row]) -> list[str]:
    lines = [
        "120 prompts, two outputs each, half of what makes outputs of a prompt alike shared by all "
        "offers; the family's level is .05, 4,000 releases a row (error 0.0034). Holm and "
        "Bonferroni promise *any false* at most .05, BY and e-BH *false share*. *Found*: "
        "share of the good "
        "offers that are certified.", "",
        "| release | correction | any false | false share | found |", "|---|---|---|---|---|",
    ]  # fmt: skip
    told: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        correction = row["rule"].split(":")[0]
        told[row["case"], correction].append(f"{float(row['chance']):.4f}")
    lines += [f"| {case} | {how} | " + " | ".join(v) + " |" for (case, how), v in told.items()]
    return [*lines, ""]


YIELDING = ("one_repeat", "twice_mean_p", "bets", "korn_graubard", "every_repeat", "best_icc_known",
            "best_valid")  # fmt: skip


def _yield(rows: Sequence[Row]) -> list[str]:
    two = [row for row in rows if row["values"] == "2"]
    more = [row for row in rows if row["values"] != "2"]
    lines = [
        "Chance of a certificate at 120 prompts x 2. **one_repeat** is what decided below .01 "
        "until decision 0021 (another draw, another verdict); **twice_mean_p** twice the mean "
        "p-value over all draws; **bets** the e-value of bets on prompts' fail shares, which "
        "is the average over all draws of each draw's bets. All but korn_graubard are valid at "
        "every level.", "",
        "Two ceilings (Neyman-Pearson, exact): **best_icc_known** is the most powerful test of "
        "this very offer against one that fails a quarter of the time and whose outputs are as "
        "alike, both known to it; **best_valid** is the same against the offer at a quarter that "
        "is hardest to tell from it, whatever its correlation: no bound that is valid for all "
        "offers certifies more often than that.", "",
        *_bars(two), *_chances(two, YIELDING),
    ]  # fmt: skip
    if more:
        lines += ["Other designs:", "", *_chances(more, ("bets", *RULES))]
    return lines


def _bars(rows: Sequence[Row]) -> list[str]:
    """The bar: certified in at least 80 % of cells, at .12 and over a mix of offers below."""
    lines = [
        "| certified, of offers that fail .12 or less | " + " | ".join(LEVELS) + " |",
        "|---" * 5 + "|",
    ]
    for rule in YIELDING:
        mine = [row for row in rows if row["rule"] == rule]
        for name, some in (
            ("exactly .12, ICC .26 (rho .5)", _at(mine, 0.12, "rho 0.5")),
            ("exactly .12, the worst of the correlations", _at(mine, 0.12, "")),
            ("all cells, .02 to .12 evenly, all correlations", mine),
        ):
            told = []
            for level in LEVELS:
                found = [float(row["chance"]) for row in some if row["level"] == level]
                value = min(found) if "worst" in name else sum(found) / len(found)
                told.append(f"{value:.3f}" + (" (met)" if value >= 0.8 else " (not met)"))
            lines.append(f"| {rule}: {name} | " + " | ".join(told) + " |")
    told = (
        "*met*: at least 80 %. The bar asks that offers that truly fail .12 or less are certified "
        "in at least 80 % of cells: that is the row of all cells. The rows of exactly .12 are its "
        "hardest corner; where best_valid is below .8 there, no valid bound can meet it."
    )
    return [*lines, "", told, ""]


def _at(rows: Sequence[Row], truth: float, case: str) -> list[Row]:
    return [r for r in rows if abs(float(r["truth"]) - truth) < 1e-6 and case in ("", r["case"])]


def _chances(rows: Sequence[Row], rules: Sequence[str]) -> list[str]:
    heads = [f"{rule} {level}" for rule in rules for level in LEVELS]
    lines = ["| truth | cell | alike | ICC | " + " | ".join(heads) + " |"]
    lines.append("|---" * (4 + len(heads)) + "|")
    for (_, truth, prompts, values, case), cells in _groups(rows).items():
        icc = float(next(iter(cells.values()))["icc"])
        told = [f"{float(cells[rule, level]['chance']):.3f}" for rule in rules for level in LEVELS]
        lines.append(
            f"| {float(truth):.3g} | {prompts} x {values} | {case} | {icc:.2f} | "
            + " | ".join(told) + " |"
        )  # fmt: skip
    return [*lines, ""]
