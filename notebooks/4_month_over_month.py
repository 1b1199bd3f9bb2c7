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
# # Month over month: a model that changed without a word
#
# **A certificate is about what was sold in its month.** Sellers exchange models under the same
# name, so a later round is compared with the one that certified. This notebook buys two small
# rounds from three painters (programs that draw, not AI models). Between them one painter gets
# worse in a way that its median hides and its mean plays down: it is nearly as good as ever on most
# days, and falls to pieces on more of them.
#
# What you learn: which test finds it, what the test would have missed, and what to do with the
# certificates that were already given out.

# %%
# %matplotlib inline
import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import qfloor
from qfloor import benchmark, export, pipeline, stats, suite
from qfloor.generators.builtin.painters import PAINTERS
from qfloor.records import EVERY

pd.set_option("display.max_colwidth", None)
plt.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False})
BEFORE, AFTER, INK = "#1f5f8b", "#d55e00", "#20242a"
SOLD = ("painters/celadon", "painters/sienna", "painters/cobalt")
PROMPTS = 60

# %% [markdown]
# ## Two rounds
#
# Two categories, 60 prompts each, one picture a prompt, simulated raters. Both rounds ask for the
# same prompts, so every picture of October has its counterpart in November.

# %%
temporary = tempfile.TemporaryDirectory(prefix="qfloor-months-")
folder = Path(temporary.name)
categories = ("portrait", "landscape")
chosen = [
    prompt.id
    for prompt in suite.load("painters").prompts
    if prompt.category in categories and int(prompt.id.rpartition("-")[2]) <= PROMPTS
]
lines = "".join(f'  "{i}",\n' for i in chosen)
(folder / "part.toml").write_text(
    f'[suite]\nname = "part"\nversion = "1.0.0"\nbase = "painters"\nselect = [\n{lines}]\n'
)
whole = benchmark.load("painters")
october = replace(
    whole,
    suites=(str(folder / "part.toml"),),
    offers=tuple(offer for offer in whole.offers if offer.id in SOLD),
    scorers=(),
    calibrations=(),
    round="2026-10",
)
november = replace(october, round="2026-11")
workspace = folder / "workspace"
first = pipeline.run(october, workspace, out=folder / "october.db")

# %% [markdown]
# Now the seller's secret: from November on, cobalt falls to pieces on 40 % of its portraits. Its
# name, its price and the version it tells stay as they are. (Only the log of defects knows of it,
# and that is what simulated raters read; the pictures themselves are drawn as before.)

# %%
cobalt = PAINTERS["cobalt"]
portrait = replace(cobalt.skills["portrait"], collapse=0.4)
with patch.dict(PAINTERS, cobalt=replace(cobalt, skills={**cobalt.skills, "portrait": portrait})):
    second = pipeline.run(november, workspace, out=folder / "november.db")
first.n_rated, second.n_rated

# %%
store = qfloor.open_store(workspace)
report = pipeline.check_drift(store, october, november)
findings = pd.DataFrame([f.__dict__ | {"says": f.sentence()} for f in report.findings])
findings["offer"] = findings["offer_id"].str.rpartition("/")[2]
shown = ["offer", "tier", "n_before", "before", "after", "worse", "better", "p_adjusted", "says"]
pooled = findings[findings["category"] == EVERY]
pooled[shown].round(4)

# %% [markdown]
# Offers are looked at as a whole first (category `*`), at each tier's threshold. `p_adjusted` is
# corrected for all nine comparisons, so that 5 % is the chance that *any* unchanged painter is
# accused. Signs besides quality (version, size, format, speed) are told as well; here there are
# none, which is what makes the change silent:

# %%
[sign.sentence() for sign in report.signs] or "no sign: version, size, format and speed as before"

# %% [markdown]
# ## Count the prompts that changed sides
#
# The same prompts stand on both sides, and a hard prompt is hard in both months. So only those
# that **changed sides** speak (McNemar's test). When nothing changed, as many turn good as turn
# bad, up to chance: the bars of a row are about equally long.

# %%
rows = pooled.sort_values(["offer", "threshold"], ascending=False).reset_index(drop=True)
figure, axis = plt.subplots(figsize=(9, 5), layout="constrained")
at = np.arange(len(rows))
axis.barh(at, -rows["better"], color=BEFORE, label="failed in October, passes in November")
axis.barh(at, rows["worse"], color=AFTER, label="passed in October, fails in November")
for y, row in rows.iterrows():
    axis.text(-row["better"] - 0.6, y, row["better"], ha="right", va="center", fontsize=10)
    bold = {"weight": "bold"} if row["word"] == "changed" else {}
    told = f"{row['worse']}   p = {row['p_adjusted']:.2g}"
    axis.text(row["worse"] + 0.6, y, told, va="center", fontsize=10, **bold)
axis.set_yticks(at, [f"{r.offer} · {r.tier}" for r in rows.itertuples()])
axis.axvline(0, color=INK, linewidth=0.8)
widest = 1.6 * float(rows[["worse", "better"]].to_numpy().max())
axis.set_xlim(-widest, widest)
axis.xaxis.set_major_formatter(lambda x, _: f"{abs(x):.0f}")
axis.set_xlabel(f"prompts that changed sides, of {int(rows['n_before'].min())}")
axis.set_title("Of cobalt's prompts more turned bad than chance explains (bold: changed)", loc="left")
figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=10)
plt.show()

# %% [markdown]
# Behind an offer that changed its categories are looked into, and the change is placed: portraits.

# %%
cells = findings[(findings["offer"] == "cobalt") & (findings["category"] != EVERY)]
cells[["category", *shown[1:]]].round(4)

# %% [markdown]
# ## What an average would have said
#
# Cobalt's portraits in both months. The curve says which share of them lies below each rating.

# %%
ratings = store.ratings()
mine = ratings[
    (ratings["offer_id"] == "painters/cobalt")
    & (ratings["category"] == "portrait")
    & (ratings["control"] == "test")
]
figure, axis = plt.subplots(figsize=(9, 4.6), layout="constrained")
summary = {}
for name, month, color, style in (
    ("October", "2026-10", BEFORE, "-"),
    ("November", "2026-11", AFTER, (0, (5, 1.5))),
):
    values = np.sort(mine.loc[mine["round"] == month, "value"].to_numpy(dtype=float))
    quartile = stats.quantile_inverted_cdf(values, 0.25)
    summary[name] = {"mean": values.mean(), "median": np.median(values), "q25": quartile}
    axis.ecdf(values, color=color, linestyle=style, linewidth=2.2, label=name)
    axis.plot(quartile, 0.25, "o", color=color, markersize=9, zorder=5)
    axis.annotate(
        f"q25 {quartile:.1f}", (quartile, 0.25), xytext=(-10, 8),
        textcoords="offset points", ha="right", color=color, weight="bold",
    )  # fmt: skip
axis.axhline(0.25, color="#8a8f98", linewidth=0.8, linestyle=":")
axis.set(xlim=(0, 10), ylim=(0, 1), xlabel="rating, 0 to 10", ylabel="share of portraits below")
axis.set_title("The good days stayed, the bad days multiplied", loc="left")
axis.legend(frameon=False, loc="upper left")
plt.show()
moved = pd.DataFrame(summary).T
moved.loc["change"] = moved.loc["November"] - moved.loc["October"]
moved.round(2)

# %% [markdown]
# Whoever looks at typical pictures sees nearly the old model: the median lost 0.6 points and is
# still above the premium tier (8). The mean lost 1.7. The lower quartile lost 4.4: it fell from
# above the premium tier to below the standard one (5), and that is what buyers notice.
#
# ## What could have been seen
#
# *Not distinguishable* is not *unchanged*. Each such finding says which rise of the fail rate
# would have been shown with 80 % power. More prompts buy sight, and so do fewer comparisons. The
# curves assume that 5 % of prompts change sides each way by themselves; more of that churn, as at
# a threshold close to an offer's usual rating, hides more (the topmost circle):

# %%
counts = np.unique(np.geomspace(15, 1000, 40).astype(int))
lines_of = (
    ("one offer watched", 0.05, "#1f5f8b", "-"),
    ("3 offers x 3 tiers (here)", 0.05 / 9, "#20242a", (0, (5, 1.5))),
    ("40 offers x 7 categories", 0.05 / 280, "#d55e00", (0, (1, 1.2))),
)
figure, axis = plt.subplots(figsize=(9, 4.6), layout="constrained")
for label, level, color, style in lines_of:
    rises = [stats.detectable_paired(int(n), level) for n in counts]
    seen = [np.nan if rise is None else rise for rise in rises]
    axis.plot(counts, seen, color=color, linestyle=style, linewidth=2.2, label=label)
steady = pooled[(pooled["word"] != "changed") & pooled["detectable"].notna()]
axis.plot(
    steady["n_before"], steady["detectable"], "o", color=INK, markerfacecolor="white",
    markersize=7, label="unchanged painters here, at their own churn",
)  # fmt: skip
axis.set_xscale("log")
axis.set_xticks([20, 50, 100, 200, 500, 1000], ["20", "50", "100", "200", "500", "1000"])
axis.minorticks_off()
axis.set(ylim=(0, 0.8), xlabel="prompts in both rounds", ylabel="smallest rise seen (80 % power)")
axis.yaxis.set_major_formatter(lambda y, _: f"+{100 * y:.0f} points" if y else "0")
axis.set_title("A monthly probe of 20 prompts sees only a collapse", loc="left")
axis.legend(frameon=False)
plt.show()
sizes = pd.DataFrame(
    {label: [stats.detectable_paired(n, level) for n in (20, 60, 120, 400)]
     for label, level, *_ in lines_of},
    index=pd.Index([20, 60, 120, 400], name="prompts"),
).round(3)  # fmt: skip
sizes

# %% [markdown]
# ## Take the certificates back
#
# A release in use is not edited. A new one is written in which what drifted is `undecided`, with
# the reason `drifted`; a router that reads it obeys at once. Other offers are not touched. Cobalt's
# landscapes lose theirs too: the offer as a whole is known to have changed, and they did not fail
# less than before. A new round that clears the tier gives the certificate back.

# %%
withdrawn = export.withdraw(
    folder / "october.db",
    folder / "october-withdrawn.db",
    report.findings,
    (october.name, october.round),
    dt.datetime.now(dt.UTC),
)
before, after = (
    pd.DataFrame(export.verification.read(folder / name)["verdicts"])
    for name in ("october.db", "october-withdrawn.db")
)
key = ["offer_id", "category", "tier"]
joined = before.merge(after, on=[*key, "quality"], suffixes=("_october", "_now"))
gone = joined[joined["ruling_october"] != joined["ruling_now"]]
print(f"{withdrawn} of {(before['ruling'] == 'certified').sum()} certificates withdrawn")
gone[[*key, "ruling_october", "ruling_now", "reason_now"]]

# %% [markdown]
# **What to do.** Buy the same prompts again every month: pairs need fewer of them. Pool an offer's
# categories before looking into any. Read the power beside every "not distinguishable". And on a
# change for the worse run `qfloor drift ... --apply OLD.db --out NEW.db` and hand out the new file.
# The commands stand in [the how-to](../docs/how-to/drift.md).

# %%
store.close()
temporary.cleanup()
