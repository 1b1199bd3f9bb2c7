"""What a round is and what was judged in it: plan, prompts, and outputs as floors read them.

The map of `qfloor.pipeline` says which module does what, and where to begin.
"""
