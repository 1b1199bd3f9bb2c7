"""From what was judged to floors, calibrations and verdicts, and how people are told of them.

The map of `qfloor.pipeline` says which module does what, and where to begin.
"""
