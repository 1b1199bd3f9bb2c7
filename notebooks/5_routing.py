# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Routing: what good enough costs, what it saves, and what it risks
#
# A router reads a quality database: for every offer and category, how often its output falls short
# and how sure we are. For a request it takes **the cheapest offer whose bad days are still good
# enough**. This notebook shows where that money comes from (the frontier of price and quality),
# what a month saves, and how the policy fares against plain rivals, an all-knowing oracle included.
#
# The database is that of the built-in benchmark. Its offers are *painters*, programs that draw and
# not AI models; prices are declared, quality was measured.

# %%
# %matplotlib inline
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qfloor import router, suite
from qfloor.pipeline.replaying import replay_rows
from qfloor.pipeline.savings import monthly_savings
from qfloor.pipeline.workloads import load_workload, workloads
from qfloor.router.asked import Asked
from qfloor.router.rates import measured
from qfloor.router.replay import replay

pd.set_option("display.max_colwidth", None)
plt.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False})
GOOD, POOR, INK, PALE = "#1f5f8b", "#d55e00", "#20242a", "#9aa0a8"
NOW = "2026-11-24"

root = next(p for p in (Path("."), Path("..")) if (p / "results").is_dir())
db = router.load(root / "results" / "painters.db")
rates = measured(db)
db.name, db.round, len(db.offers)

# %% [markdown]
# ## One request
#
# The decision, with every reason. Nothing in it is a score: an offer is certified for a tier, or it
# is not.

# %%
need = router.Need(prompt="A portrait of an old man with a grey beard", tier="professional")
print(router.explain(router.choose(db, need, now=NOW)))

# %% [markdown]
# ## Price and quality are two things
#
# Every dot is a painter in a category, at the professional tier. Right is dearer, up is worse: the
# bound of how often its output falls short. Below the line (a quarter) it is certified; the ringed
# dot is the one that is bought. If price told quality, the dots would fall from left to right.

# %%
tier = "professional"
places = [(c, "image") for c in db.categories if (c, "image", tier) in db.demands]
places = [place for place in places if db.standings.get((*place, tier))]
figure, axes = plt.subplots(2, 3, figsize=(10, 6), sharex=True, sharey=True, layout="constrained")
bought = {}
for axis, (category, modality) in zip(axes.flat, places, strict=False):
    standings = db.standings[category, modality, tier]
    rows = []
    for offer, standing in standings.items():
        if offer in db.prices and db.offers[offer].makes(modality) and standing.upper is not None:
            usd = float(db.prices[offer].components[0].amount)
            rows.append((usd, standing.upper, offer, standing.ruling == "certified"))
    for usd, upper, offer, certified in rows:
        axis.plot(usd, upper, "o" if certified else "X", color=GOOD if certified else PALE,
                  markersize=7)
    fine = sorted(row for row in rows if row[3])
    if fine:
        usd, upper, offer, _ = fine[0]
        bought[category] = offer
        axis.plot(usd, upper, "o", markersize=14, fillstyle="none", color=POOR, markeredgewidth=2)
        axis.annotate(offer.rpartition("/")[2], (usd, upper), xytext=(0, -19), ha="center",
                      textcoords="offset points", color=POOR, weight="bold", fontsize=10)
    axis.axhline(0.25, color=INK, linewidth=0.8, linestyle=":")
    axis.set(xscale="log", xlim=(0.0009, 0.12), ylim=(-0.1, 1.06), title=category)
    axis.set_xticks([0.002, 0.01, 0.05], ["$0.002", "$0.01", "$0.05"])
    axis.minorticks_off()
for axis in axes[:, 0]:
    axis.set_ylabel("may fall short, at most")
    axis.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
figure.supxlabel("price of a picture (log scale)", fontsize=11)
key = [("o", GOOD, "certified"), ("X", PALE, "not certified"), ("o", "none", "the cheapest certified")]
handles = [
    plt.Line2D([], [], linestyle="none", marker=mark, color=color, markersize=8,
               markeredgecolor=POOR if color == "none" else color, label=name)
    for mark, color, name in key
]  # fmt: skip
handles.append(plt.Line2D([], [], color=INK, linewidth=0.8, linestyle=":", label="a quarter: allowed"))
figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False)
plt.show()
bought

# %% [markdown]
# No painter is the right one everywhere, and the dearest is seldom it. Who buys everything from one
# seller pays for that.
#
# ## A month, before and after
#
# Three workloads ship, shaped like cases that teams tell: all through one offer, flat
# subscriptions, a small team with a dear favourite. They name prompts and tiers; **where each
# prompt goes is decided by `choose`**, and what nothing is certified for stays where it is.

# %%
found = {name: monthly_savings(db, load_workload(name), now=NOW) for name in workloads()}
table = pd.DataFrame(
    {
        name: {
            "requests": s.volume,
            "now $": s.before_nanousd / 1e9,
            "routed $": round(s.after_nanousd / 1e9, 2),
            "saved": f"{s.saved_share:.0%}",
            "fall short, routed": f"{s.fails_after.rate:.1%}",
            "measuring $": round(s.needed_nanousd / 1e9, 2),
            "pays from, requests a month": s.break_even,
        }
        for name, s in found.items()
    }
).T
table

# %%
figure, axes = plt.subplots(1, len(found), figsize=(10, 4), layout="constrained")
prices = sorted({row.each_nanousd for s in found.values() for row in s.mix})
shades = dict(zip(prices, plt.cm.viridis(np.linspace(0.95, 0.2, len(prices))), strict=True))
for axis, (name, s) in zip(axes, found.items(), strict=True):
    axis.bar(0, s.before_nanousd / 1e9, color=PALE, width=0.6)
    height = 0.0
    by_price = {}
    for row in s.mix:
        by_price[row.each_nanousd] = by_price.get(row.each_nanousd, 0) + row.spend_nanousd / 1e9
    for price, usd in sorted(by_price.items(), reverse=True):
        axis.bar(1, usd, bottom=height, color=shades[price], width=0.6)
        height += usd
    axis.text(1, height, f"-{s.saved_share:.0%}", ha="center", va="bottom", weight="bold")
    axis.set_xticks([0, 1], ["now", "routed"])
    axis.set(title=f"{name}\n{s.volume:,} pictures", xlim=(-0.6, 1.6))
    axis.yaxis.set_major_formatter(lambda y, _: f"${y:.0f}")
axes[0].set_ylabel("spent in a month")
figure.legend(
    handles=[
        plt.Rectangle((0, 0), 1, 1, color=shades[price], label=f"${price / 1e9:g}")
        for price in prices
    ],
    title="a picture at", loc="outside right center", frameon=False, reverse=True,
)  # fmt: skip
plt.show()
for name, s in found.items():
    print(f"{name}:", *s.remarks, sep="\n  ")

# %% [markdown]
# The reports say where they differ from the cases they are shaped after, and why: some prompts
# could be of several categories and take what is certified in all of them, which is dearer. They
# also say what measuring costs. A team too small to pay for it alone can share a release.
#
# ## Against plain rivals
#
# Every prompt of the suite at every tier, as a log of requests: 2,520 of them. Rivals decide the
# same requests: the **oracle** knows measured rates and true categories and needs no margin; the
# **locked team** buys everything from the one best offer; the **manual team** has a table by
# category made from averages (one offer, whatever the tier); one takes **any certified offer by chance**, one **always the
# cheapest**. Left is cheap, low is good.

# %%
log = [
    Asked(
        need=router.Need(prompt=p.text, modality=p.modality, aspect_ratio=p.aspect_ratio,
                         seconds=p.seconds, tier=t),
        category=p.category,
    )
    for p in suite.load("painters").prompts
    for t in ("standard", "professional", "premium")
]  # fmt: skip
replayed = replay(db, log, now=NOW)
rows = pd.DataFrame(replay_rows(replayed))
shown = ["policy", "requests", "usd", "fail_rate", "fail_lo", "fail_hi", "below_floor",
         "regret_usd", "regret_fails"]  # fmt: skip
rows[shown].round(4)

# %%
figure, axis = plt.subplots(figsize=(9, 5), layout="constrained")
for row in rows.itertuples():
    mine = row.policy == "routed"
    color = POOR if mine else GOOD if row.policy == "oracle" else INK
    axis.errorbar(
        row.usd, row.fail_rate, yerr=[[row.fail_rate - row.fail_lo], [row.fail_hi - row.fail_rate]],
        fmt="o", color=color, markersize=10 if mine else 7, capsize=3, linewidth=1.2,
    )  # fmt: skip
    left = row.policy in ("best single", "random certified", "oracle")
    low = row.policy == "manual table"
    axis.annotate(
        row.policy, (row.usd, row.fail_rate), textcoords="offset points", color=color,
        xytext=(-10, -14 if low else 6) if left or low else (10, 6),
        ha="right" if left or low else "left", weight="bold" if mine else "normal",
    )  # fmt: skip
axis.axhline(0.25, color=INK, linewidth=0.8, linestyle=":")
axis.text(axis.get_xlim()[1], 0.255, "allowed in every cell", ha="right", va="bottom", fontsize=9)
axis.set(ylim=(0, None), xlabel="spent on the same requests", ylabel="fall short of their tier")
axis.xaxis.set_major_formatter(lambda x, _: f"${x:.0f}")
axis.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
axis.set_title("The cheapest that is certified lies near the oracle", loc="left")
plt.show()
{rule: float(n) for rule, n in replayed.refused.items()}

# %% [markdown]
# What the policy refuses (above, by rule) is in no row: no offer is certified there, and serving it
# would be a guess. `below_floor` is the share of requests sent where even the measured quartile
# falls short of the tier: for a routed one that takes a misread prompt.
#
# ## Regret, category by category
#
# The same replay, one category at a time. What routing spends above the oracle buys certainty: an
# offer whose measured rate is fine and whose *bound* is not has to wait for more prompts.

# %%
by_category = {}
for category in db.categories:
    mine = [asked for asked in log if asked.category == category]
    told = {row["policy"]: row for row in replay_rows(replay(db, mine, now=NOW))}
    routed, oracle, chance = told["routed"], told["oracle"], told["random certified"]
    by_category[category] = {
        "requests": routed["requests"],
        "oracle": oracle["usd"] / routed["requests"],
        "routed": routed["usd"] / routed["requests"],
        "by chance": chance["usd"] / routed["requests"],
    }
each = pd.DataFrame(by_category).T.sort_values("routed")
at = np.arange(len(each))
figure, axis = plt.subplots(figsize=(9, 4.4), layout="constrained")
axis.hlines(at, each["oracle"], each["by chance"], color=PALE, linewidth=2)
for name, color, size in (("by chance", INK, 8), ("routed", POOR, 11), ("oracle", GOOD, 7)):
    axis.plot(each[name], at, "o", color=color, markersize=size, label=name)
axis.set_yticks(at, each.index)
axis.set(xscale="log", xlabel="spent on one request (log scale)")
ticks = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2]
axis.set_xticks(ticks, [f"${t:g}" for t in ticks])
axis.minorticks_off()
axis.set_title("Between the oracle and any certified offer by chance", loc="left")
figure.legend(loc="outside lower center", ncols=3, frameon=False)
plt.show()
each.round(4)

# %% [markdown]
# **What to take along.** Set a tier, not a model. Replay your own log before you switch
# (`qfloor replay requests.jsonl --db quality.db`), look at what is refused, and certify the policy
# itself on prompts that nothing was decided by (`qfloor replay --certify`): the rates above are
# those of the prompts that certified, and of the cheapest certified they are a little too kind. The
# commands stand in [the how-to](../docs/how-to/replay.md).
