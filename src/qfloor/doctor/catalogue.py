"""All checks, in the order of the table. Importing this loads no metric."""

from __future__ import annotations

from qfloor.doctor import (
    aesthetics,
    clips,
    cosines,
    lettering,
    machine,
    padding,
    precision,
    published,
    quality,
)
from qfloor.doctor.check import Check


def all_checks() -> tuple[Check, ...]:
    """Return every check the doctor knows; those of the machine first."""
    return (
        *machine.CHECKS,
        *quality.CHECKS,
        *lettering.CHECKS,
        *cosines.CHECKS,
        *clips.CHECKS,
        *aesthetics.CHECKS,
        *padding.CHECKS,
        *precision.CHECKS,
        *published.CHECKS,
    )
