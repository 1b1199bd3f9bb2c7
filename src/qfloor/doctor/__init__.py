"""``qfloor doctor``: does every metric give the numbers that were published, on this machine?

check.py      what a check is and what came of it
needs.py      packages, published files and weights a check may lack
ground.py     where these are looked for
examine.py    run checks; one that raises has failed and the others go on
catalogue.py  all checks, in the order of the table
machine.py, clips.py, lettering.py, quality.py, cosines.py, aesthetics.py, padding.py,
precision.py, published.py, table.py   the checks themselves, and how they are shown
drawn.py      pictures, clips and sounds made in code
one_output.py one output scored straight away     rights_in_use.py   on what terms weights are
"""

from __future__ import annotations

from qfloor.doctor.catalogue import all_checks
from qfloor.doctor.check import Check, Finding, largest_difference
from qfloor.doctor.examine import examine
from qfloor.doctor.ground import Ground

__all__ = ["Check", "Finding", "Ground", "all_checks", "examine", "largest_difference"]
