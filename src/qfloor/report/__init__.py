"""Plots of what a run found. It reads frames and draws; it computes no bound of its own."""

from __future__ import annotations

from qfloor.report.distributions import plot_distributions
from qfloor.report.explained import page_of

__all__ = ["page_of", "plot_distributions"]
