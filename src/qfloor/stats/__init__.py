"""Pure numbers behind floors and verdicts: arrays in, numbers out.

`binomial`          exact bounds and tests, fails allowed, exact McNemar
`power`             prompts needed, chance of a certificate
`design`            prompts, repeats or ratings: which design certifies for the least
`panel_design`      the same with the raters there are, or how many there should be
`panel_rule`        whether floors certify cells of one balanced design
`panel_power`       the chance of a certificate with so many raters, simulated
`clusters`          Korn-Graubard and the exact bound of one repeat
`every_repeat`      the exact bound from all repeats, without drawing one
`every_repeat_many` the same for many cells at once
`fail_path`         fails of a cell at every threshold: `fail_rules` says which steps pass, by
                    `fail_groups` and `fail_tally`; of many cells `fail_scan`, `fail_search` and
                    `fail_table`
`two_way`           the same over random prompts and random raters
`rater_parts`       raters by their loads: how many they are worth, and what each counts
`quantiles`         point estimates: inverted_cdf, Harrell-Davis
`thresholds`        the largest certifiable threshold, and the verdict it implies
`sequential`        betting e-processes, valid at any stopping time
`ppi`               fail rates from few labels and many predictions: prediction-powered
`boundaries`        exact sequential tests: fails that decide after each prompt
`steering`          what may yet come of them, and whether to go on
`streams`           threshold limits and bounds of prompts looked at one by one
`mixtures`          the rate of a mixture of counted strata
`multiplicity`      Holm, Benjamini-Hochberg, Benjamini-Yekutieli, e-BH
`drift`             did a fail rate change, and what change could have been seen
`agreement`         Krippendorff's alpha, intraclass correlations
`recovery`          quality from biased, noisy raters (P.910), screening (BT.500)
`resampling`        intervals over resampled prompts, for numbers about raters
`equivalence`       may two sessions of ratings be pooled?
`discrimination`    can people tell two things apart: power and exact tests of forced choices
`paired_shares`     chose one side less chose the other: Tango's score interval
`crossing`          votes that cross prompts and raters, and the variance of both
`two_way_shares`    shares and means of them, with intervals
`discriminability`  how much of a difference people see, with a similarity test
`anytime`           bounds of a stream that hold whenever one looks

It knows nothing of offers, stores or files. No NaN leaves a function: what cannot be computed is
None, what is not allowed raises ValueError.
"""

from __future__ import annotations

from qfloor.stats.agreement import (
    IntraclassCorrelations,
    by_slot,
    icc_oneway,
    intraclass_correlations,
    krippendorff_alpha,
)
from qfloor.stats.anytime import AnytimeBound
from qfloor.stats.binomial import (
    clopper_pearson,
    clopper_pearson_lower,
    clopper_pearson_upper,
    fail_p_value,
    max_fails,
    mcnemar_exact,
    min_prompts,
)
from qfloor.stats.boundaries import (
    SequentialBoundary,
    e_process_boundary,
    exact_boundary,
    shared_boundary,
)
from qfloor.stats.clusters import (
    KornGraubard,
    exact_one_repeat_upper,
    korn_graubard,
    korn_graubard_lower,
    korn_graubard_upper,
)
from qfloor.stats.crossing import Crossing, Estimate, crossing
from qfloor.stats.design import (
    FAIL_ICC,
    RATER_ICC,
    Design,
    designs,
    planned_design_effect,
    prompts_for,
)
from qfloor.stats.discriminability import Discriminability, two_way_discriminability
from qfloor.stats.discrimination import (
    ItemRule,
    chance_detections,
    detectable_pd,
    difference_p_value,
    item_rule,
    noninferiority_pairs,
    similarity_p_value,
    similarity_power,
    similarity_votes,
)
from qfloor.stats.drift import (
    Change,
    detectable_paired,
    detectable_unpaired,
    gatekeep,
    paired_change,
    shape_change,
    unpaired_change,
)
from qfloor.stats.equivalence import PairedEquivalence, paired_equivalence
from qfloor.stats.every_repeat import every_repeat_p_value, every_repeat_upper
from qfloor.stats.fail_path import FailPath, build_path
from qfloor.stats.fail_rules import FEW_PROMPTS, TRUSTED_ALPHA, Rule, p_value, planned_rule
from qfloor.stats.fail_table import Asked, look_up
from qfloor.stats.mixtures import MixtureRate, mixture_rate
from qfloor.stats.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    e_bh,
    e_from_p,
    error_over,
    holm,
)
from qfloor.stats.paired_shares import (
    paired_difference_interval,
    paired_difference_p_value,
    paired_difference_upper,
)
from qfloor.stats.panel_design import PanelDesign, PanelDesigns, panel_designs, panel_sizes
from qfloor.stats.panel_power import SEVERITY, SimulatedPower, power_with_raters
from qfloor.stats.power import certification_power, prompts_needed
from qfloor.stats.ppi import (
    ADDS_NOTHING,
    FailMoments,
    MomentTable,
    PoweredSample,
    PredictionPowered,
    prediction_powered_fail_rate,
)
from qfloor.stats.quantiles import harrell_davis, quantile_inverted_cdf
from qfloor.stats.rater_parts import effective_raters
from qfloor.stats.recovery import MosRecovery, Screened, bt500_screening, recover_mos
from qfloor.stats.resampling import (
    ResampledInterval,
    krippendorff_alpha_interval,
    mean_interval,
)
from qfloor.stats.sequential import EProcess, certifying_e_value
from qfloor.stats.steering import (
    SequentialOperation,
    chance_to_decide,
    chances_to_decide,
    operation,
    prompts_to_decide,
    prompts_to_leave,
    worth_going_on,
)
from qfloor.stats.streams import (
    anytime_bounds,
    e_process_limits,
    exact_limits,
    fail_shares,
    log_wealth,
)
from qfloor.stats.thresholds import (
    FailBound,
    FailRateBounds,
    ThresholdLimits,
    certification_p_value,
    fail_rate_bounds,
    lower_bound,
    path_certified_to,
    path_limits,
    path_lower,
    path_upper,
    q25_lower_bound,
    threshold_limits,
)
from qfloor.stats.two_way import (
    FEW_RATERS,
    TwoWayKornGraubard,
    korn_graubard_ratings,
    korn_graubard_two_way,
)
from qfloor.stats.two_way_shares import mean_p_value, two_way_mean, two_way_share

__all__ = [
    "ADDS_NOTHING",
    "FAIL_ICC",
    "FEW_PROMPTS",
    "FEW_RATERS",
    "RATER_ICC",
    "SEVERITY",
    "TRUSTED_ALPHA",
    "AnytimeBound",
    "Asked",
    "Change",
    "Crossing",
    "Design",
    "Discriminability",
    "EProcess",
    "Estimate",
    "FailBound",
    "FailMoments",
    "FailPath",
    "FailRateBounds",
    "IntraclassCorrelations",
    "ItemRule",
    "KornGraubard",
    "MixtureRate",
    "MomentTable",
    "MosRecovery",
    "PairedEquivalence",
    "PanelDesign",
    "PanelDesigns",
    "PoweredSample",
    "PredictionPowered",
    "ResampledInterval",
    "Rule",
    "Screened",
    "SequentialBoundary",
    "SequentialOperation",
    "SimulatedPower",
    "ThresholdLimits",
    "TwoWayKornGraubard",
    "anytime_bounds",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bt500_screening",
    "build_path",
    "by_slot",
    "certification_p_value",
    "certification_power",
    "certifying_e_value",
    "chance_detections",
    "chance_to_decide",
    "chances_to_decide",
    "clopper_pearson",
    "clopper_pearson_lower",
    "clopper_pearson_upper",
    "crossing",
    "designs",
    "detectable_paired",
    "detectable_pd",
    "detectable_unpaired",
    "difference_p_value",
    "e_bh",
    "e_from_p",
    "e_process_boundary",
    "e_process_limits",
    "effective_raters",
    "error_over",
    "every_repeat_p_value",
    "every_repeat_upper",
    "exact_boundary",
    "exact_limits",
    "exact_one_repeat_upper",
    "fail_p_value",
    "fail_rate_bounds",
    "fail_shares",
    "gatekeep",
    "harrell_davis",
    "holm",
    "icc_oneway",
    "intraclass_correlations",
    "item_rule",
    "korn_graubard",
    "korn_graubard_lower",
    "korn_graubard_ratings",
    "korn_graubard_two_way",
    "korn_graubard_upper",
    "krippendorff_alpha",
    "krippendorff_alpha_interval",
    "log_wealth",
    "look_up",
    "lower_bound",
    "max_fails",
    "mcnemar_exact",
    "mean_interval",
    "mean_p_value",
    "min_prompts",
    "mixture_rate",
    "noninferiority_pairs",
    "operation",
    "p_value",
    "paired_change",
    "paired_difference_interval",
    "paired_difference_p_value",
    "paired_difference_upper",
    "paired_equivalence",
    "panel_designs",
    "panel_sizes",
    "path_certified_to",
    "path_limits",
    "path_lower",
    "path_upper",
    "planned_design_effect",
    "planned_rule",
    "power_with_raters",
    "prediction_powered_fail_rate",
    "prompts_for",
    "prompts_needed",
    "prompts_to_decide",
    "prompts_to_leave",
    "q25_lower_bound",
    "quantile_inverted_cdf",
    "recover_mos",
    "shape_change",
    "shared_boundary",
    "similarity_p_value",
    "similarity_power",
    "similarity_votes",
    "threshold_limits",
    "two_way_discriminability",
    "two_way_mean",
    "two_way_share",
    "unpaired_change",
    "worth_going_on",
]
