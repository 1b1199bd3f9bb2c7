"""From what was judged to floors, calibrations and verdicts, and how people are told of them."""
