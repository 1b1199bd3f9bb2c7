"""Write the recovery study's findings: JSON for tests, Markdown for people, a line of LOG.md."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import qfloor

NAME = "painters_recovery"
LOG_HEAD = (
    "# Log of results\n\nDated, newest last: what was run, the numbers, the verdict, failures"
    " included.\n"
)
DECIDES = (  # the code that the numbers follow from
    "src/qfloor/floors", "src/qfloor/stats", "src/qfloor/pipeline", "src/qfloor/ratings",
    "src/qfloor/generators/builtin", "benchmarks/painters_suite.py",
    "benchmarks/validity/painters_*.py",
)  # fmt: skip
Found = dict[str, Any]


def code_version(root: Path) -> str:
    """Version and commit of the code; ``changed`` when it is not as committed."""
    git = ["git", "-C", str(root)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    status = [*git, "status", "--porcelain", "--", *DECIDES]
    changed = subprocess.run(status, capture_output=True, text=True).stdout.strip()
    at = commit.stdout.strip() or "no commit"
    return f"qfloor {qfloor.__version__} at {at}{', changed' if changed else ''}"


def write(found: Found, folder: Path, note: str) -> None:
    """Write both files and add to the log."""
    found = {"command": command(found), **found}
    (folder / f"{NAME}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (folder / f"{NAME}.md").write_text(page(found), encoding="utf-8")
    log = folder / "LOG.md"
    before = log.read_text(encoding="utf-8") if log.exists() else LOG_HEAD
    log.write_text(before.rstrip("\n") + "\n\n" + entry(found, note), encoding="utf-8")
    print(page(found))


def command(found: Found) -> str:
    """Give the command that makes these numbers."""
    return (
        f"python benchmarks/validity/{NAME}.py --date {found['date']}"
        f" --releases {found['releases']} --seed {found['seed']}"
    )


def page(found: Found) -> str:
    """Compose the Markdown page."""
    tiers = ", ".join(f"{tier} {value:g}" for tier, value, _ in found["thresholds"])
    panel = found["panel"]
    parts = [
        "# What the built-in run recovers\n",
        "Painters are programs that draw, not AI models; this page says that the method finds "
        "the truth where the truth is known.\n",
        f"    {found['command']}\n",
        f"{found['date']}, {found['code']}; {found['releases']} releases on fresh prompts, "
        f"{found['cells']} cells, thresholds {tiers}; {panel['raters']} raters, "
        f"{panel['votes']} vote(s) an output, {panel['share']:.0%} of prompts rated; family "
        f"{found['family']}, alpha {found['alpha']:g}; {found['wall_s']} s. "
        "Truth: results/painters_truth.csv.\n",
        *_demands(found),
        *_false(found["false_certificates"]),
        *_power(found["power"]),
        *_order(found["order"]),
        *_refusals(found["refusals"]),
    ]
    return "\n".join(parts)


def entry(found: Found, note: str) -> str:
    """Compose the entry of the log."""
    rows = "\n".join(f"- {text}: {number} ({said})" for text, number, said in summary(found))
    verdict = (
        "all demands held" if all(r[2] == "held" for r in summary(found)) else "demands missed"
    )
    return (
        f"## {found['date']}: the painters' recovery study, {verdict}\n\n`{found['command']}`; "
        f"{found['code']}; {found['wall_s']} s.\n\n{rows}\n{note and f'- {note}' + chr(10)}"
    )


def summary(found: Found) -> list[tuple[str, str, str]]:
    """Every demand, what was found, whether it held."""
    false, power = found["false_certificates"], found["power"]
    order, refused = found["order"], found["refusals"]
    rows = order["families"].values()
    number = (
        (
            "1. releases with any false certificate",
            f"{_share(false['release'])}, allowed {false['bound']:.3f}",
            false["held"],
        ),
        (
            "1. the same at any threshold at all, worst category (promise: 5 % each)",
            f"{max(f['any_threshold']['share'] for f in false['families'].values()):.3f}",
            false["families_held"],
        ),
        (
            "2. cells with true fail rate at most .12 that are certified",
            f"{power['share']:.3f} +- {power['error']:.3f}, demanded {power['bound']:.2f}",
            power["held"],
        ),
        (
            "3. pairs more than 0.5 apart that the suite's q25 orders otherwise",
            f"{sum(len(r['swapped_q25']) for r in rows)} of {sum(r['apart'] for r in rows)}; "
            f"apart at least {min(r['share'] for r in rows):.0%} of a category's pairs",
            order["held"],
        ),
        (
            "4. refusals: wrong counts, largest deviation of the fail rate",
            f"{refused['wrong_counts']}, {refused['largest_deviation']:.1e} in "
            f"{refused['cells_with_refusals']} cells",
            refused["held"],
        ),
    )
    return [(text, value, "held" if held else "MISSED") for text, value, held in number]


def _demands(found: Found) -> Iterator[str]:
    yield _table(("demand", "found", ""), summary(found))


def _share(row: Found) -> str:
    return f"{row['share']:.3f} +- {row['error']:.3f}"


def _false(false: Found) -> Iterator[str]:
    yield "## 1. False certificates\n"
    yield (
        "A certificate is false when the true fail rate is above the tier's. The promise is 5 % "
        "for each family (the offers of one category and modality, each at alpha/m); the demand "
        "is stricter, over the whole release. *Any threshold* asks more than the tiers do: that "
        "`q25_lo_release` itself exceeds the true lower quartile, wherever that lies: every cell "
        "is tried one step of 0.1 beyond it, where the true fail rate is .25 or more.\n"
    )
    yield _table(
        ("family", "cells x tiers that must not be", "at the tiers", "at any threshold"),
        (
            (name, row["bad_cells"], _share(row["tiers"]), _share(row["any_threshold"]))
            for name, row in false["families"].items()
        ),
    )
    yield (
        f"Over the whole release: at the tiers {_share(false['release'])}; at any threshold "
        f"{_share(false['release_any_threshold'])} (one promise of 5 % for each of "
        f"{len(false['families'])} families, none over all of them), "
        f"{false['cells_any_threshold']:.4f} of cells.\n"
    )
    yield from _boundary(false["boundary"])


def _boundary(rows: list[Found]) -> Iterator[str]:
    yield (
        "The hardest to deny: cells whose true fail rate at some threshold is barely above .25, "
        "and how often that threshold is certified (nominal alpha/m).\n"
    )
    yield _table(
        ("cell", "threshold", "true fail rate", "certified"),
        (
            (row["cell"], f"{row['threshold']:g}", f"{row['true_fail']:.4f}",
             _share(row["certified"]))
            for row in rows
        ),
    )  # fmt: skip


def _power(power: Found) -> Iterator[str]:
    yield "## 2. Power\n"
    yield (
        f"Cells (offer, category, modality, tier) with a true fail rate of at most .12: "
        f"{power['cells']}.\n"
    )
    yield _table(
        ("family", "cells", "certified", "weakest cell"),
        (
            (name, row["cells"], *(_optional(row[k]) for k in ("share", "weakest")))
            for name, row in power["families"].items()
        ),
    )


def _optional(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _order(order: Found) -> Iterator[str]:
    yield "## 3. Order\n"
    yield (
        "The measured floor is `q25`, the lower quartile of the ratings of the committed suite "
        "in the real round; `q25_lo_release`, its lower bound at release level, is shown beside "
        "it (no floor at all counts as the lowest, ties count as swapped). The last columns are "
        "the simulated releases.\n"
    )
    yield _table(
        ("family", "pairs", "apart", "swapped by q25", "by q25_lo_release",
         "releases in order", "pairs in order"),
        (
            (name, row["pairs"], f"{row['apart']} ({row['share']:.0%})", len(row["swapped_q25"]),
             len(row["swapped_q25_lo_release"]), f"{row['releases_in_order']:.3f}",
             f"{row['pairs_in_order']:.4f}")
            for name, row in order["families"].items()
        ),
    )  # fmt: skip
    for number in ("q25", "q25_lo_release"):
        named = [
            f"- {name}: {pair}"
            for name, row in order["families"].items()
            for pair in row[f"swapped_{number}"]
        ]
        if named:
            yield f"Swapped by {number}:\n\n" + "\n".join(named) + "\n"


def _refusals(refused: Found) -> Iterator[str]:
    yield "## 4. Refusals\n"
    yield (
        "Delivered fail rate = refused share + (1 - refused share) x conditional fail rate, in "
        "the real round; refused as the painter's own calls say, counted as the floor says.\n"
    )
    yield _table(
        ("painter", "cell", "asked", "refused", "counted", "below", "conditional", "delivered",
         "off"),
        (
            (row["painter"], f"{row['category']} / {row['modality']}", row["asked"],
             row["refused"], row["counted"], f"{t:g}", f"{conditional:.4f}", f"{delivered:.4f}",
             f"{row['off']:.0e}")
            for row in refused["real"]
            for t, delivered, conditional in row["rates"]
        ),
    )  # fmt: skip


def _table(head: Sequence[object], rows: Iterable[Iterable[object]]) -> str:
    lines: list[Iterable[object]] = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)
