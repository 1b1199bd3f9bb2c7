"""People's judgments: imported from files, measured for agreement, or simulated for painters.

    importing.py    a file -> ratings in the store, all or nothing
    formats/        one module for each way in which judgments are written down
    mapping.py      what the user says of a file     files.py       several files as one
    recorder.py     answers of foreign files         lookup.py      what their columns say
    exporting.py    ratings for SUREAL
    pseudonyms.py   raters by salted hashes          prolific.py    which submissions count
    judgment.py     what every format gives          fields.py      checked fields of a table
    scale.py        declared, never guessed          scales_in_store.py  one for a criterion
    joining.py      outputs by prompt and offer      wording.py      words for messages
    items.py        what was rated                   settling.py    which output that is
    known.py        what the store knows of it       assembling.py  judgments -> ratings
    store_rows.py   records as the store keeps them
    comparing.py    pairs -> comparisons             reporting.py   what became of a file
    agreement.py    how far raters agree     raters.py    a row for every rater
    linking.py      may two sessions of ratings be pooled?
    wins.py         which of two offers people chose
    entries.py      entries of foreign files of pairs
    parquet.py      their rows, where they are Parquet
    panel.py        the painters' simulated raters

What this stage does not know: thresholds, floors, metrics, and how good anyone ought to be.
"""

from __future__ import annotations

from qfloor.ratings.agreement import Agreement, agreement_of, agreement_table
from qfloor.ratings.exporting import ExportReport, export_sureal
from qfloor.ratings.formats import FORMATS
from qfloor.ratings.importing import import_ratings
from qfloor.ratings.judgment import ReadOptions, Scale, parse_scale
from qfloor.ratings.linking import link
from qfloor.ratings.mapping import Mapped, parse_mapping
from qfloor.ratings.panel import rate_outputs, rated_prompts
from qfloor.ratings.raters import RaterReport, raters_of, raters_table
from qfloor.ratings.reporting import ImportReport
from qfloor.ratings.wins import Wins, comparison_table, wins_of

__all__ = [
    "FORMATS",
    "Agreement",
    "ExportReport",
    "ImportReport",
    "Mapped",
    "RaterReport",
    "ReadOptions",
    "Scale",
    "Wins",
    "agreement_of",
    "agreement_table",
    "comparison_table",
    "export_sureal",
    "import_ratings",
    "link",
    "parse_mapping",
    "parse_scale",
    "rate_outputs",
    "rated_prompts",
    "raters_of",
    "raters_table",
    "wins_of",
]
