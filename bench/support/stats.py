"""Medians and their intervals, as contract 8 wants them. Pure.

The interval is one of order statistics: it assumes nothing about how the rounds are spread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

LEAST_ROUNDS = 9
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Figure:
    """A median with the interval that holds the true median with at least 95 %, where the rounds allow it."""

    value: float
    lo: float
    hi: float

    def keys(self, name: str, digits: int = 3) -> dict[str, float]:
        """``{name, name_lo, name_hi}`` for the JSON object."""
        return {
            name: round(self.value, digits),
            f"{name}_lo": round(self.lo, digits),
            f"{name}_hi": round(self.hi, digits),
        }

    def misses(self, least: float) -> bool:
        """A bar is missed when the whole interval lies below it (contract 8)."""
        return self.hi < least

    def over(self, most: float) -> bool:
        """An upper bar is missed when the whole interval lies above it."""
        return self.lo > most


def figure(values: Sequence[float]) -> Figure:
    """The median of the rounds and its interval; below six rounds the interval is the whole range.

    Raises ValueError without any value.
    """
    if not values:
        raise ValueError("No round was measured.")
    in_order = sorted(values)
    cut = _ranks_to_leave_out(len(in_order))
    return Figure(median(in_order), in_order[cut], in_order[-1 - cut])


def _ranks_to_leave_out(rounds: int) -> int:
    """How many of the lowest and of the highest values lie outside the interval: 1 of 9, 5 of 20."""
    cut, outside = 0, 1
    while cut + 1 <= (rounds - 1) // 2:
        outside += comb(rounds, cut + 1)
        if 1 - 2 * outside / 2**rounds < CONFIDENCE:
            break
        cut += 1
    return cut


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    """Ours over theirs, round by round of one run. Raises ValueError when the rounds do not pair up."""
    return figure([mine / other for mine, other in zip(ours, theirs, strict=True)])
