"""Naturalness: how far a picture's local statistics are from those of pristine photographs.

`NaturalnessScorer` gives BRISQUE and NIQE as their authors' programs compute them. Both were
fitted to photographs: on drawings, flat graphics and lettering a high value says "not a
photograph", not "bad".

    scorer.py   the metrics               brisque.py, niqe.py   from a picture to each number
    filters.py  luma and local contrast   fits.py               moment fits
    parameters.py  what was fitted to people and photographs
"""

from qfloor.scorers.naturalness.scorer import NaturalnessScorer

__all__ = ["NaturalnessScorer"]
