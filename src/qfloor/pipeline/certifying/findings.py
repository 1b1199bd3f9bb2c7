"""What a round says, before it is kept: floors, verdicts, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass

from qfloor.records import (
    Calibration,
    Floor,
    LearnedThreshold,
    LeaveOneOut,
    PassRate,
    Prediction,
    TagFloor,
    Threshold,
    Verdict,
)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a round says: floors of both kinds, verdicts, what they rest on and stands beside."""

    floors: tuple[Floor, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    pass_rates: tuple[PassRate, ...] = ()
    tag_floors: tuple[TagFloor, ...] = ()
    leave_one_out: tuple[LeaveOneOut, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    learned: tuple[LearnedThreshold, ...] = ()

    @property
    def is_sequential(self) -> bool:
        """Whether an adaptive run's tests say what is said here, and not bounds of a fixed size."""
        return any("sequential" in floor.population for floor in self.floors)

    def __add__(self, other: Findings) -> Findings:
        return Findings(
            floors=self.floors + other.floors,
            verdicts=self.verdicts + other.verdicts,
            thresholds=self.thresholds + other.thresholds,
            calibrations=self.calibrations + other.calibrations,
            pass_rates=self.pass_rates + other.pass_rates,
            tag_floors=self.tag_floors + other.tag_floors,
            leave_one_out=self.leave_one_out + other.leave_one_out,
            predictions=self.predictions + other.predictions,
            learned=self.learned + other.learned,
        )
