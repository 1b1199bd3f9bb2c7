"""Fake sellers that speak the true wire protocols on loopback.

wire.py      HTTP and its faults          media.py   pictures and clips, sound and unsound
engine.py    jobs, ledger, scenarios      chaos.py   what goes wrong by chance
one module a family (fal, replicate, ...) written from the contracts in the facts, not from our
adapters; matrix.py lists the cases the scenario tests run, and what each family was tested by.
"""
