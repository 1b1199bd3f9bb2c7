"""The dashboard: what was chosen and why, what it cost, and against what; for people.

`figures` asks the decision log, `parts` writes HTML, `pages` serves. It shows no prompt unless
the operator keeps prompts, and runs no script.
"""
