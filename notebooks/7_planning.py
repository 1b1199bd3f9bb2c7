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
# # How many prompts do I need?
#
# **Claim.** What a certificate costs is decided by how far the offer's true fail rate lies below
# the tolerated one. Judging forty offers together instead of one costs about twice the prompts;
# moving from a true fail rate of .05 to one of .20 costs twenty times as many.
#
# Everything here is computed before a single output is bought, by the functions that
# `qfloor power` uses. Change the settings in the first cell and run it all again.

# %%
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qfloor import stats

OFFERS = 40  # judged together in a category
CATEGORIES = 7  # in a release
MAX_FAIL = 0.25  # tolerated share of outputs below the threshold
POWER = 0.80  # wanted chance of a certificate, if it is deserved
FAIL_RATE = 0.10  # what we hope is true of an offer we would like to certify

RATING_SECONDS, RATER_USD_PER_HOUR = 10, 15.0
RATING = RATING_SECONDS * RATER_USD_PER_HOUR / 3600

LEVELS = {
    "one offer alone": 0.05,
    f"one of {OFFERS}": 0.05 / OFFERS,
    f"one of {OFFERS * CATEGORIES}": 0.05 / (OFFERS * CATEGORIES),
}
INK = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]  # Okabe and Ito: safe for the colour-blind
plt.rcParams.update(
    {"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
     "grid.color": "#dddddd", "figure.dpi": 100}
)  # fmt: skip
print(f"one rating costs ${RATING:.3f}")

# %% [markdown]
# ## The table for your setting
#
# Prompts with one output and one rating each, for the wanted power. An offer *alone* is judged at
# 5 %; one of forty shares those 5 % with the other thirty-nine, so that a whole category has at
# most one chance in twenty of containing a false certificate.

# %%
RATES = (0.02, 0.05, 0.10, 0.125, 0.15, 0.175, 0.20)
table = pd.DataFrame(
    {
        name: [stats.prompts_needed(p, level, MAX_FAIL, POWER) for p in RATES]
        for name, level in LEVELS.items()
    },
    index=pd.Index(RATES, name="true fail rate"),
)
table

# %%
least = {name: stats.min_prompts(level, MAX_FAIL) for name, level in LEVELS.items()}
pd.Series(least, name="prompts below which nothing is ever certified, not even without a fail")

# %%
figure, axes = plt.subplots(figsize=(8.5, 4.8), layout="constrained")
rates = np.linspace(0.01, 0.19, 37)
for (name, level), ink, dash in zip(LEVELS.items(), INK, ("-", "--", ":"), strict=False):
    needed = [stats.prompts_needed(p, level, MAX_FAIL, POWER) for p in rates]
    axes.plot(rates, needed, color=ink, linestyle=dash, linewidth=2.2)
    axes.annotate(name, (rates[-1], needed[-1]), xytext=(8, 0), textcoords="offset points",
                  va="center", color=ink)  # fmt: skip
axes.axvline(MAX_FAIL, color="#444444", linewidth=1.2)
axes.annotate("tolerated", (MAX_FAIL, 11), xytext=(-6, 0), textcoords="offset points",
              ha="right", color="#444444")  # fmt: skip
axes.set(
    yscale="log",
    xlim=(0, 0.27),
    xlabel="true fail rate of the offer",
    ylabel="prompts needed (log)",
    title=f"The last steps to the line are dear ({POWER:.0%} power)",
)
axes.set_yticks([10, 30, 100, 300, 1000], ["10", "30", "100", "300", "1,000"])
plt.show()

# %%
alone, many = table["one offer alone"], table[f"one of {OFFERS}"]
print(f"{OFFERS} offers instead of one, at a true fail rate of .10: {many[0.1] / alone[0.1]:.1f} x")
print(f"a true fail rate of .20 instead of .05, one offer: {alone[0.2] / alone[0.05]:.0f} x")

# %% [markdown]
# **What to do.** Do not try to certify what is nearly at the line: choose a lower threshold, where
# the same offer fails less, or leave the cell undecided. And do not leave offers out of a
# benchmark to save on the correction: it costs little.

# %% [markdown]
# ## What a given number of prompts buys
#
# Suppose the suite has 120 prompts a category. The curve is the chance of a certificate; it is a
# saw, because fails are whole numbers, so one prompt more can even hurt. `prompts_needed` answers
# with the size from which the saw never dips below the wanted power again.

# %%
SUITE = 120
figure, panels = plt.subplots(1, 2, figsize=(10.5, 4.4), sharey=True, layout="constrained")
shown = dict(list(LEVELS.items())[:2])
sizes = np.arange(8, 261)
for axes, (name, level) in zip(panels, shown.items(), strict=True):
    for p, ink in zip((0.05, 0.10, 0.15, 0.20), INK, strict=True):
        chance = [stats.certification_power(p, int(n), level, MAX_FAIL) for n in sizes]
        axes.plot(sizes, chance, color=ink, linewidth=1.6, label=f"{p:.2f}")
    axes.axhline(POWER, color="#444444", linewidth=1, linestyle="--")
    axes.axvline(SUITE, color="#444444", linewidth=1, linestyle=":")
    axes.set(title=f"{name} (level {level:.2g})", xlabel="prompts", ylim=(-0.02, 1.06))
panels[0].set_ylabel("chance of a certificate")
panels[0].text(262, POWER + 0.01, "wanted", ha="right", color="#444444")
panels[0].text(SUITE + 4, 0.01, f"{SUITE} prompts", color="#444444")
figure.legend(*panels[0].get_legend_handles_labels(), title="true fail rate", frameon=False,
              loc="outside right upper")  # fmt: skip
plt.show()

# %%
chances = {
    name: [stats.certification_power(p, SUITE, level, MAX_FAIL) for p in RATES]
    for name, level in LEVELS.items()
}
pd.DataFrame(chances, index=pd.Index(RATES, name="true fail rate")).round(2)

# %% [markdown]
# With 120 prompts offers that fail one time in ten are certified nearly always when alone, and in
# more than four of five cases when one of forty. Offers that fail one time in five are mostly left
# *undecided*. That is not a rejection, and no router should read it as one.

# %% [markdown]
# ## Prompts, repeats or ratings?
#
# Two outputs of one prompt tend to fail together, and so do two ratings of one output. Each buys
# less than another prompt, and still may be the cheaper thing to buy. Two correlations say how
# alike they are. They are **assumptions** until there is data:

# %%
print(f"fails of two outputs of a prompt: {stats.FAIL_ICC} (published ratings: .17 to .33)")
print(f"fails of two ratings of an output: {stats.RATER_ICC}")

LEVEL = 0.05 / OFFERS
grid = pd.DataFrame(
    [
        [stats.prompts_for(FAIL_RATE, LEVEL, repeats=m, votes=v, max_fail=MAX_FAIL, power=POWER)
         for v in (1, 2, 3)]
        for m in (1, 2, 4, 6)
    ],
    index=pd.Index((1, 2, 4, 6), name="outputs a prompt"),
    columns=pd.Index((1, 2, 3), name="ratings an output"),
)  # fmt: skip
grid

# %% [markdown]
# Read a column downwards: six outputs a prompt do not need a sixth of the prompts. And a row to
# the right: three ratings an output do not need a third.
#
# Now with money. Each dot is a design that reaches the same power; the ring is the cheapest.


# %%
def offered(output_price: float) -> list[stats.Design]:
    """Every design of one cell at this price of an output, the cheapest first."""
    return stats.designs(
        FAIL_RATE, LEVEL, output_price=output_price, rating_price=RATING, max_fail=MAX_FAIL,
        power=POWER,
    )  # fmt: skip


figure, panels = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
for axes, price, what in zip(panels, (0.04, 2.0), ("a picture", "a clip"), strict=True):
    found = offered(price)
    for repeats, ink, mark in zip((1, 2, 4), INK, "os^", strict=False):
        chosen = sorted((d for d in found if d.repeats == repeats), key=lambda d: d.votes)
        axes.plot([d.prompts for d in chosen], [d.cost for d in chosen], mark, color=ink,
                  markersize=7, linestyle=":", label=f"{repeats} a prompt")  # fmt: skip
    best = found[0]
    axes.plot(best.prompts, best.cost, "o", markersize=18, markerfacecolor="none",
              markeredgecolor="black", label="cheapest")  # fmt: skip
    axes.set(
        title=f"${price:g} {what}", xlabel="prompts", ylabel="cost of one cell ($)",
        ylim=(0, 1.15 * max(d.cost for d in found if d.repeats in (1, 2, 4))),
    )  # fmt: skip
panels[0].legend(fontsize=9, loc="upper right", title="outputs")
figure.suptitle("Along each line from right to left: 1, 2, 3, 4, 5 ratings an output", fontsize=11)
plt.show()

# %%
PRICES = (0.003, 0.04, 0.20, 0.50, 2.0, 5.0)
best = [offered(price)[0] for price in PRICES]
plan = pd.DataFrame(
    {
        "output ($)": PRICES,
        "prompts": [d.prompts for d in best],
        "outputs a prompt": [d.repeats for d in best],
        "ratings an output": [d.votes for d in best],
        "outputs ($)": [d.outputs_cost for d in best],
        "ratings ($)": [d.ratings_cost for d in best],
        "cell ($)": [d.cost for d in best],
        "one rating each ($)": [
            next(d.cost for d in offered(p) if d.repeats == d.votes == 1) for p in PRICES
        ],
    }
)
plan.round(2)

# %% [markdown]
# **What to do.** Cheap pictures: one output, one rating, more prompts. Dear clips: the same clip
# in front of more people, because a rating costs less than another clip. Repeats of a prompt pay
# only where prompts themselves are scarce:

# %%
scarce = {}
for most in (105, 90, 75, 60, 45):
    left = stats.designs(
        FAIL_RATE, LEVEL, output_price=0.04, rating_price=RATING, max_fail=MAX_FAIL, power=POWER,
        most_prompts=most,
    )  # fmt: skip
    d = left[0] if left else None
    scarce[most] = (
        ("nothing will do", "", "", "")
        if d is None
        else (d.prompts, d.repeats, d.votes, f"{d.cost:.2f}")
    )
pd.DataFrame.from_dict(
    scarce, orient="index", columns=["prompts", "outputs a prompt", "ratings an output", "cell ($)"]
).rename_axis("prompts there are")

# %% [markdown]
# ## The whole release
#
# Half the offers make pictures at 4 cents, the other half clips at 50 cents; each at its cheapest
# design, all categories.

# %%
cheap, dear = offered(0.04)[0], offered(0.50)[0]
half = OFFERS // 2 * CATEGORIES
release = pd.DataFrame(
    {
        "cells": [half, half],
        "outputs": [half * d.outputs for d in (cheap, dear)],
        "ratings": [half * d.ratings for d in (cheap, dear)],
        "rater hours": [half * d.ratings * RATING_SECONDS / 3600 for d in (cheap, dear)],
        "outputs ($)": [half * d.outputs_cost for d in (cheap, dear)],
        "ratings ($)": [half * d.ratings_cost for d in (cheap, dear)],
    },
    index=["pictures, $0.04", "clips, $0.50"],
)
release.loc["all"] = release.sum()
release.round(0).astype(int)

# %% [markdown]
# For pictures people cost as much as generators; for clips the outputs are the bill. The plan is
# the price of a *fixed* design, paid whatever comes out. `qfloor run --adaptive` looks while it
# spends and stops where a cell is decided; see the how-to on adaptive runs for what that saved.

# %% [markdown]
# ## If the assumption was wrong
#
# A plan with two outputs a prompt assumes how alike they fail. If the truth is worse, the
# certificate is still honest (the bound is computed from the data, not from the plan); what
# suffers is the chance to get one.

# %%
planned = stats.prompts_for(FAIL_RATE, LEVEL, repeats=2, max_fail=MAX_FAIL, power=POWER)
truths = np.linspace(0.0, 1.0, 21)
needed = [
    stats.prompts_for(
        FAIL_RATE, LEVEL, repeats=2, max_fail=MAX_FAIL, power=POWER, fail_icc=t, rater_icc=1.0
    )
    for t in truths
]
figure, axes = plt.subplots(figsize=(8.5, 4.2), layout="constrained")
axes.plot(truths, needed, color=INK[0], linewidth=2.2)
axes.axvspan(0.17, 0.33, color=INK[0], alpha=0.12, linewidth=0)
axes.annotate("published\nratings", (0.25, min(needed)), ha="center", va="bottom", color=INK[0])
axes.axhline(planned, color=INK[1], linestyle="--")
axes.annotate(f"planned at {stats.FAIL_ICC}: {planned} prompts", (0.99, planned), ha="right",
              va="bottom", xytext=(0, 3), textcoords="offset points", color=INK[1])  # fmt: skip
axes.set(
    xlabel="how alike two outputs of a prompt really fail (correlation)",
    ylabel="prompts needed, two outputs each",
    title="Repeats that are copies of each other buy nothing",
)
plt.show()

# %% [markdown]
# ## Worse than one bad day in four
#
# A tier may tolerate less: one output in ten or in twenty below the threshold (`max_fail` of the
# tier). Rarer fails take more prompts to count, even for an offer that keeps the same proportion of
# what is tolerated.

# %%
pd.DataFrame(
    [
        {
            "fails tolerated": f"{most:.0%}",
            "never below, alone": stats.min_prompts(0.05, most),
            "never below, shared": stats.min_prompts(LEVEL, most),
            "shared, fails a fifth of it": stats.prompts_needed(most / 5, LEVEL, most, POWER),
            "shared, fails half of it": stats.prompts_needed(most / 2, LEVEL, most, POWER),
        }
        for most in (0.25, 0.10, 0.05)
    ]
).set_index("fails tolerated")

# %% [markdown]
# **In short**
#
# 1. Settle the threshold and the tolerated share first; the distance of your offers from them is
#    the budget.
# 2. Plan the power for the *release*, at the level that offers share, not for one offer alone.
# 3. Buy prompts first, ratings where outputs are dear, repeats where prompts are scarce (two are a
#    sensible default, because they show how alike outputs of a prompt fail).
# 4. Leave room: undecided is an answer, and `qfloor plan` says what would turn it into another.
#
# The same for a benchmark file, with the catalogue's prices: `qfloor power painters --fail 0.1`.
