"""One thin module per provider: its addresses, its words, its answers, its error table.

What all share is `qfloor.generators.http`. Written from facts on the contracts and tested
against loopback fakes only; docs/reference/providers.md says which against the official SDK.
"""

from __future__ import annotations
