"""The dashboard: what was chosen and why, what it cost, and against what; for people.

`figures` asks the decision log, `again` decides one of its rows again, `parts` and `style` write
HTML and CSS, `pages` serves. It shows no prompt unless the operator keeps prompts, and runs no
script.
"""
