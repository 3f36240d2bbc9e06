"""Intervals for the benchmarks, without anything but the standard library. All are 95 %."""

import math
import random
from collections.abc import Callable, Sequence
from statistics import fmean, median
from typing import TypeVar

Z = 1.959963984540054
T = TypeVar("T")


def share(hits: int, n: int) -> tuple[float, float, float]:
    """Return a share with Wilson's interval; without any trial the interval is 0 to 1."""
    if n == 0:
        return 0.0, 0.0, 1.0
    p = hits / n
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return p, max(0.0, centre - half), min(1.0, centre + half)


def rate(counts: Sequence[float], sizes: Sequence[float]) -> tuple[float, float, float]:
    """Return sum(counts) / sum(sizes) with an interval from the spread between people.

    Events of one person come together; the people are the sample, not the events (ratio estimator).
    """
    total = sum(sizes)
    if total == 0 or len(counts) < 2:
        return 0.0, 0.0, math.inf
    ratio = sum(counts) / total
    n = len(counts)
    spread = sum((count - ratio * size) ** 2 for count, size in zip(counts, sizes, strict=True)) / (n - 1)
    half = Z * math.sqrt(n * spread) / total
    return ratio, max(0.0, ratio - half), ratio + half


def middle(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median with its order-statistic interval; NaN without a value."""
    if not values:
        return math.nan, math.nan, math.nan
    ordered = sorted(values)
    n = len(ordered)
    reach = Z * math.sqrt(n) / 2
    low = max(0, math.floor((n - 1) / 2 - reach))
    high = min(n - 1, math.ceil((n - 1) / 2 + reach))
    return median(ordered), ordered[low], ordered[high]


def bootstrap(
    units: Sequence[T], measure: Callable[[Sequence[T]], float], *, rounds: int, seed: int
) -> tuple[float, float, float]:
    """Return ``measure`` of all units, with the percentile interval over resampled units."""
    rng = random.Random(seed)
    found = sorted(measure(rng.choices(units, k=len(units))) for _ in range(rounds))
    return measure(units), found[int(0.025 * rounds)], found[min(rounds - 1, int(0.975 * rounds))]


def flat(key: str, figure: tuple[float, float, float], digits: int = 4) -> dict[str, float]:
    """Return KEY, KEY_lo and KEY_hi for the JSON of a benchmark."""
    return {name: round(value, digits) for name, value in zip((key, f"{key}_lo", f"{key}_hi"), figure, strict=True)}


def mean(values: Sequence[float]) -> float:
    """Return the mean, 0.0 without a value."""
    return fmean(values) if values else 0.0
