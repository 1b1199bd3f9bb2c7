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
# # Score distributions and floors
#
# A model is as good as its bad days. This notebook opens a run and looks at them: for every offer
# and category the whole distribution of what people said, with the **lower quartile** marked, and
# beside it the number that counts: the **largest threshold we can certify**.
#
# The offers of the built-in run are *painters*, programs that draw; they are not AI models. Make
# the run first with `make demo`.

# %%
# %matplotlib inline
import os
from pathlib import Path

import qfloor
from qfloor import report

workspace = Path(os.environ.get("QFLOOR_WORKSPACE", "../.qfloor"))
store = qfloor.open_store(workspace)
*_, run = store.runs_of()
run.benchmark, run.round

# %% [markdown]
# ## What came of every request
#
# Refusals, blanks and failures are statuses with a reason. They are counted; none of them is a
# score of 0, and none is dropped.

# %%
outputs = store.outputs(round=run.round)
outputs.groupby(["offer_id", "status"]).size().unstack(fill_value=0)

# %% [markdown]
# ## What people said
#
# Here the raters are simulated: they read an output's defect log and nothing else.

# %%
ratings = store.ratings(round=run.round)
floors = store.floors(run=run.id)
verdicts = store.verdicts(run=run.id)
quality = next(q for q in floors["quality"] if q.startswith("human:"))
human = floors[(floors["quality"] == quality) & (floors["kind"] == "delivered")]
ruled = verdicts[verdicts["quality"] == quality]
scale = (float(ratings["lo"].min()), float(ratings["hi"].max()))

# %%
figure = report.plot_distributions(
    ratings, human, ruled, scale=scale, label=f"rating, {scale[0]:g} to {scale[1]:g}"
)
figure

# %% [markdown]
# How to read it. A ridge is what raters said of one offer's outputs, worst bound at the bottom.
# The hollow dot is the lower quartile: a quarter of the outputs lie below it. The orange bar is
# how far we can *certify* it with the family's error probability shared among all offers of the
# category. A tier is cleared only when the bar, not the dot, reaches its line.
#
# An offer may have a high dot and no bar: refusals and blanks are bad days too, and with few
# prompts nothing can be certified at all.

# %% [markdown]
# ## Where the mean misleads
#
# The same offers ordered by mean and by bound: the pairs that change places are those a
# leaderboard of means would get wrong for anyone who has to live with the bad days.

# %%
table = human[["category", "modality", "offer_id", "mean", "q25", "q25_lo_release"]].copy()
places = table.groupby(["category", "modality"])
table["rank_by_mean"] = places["mean"].rank(ascending=False)
table["rank_by_bound"] = places["q25_lo_release"].rank(ascending=False, na_option="bottom")
table["moves"] = table["rank_by_bound"] - table["rank_by_mean"]
table[table["moves"].abs() >= 2].sort_values("moves", ascending=False).round(2)

# %% [markdown]
# ## The same through a metric
#
# CLIP similarity of each output with its prompt. It is stored raw, under an identity that holds
# weights, preprocessing and runtime; the embedded CLIP knows the painters' world only.

# %%
scores = store.scores(round=run.round)
clip = scores[(scores["metric_name"] == "clip.cos") & (scores["status"] == "scored")]
if clip.empty:
    print("this run has no CLIP scores: put a scorer named clip into its benchmark and score again")
clip.groupby(["category", "offer_id"])["value"].quantile([0.05, 0.25, 0.5]).unstack().round(3)
