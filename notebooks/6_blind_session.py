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
# # A blind session: when "nobody could tell" may be said
#
# **Not finding a difference is not the same as finding that there is none.** A router that serves
# cheaper models lives on the sentence "people could not reliably tell". This notebook holds blind
# sessions in worlds whose truth we chose (simulated raters, not people) and shows what such a
# session supports, what it refuses to say, and what it takes to be allowed to say it.
#
# What you learn: four numbers that must always stand together, why "97 % could not tell" can be
# pure noise, and how many votes a claim costs.

# %%
# %matplotlib inline
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qfloor import stats
from qfloor.abtest.analysis import analyse
from qfloor.abtest.plan import AnalysisPlan
from qfloor.abtest.simulate import Shape, World, simulate

pd.set_option("display.max_colwidth", None)
plt.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False})
REFERENCE, ROUTED, NONE, INK = "#c2540a", "#1f5f8b", "#c6cbd2", "#20242a"
PLAN = AnalysisPlan(pd0=0.05, digest="frozen before the first vote", reference="premium")

# %% [markdown]
# ## One session
#
# 1,500 pairs, 40 raters, two votes a pair. In 6 % of pairs premium is better to the eye, in 1 % the
# routed side is; of visible differences 60 % are minor (half a point). Raters see four of five of
# them, and in one trial of twenty-five choose a side although they see nothing. Three of the forty
# click at random. Hidden among the trials: placebos (one thing twice), catches (a side spoilt on
# purpose) and repeats with sides swapped.

# %%
truth = World(visible=0.06, worse=0.01, minor=0.6, seen=0.8, false_alarm=0.04, lazy=0.075)
shape = Shape(pairs=1500, raters=40, votes=2, audit_pairs=60, audit_votes=15)
answers = simulate(truth, shape, np.random.default_rng(11))
analysis = analyse(answers, PLAN)
pd.Series([a.kind for a in answers]).value_counts().rename("trials").to_frame()

# %% [markdown]
# Before any arm is looked at, controls say whom to believe. The plan named the rules beforehand:
# below 80 % of catches, a median answer under 1.5 s, or one side favoured.

# %%
raters = pd.DataFrame([row.__dict__ for row in analysis.raters])
raters.loc[raters["left_out"].notna(), ["rater", "votes", "catches", "catches_passed", "seconds", "left_out"]]

# %% [markdown]
# ## Four numbers, always all four
#
# Raw detection, net discriminability against the plan's 5 %, single pairs, and severity. The
# sentences are written by the same code that refuses to write others.

# %%
for claim in analysis.claims:
    print(("" if claim.supported else "REFUSED  ") + claim.text)
    for why in claim.why:
        print("         because " + why)

# %%
head = analysis.headline
found = {
    "premium chosen (D)": head.detection.detected,
    "routed chosen (W)": head.detection.wrong_way,
    "net, D - W": head.discriminability.net,
    "beyond false alarms": head.detection.corrected,
    "a loss that matters": head.severity.material,
}
attentive = replace(truth, lazy=0.0)
true = [attentive.detected, attentive.wrong_way, attentive.net, attentive.corrected, attentive.material]
figure, axis = plt.subplots(figsize=(9, 4), layout="constrained")
for y, ((name, estimate), value) in enumerate(zip(found.items(), true)):
    axis.plot([100 * estimate.low, 100 * estimate.high], [y, y], color=ROUTED, linewidth=3)
    axis.plot(100 * estimate.value, y, "o", color="white", markeredgecolor=ROUTED, markersize=9, markeredgewidth=2)
    axis.plot(100 * value, y, "|", color=REFERENCE, markersize=20, markeredgewidth=3)
axis.axvline(100 * PLAN.pd0, color="#9a5b00", linestyle="--", linewidth=1)
axis.text(100 * PLAN.pd0, 3.5, " pd0: would matter", color="#9a5b00", va="center")
axis.set_yticks(range(len(found)), found)
axis.set_ylim(len(found) - 0.4, -0.6)
axis.set_xlabel("% of votes: estimate and 95 % interval (blue), truth of attentive raters (orange)")
axis.set_title("What the session found, and what was true", loc="left")
plt.show()

# %% [markdown]
# ## The same votes without placebos, or without a plan
#
# Nothing about the votes changes. But without placebos nobody knows how often people choose where
# there is nothing, and a margin that was chosen afterwards is no margin.

# %%
without = {
    "as planned": analysis,
    "no placebos": analyse([a for a in answers if a.kind != "placebo"], PLAN),
    "no frozen plan": analyse(answers, replace(PLAN, digest=None)),
    "a tenth of the pairs": analyse([a for a in answers if int(a.prompt_id[1:]) < 150], PLAN),
}
rows = []
for name, each in without.items():
    claim = next(c for c in each.claims if c.name == "not_distinguished")
    rows.append({"session": name, "may be said": claim.text, "because": "; ".join(claim.why)})
pd.DataFrame(rows).set_index("session")

# %% [markdown]
# ## "97 % could not tell" from pure noise
#
# Now a session in which there is **nothing** to see: both sides alike in every pair, five votes
# each. A rule "all five chose premium" calls one pair in 32 distinguished by chance alone. So the
# count that chance gives must stand beside the count found, and corrected for many pairs none is
# left.

# %%
nothing = World(false_alarm=1.0)
noise = analyse(
    simulate(nothing, Shape(pairs=1200, raters=60, votes=5), np.random.default_rng(5)),
    replace(PLAN, median_seconds=0.1),
).items
print(f"{noise.n_by_rule} of {noise.n_items} pairs pass 'all five'; chance gives {noise.by_chance:.1f}; "
      f"after correction {noise.n_distinguished}")

# %%
votes = np.array([row.reference_chosen for row in noise.rows])
counts = np.bincount(votes, minlength=6)
expected = noise.n_items * np.array([1, 5, 10, 10, 5, 1]) / 32
figure, axis = plt.subplots(figsize=(9, 3.8), layout="constrained")
axis.bar(range(6), counts, color=[NONE] * 5 + [REFERENCE], width=0.7)
at = np.arange(6)
axis.hlines(expected, at - 0.3, at + 0.3, color=INK, linewidth=2, label="by chance alone")
axis.set(xlabel="votes for premium, of five", ylabel="pairs")
axis.set_title(f"{counts[5]} pairs 'distinguished', and nothing to distinguish", loc="left")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# ## What a claim costs
#
# Independent forced choices until a similarity test passes with 90 % power, by what would matter
# (pd0) and what is true. A true difference close to pd0 cannot be called similar at any price.
# "No visible difference" as an answer makes it cheaper, raters who come again make it dearer.

# %%
margins = (0.20, 0.10, 0.05, 0.03)
cost = pd.DataFrame(
    {f"truth pd = {pd:.0%}": [stats.similarity_votes(m, pd=pd) for m in margins] for pd in (0.0, 0.01, 0.03)},
    index=pd.Index([f"{m:.0%}" for m in margins], name="pd0"),
).astype("Int64")
cost

# %%
sizes = np.unique(np.geomspace(50, 10_000, 60).astype(int))
figure, axis = plt.subplots(figsize=(9, 4.2), layout="constrained")
for margin, style in zip((0.20, 0.10, 0.05), ("-", "--", ":")):
    power = [stats.similarity_power(int(n), margin) for n in sizes]
    axis.plot(sizes, power, color=ROUTED, linestyle=style, linewidth=2.2, label=f"pd0 = {margin:.0%}")
axis.axhline(0.9, color="#8a8f98", linewidth=0.8)
axis.text(sizes[0], 0.91, "90 %", color="#5b626c", va="bottom")
axis.set_xscale("log")
axis.set_xticks([50, 200, 1000, 3000, 10_000], ["50", "200", "1,000", "3,000", "10,000"])
axis.minorticks_off()
axis.set(ylim=(0, 1.02), xlabel="forced choices", ylabel="chance to show it")
axis.set_title("Chance to show 'similar' when nobody can tell", loc="left")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# **What to do.** Freeze pd0 before the first vote, hide placebos, ask for scores where a difference
# is chosen, and give a random subset enough votes to judge single pairs. `qfloor ab new` prints the
# power before anyone votes, `qfloor ab report` writes what may be said. The commands stand in
# [the how-to](../docs/how-to/blind-report.md).
