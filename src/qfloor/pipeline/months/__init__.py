"""One round after another: what changed, what is published and written down of it.

The map of `qfloor.pipeline` says which module does what, and where to begin.
"""
