"""Blind sessions from stores and gateways, and what their votes come back as.

The map of `qfloor.pipeline` says which module does what, and where to begin.
"""
