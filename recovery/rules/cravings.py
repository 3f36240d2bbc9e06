"""Rising cravings, on a person's own scale (C 6.4, S 17).

Eight rules, A to H, that a coordinator can read aloud. The result is an
invitation to check in, never a prediction of relapse (C 6.6).

Answers are what people gave: days without one are simply not there, and no rule
fills them in. Each rule returns the numbers that it saw; the sentence on the
worklist is made from those stored numbers alone (``sentences.sentence``).

A to D and F to H fire as C 6.4 says. E does not quite: its usual reaches 60 days
back instead of 35, and its spread leans on what is common among people
(``Baseline.steady_sd``), since most of its false alarms came from people whose
spread was guessed too small. ``ewma`` and ``cusum`` alone are C 6.4's.

How much a rule says, and with that whether a coordinator sees it today (amber
and above), is chosen to fit a program's budget of alarms. A says what S 17 says;
for 28 days after it reached the list another A of that severity is for the weekly
list. A clear rise against the own usual (C, E) reaches the list, too; what is
high but usual for the person goes to the weekly list. Where that departs from
C 6.4 is measured in docs/clinical/cravings.md and weighed in docs/decisions/0009.
``craving_list_*`` and ``craving_high_again_days`` in the policy are the knobs; with
7 days, ``craving_list_rise_sd`` 0, ``craving_list_fixed_cuts`` True and
``craving_list_drift`` False every severity is that of C 6.4 and S 17, at about
twice the budget.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import NamedTuple

from recovery.rules.policy import Policy
from recovery.rules.states import FlagKind, Severity, worst


class Reading(NamedTuple):
    """One answer: the local day it belongs to, craving 0-10, confidence 0-10 if asked."""

    day: date
    value: int
    confidence: int | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """A person's usual, from the reports of day -35 to -7, or the population's while there are too few.

    ``sd`` has its floor applied. ``steady_sd`` leans on what is common among people:
    the spread of some twenty answers is itself uncertain, and most false alarms of
    the drift rule come from people whose spread was guessed too small.
    ``personal`` is False while fewer than 10 reports are there; then only rules A
    and B run (C 6.4).
    """

    mean: float
    sd: float
    steady_sd: float
    n: int
    personal: bool
    careless: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What else is known on the day, for rule H and for not asking twice."""

    reported_use: bool = False
    dose_missed: bool = False
    """A dose was stated missed or skipped; not reported is not missed."""
    last_raised_on: date | None = None
    last_raised: Severity | None = None
    high_raised_on: date | None = None
    """When rule A itself last reached the list, and how severe it was then."""
    high_raised: Severity | None = None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule saw, whether it fired, and how much it says by itself."""

    rule: str
    fired: bool
    value: float | None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Rise:
    """Something to show: the flag it belongs to, its severity and the numbers behind it."""

    kind: FlagKind
    severity: Severity
    rules: tuple[str, ...]
    leading: str
    on: date
    since: date
    check_ins: int
    latest: int
    usual: float
    usual_sd: float
    usual_n: int
    usual_is_personal: bool
    recent_mean: float
    points_above: float
    week_mean: float | None
    week_check_ins: int
    high_count: int
    high_at: int
    slope_per_day: float | None
    ewma: float | None
    cusum: float | None
    confidence: int | None
    raised_by: tuple[str, ...]
    careless: bool
    monthly_review: bool
    policy_version: str

    @property
    def reaches_list(self) -> bool:
        """Whether a coordinator sees it before the weekly list (amber and above)."""
        return self.severity.at_least(Severity.AMBER)

    def evidence(self) -> dict[str, object]:
        """Return what the flag stores, as plain JSON values."""
        return {
            "rules": list(self.rules),
            "leading": self.leading,
            "on": self.on.isoformat(),
            "since": self.since.isoformat(),
            "check_ins": self.check_ins,
            "latest": self.latest,
            "usual": round(self.usual, 4),
            "usual_sd": round(self.usual_sd, 4),
            "usual_n": self.usual_n,
            "usual_is_personal": self.usual_is_personal,
            "recent_mean": round(self.recent_mean, 4),
            "points_above": round(self.points_above, 4),
            "week_mean": _rounded(self.week_mean),
            "week_check_ins": self.week_check_ins,
            "high_count": self.high_count,
            "high_at": self.high_at,
            "slope_per_day": _rounded(self.slope_per_day),
            "ewma": _rounded(self.ewma),
            "cusum": _rounded(self.cusum),
            "confidence": self.confidence,
            "raised_by": list(self.raised_by),
            "careless": self.careless,
            "monthly_review": self.monthly_review,
            "policy_version": self.policy_version,
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """Every rule's result on a day, and what to raise; ``rise`` is None when there is nothing new to say."""

    results: tuple[RuleResult, ...]
    baseline: Baseline
    rise: Rise | None

    def fired(self, rule: str) -> bool:
        """Whether ``rule`` ("A" to "H") fired."""
        return any(result.rule == rule and result.fired for result in self.results)


def detect_rise(
    readings: Sequence[Reading], *, policy: Policy, on_day: date, context: Context | None = None
) -> Rise | None:
    """Return what ``assess`` would raise, None if nothing."""
    return assess(readings, policy=policy, on_day=on_day, context=context).rise


def assess(readings: Sequence[Reading], *, policy: Policy, on_day: date, context: Context | None = None) -> Assessment:
    """Judge one person's readings on ``on_day``, right after the latest of them came in.

    ``readings`` of one substance in order of day, best the last 95 days (fewer only
    weaken the recursive rules D and E); days after ``on_day`` are left out.
    Without a reading on ``on_day`` nothing fires: rules speak when an answer arrives.

    One rise at most: rule A is the kind ``craving_high``, the others are
    ``craving_rise``; the worse of the two, A when they are equal. It is raised
    again only 7 days after ``context.last_raised_on`` or at a higher severity. For
    28 days after A itself reached the list another A of that severity is info.
    """
    context = context or Context()
    seen = _observe(readings, policy=policy, on_day=on_day)
    if seen is None:
        empty = _baseline([], [], _Sums([]), on_day.toordinal(), policy)
        return Assessment((), empty, None)
    raised_by = _raised_by(seen, context, policy)
    severities = _severities(seen, raised_by, policy)
    if "A" in severities and _high_was_said(severities["A"], on_day, context, policy):
        severities["A"] = Severity.INFO
    results = tuple(
        RuleResult(rule, rule in severities, value, severities.get(rule))
        for rule, value in (
            ("A", seen.highest_today),
            ("B", seen.week_mean),
            ("C", seen.above),
            ("D", seen.ewma),
            ("E", seen.cusum),
            ("F", seen.slope),
            ("G", seen.high_of_three),
            ("H", len(raised_by)),
        )
    )
    rise = _rise(seen, severities, raised_by, policy, on_day)
    if rise is not None and _too_soon(rise.severity, on_day, context, policy):
        rise = None
    return Assessment(results, seen.baseline, rise)


@dataclass(slots=True)
class _Seen:
    """The numbers that the rules look at; None where there are too few answers."""

    days: Sequence[int]
    baseline: Baseline
    latest: int
    highest_today: int
    confidence: int | None
    usual_confidence: float | None
    recent_from: int
    recent_mean: float
    above: float | None
    week_from: int
    week_mean: float | None
    week_count: int
    slope_from: int
    slope: float | None
    ewma: float | None
    cusum: float | None
    cusum_alarm: bool
    drift_from: int
    drift_mean: float
    drift_usual: float
    high_of_three: int


def _observe(readings: Sequence[Reading], *, policy: Policy, on_day: date) -> _Seen | None:
    today = on_day.toordinal()
    days = [reading[0].toordinal() for reading in readings]
    end = bisect_right(days, today)
    if end == 0 or days[end - 1] != today:
        return None
    days = days[:end]
    values = [reading[1] for reading in readings[:end]]
    sums = _Sums(values)
    baseline = _baseline(days, values, sums, today, policy)
    drift = _drift(days, values, sums, policy)

    recent_from = max(0, end - policy.craving_last)
    enough = end >= policy.craving_last and today - days[recent_from] < policy.craving_last_days
    recent_mean = sums.mean(recent_from, end)
    week_from = bisect_left(days, today - policy.craving_week_days + 1)
    three_from = max(bisect_left(days, today - policy.craving_week_days + 1), end - 3)
    return _Seen(
        days=days,
        baseline=baseline,
        latest=values[-1],
        highest_today=max(values[bisect_left(days, today) :]),
        confidence=readings[end - 1].confidence,
        usual_confidence=_usual_confidence(readings, days, today, policy),
        recent_from=recent_from,
        recent_mean=recent_mean,
        above=recent_mean - baseline.mean if enough else None,
        week_from=week_from,
        week_mean=sums.mean(week_from, end),
        week_count=end - week_from,
        slope_from=bisect_left(days, today - policy.craving_slope_days + 1),
        slope=_slope(days, values, today, policy),
        ewma=drift.ewma,
        cusum=drift.cusum,
        cusum_alarm=drift.alarm,
        drift_from=drift.since,
        drift_mean=sums.mean(drift.since, end),
        drift_usual=drift.usual,
        high_of_three=sum(value >= policy.craving_two_of_three_at for value in values[three_from:]),
    )


def _severities(seen: _Seen, raised_by: Sequence[str], policy: Policy) -> dict[str, Severity]:
    """Return the severity of each rule that fires. The personal rules C to G need a personal baseline."""
    found: dict[str, Severity] = {}
    usual = seen.baseline
    near_high_usual = (
        usual.personal
        and usual.mean >= policy.craving_usual_high
        and seen.highest_today - usual.mean <= policy.craving_usual_high_within
    )
    # Fixed cuts say nothing new of somebody who is always there, nor of answers that look random.
    quiet = near_high_usual or usual.careless or (usual.personal and not policy.craving_list_fixed_cuts)
    fixed = Severity.INFO if quiet else Severity.AMBER

    if seen.highest_today >= policy.craving_high_at:
        found["A"] = _severity_of_a(seen, near_high_usual, policy)
    if (
        seen.week_mean is not None
        and seen.week_count >= policy.craving_week_min
        and seen.week_mean >= policy.craving_week_mean
    ):
        found["B"] = fixed
    if usual.personal:
        found |= _personal(seen, fixed, policy)
    if raised_by and ("A" in found or "C" in found):
        for rule in ("A", "C"):
            if rule in found:
                found[rule] = found[rule].raised()
        found["H"] = Severity.INFO
    return found


def _personal(seen: _Seen, fixed: Severity, policy: Policy) -> dict[str, Severity]:
    """Return the severities of the rules that need a personal baseline."""
    found: dict[str, Severity] = {}
    usual, above = seen.baseline, seen.above
    if above is not None and above >= max(policy.craving_rise_points, policy.craving_rise_sd * usual.sd):
        clear = above >= policy.craving_list_rise_sd * usual.steady_sd
        found["C"] = Severity.AMBER if clear else Severity.INFO
    if seen.ewma is not None and seen.ewma >= policy.craving_ewma_at:
        found["D"] = found.get("C", Severity.INFO)
    if seen.cusum_alarm:
        found["E"] = Severity.AMBER if policy.craving_list_drift else Severity.INFO
    if (
        seen.slope is not None
        and seen.slope >= policy.craving_slope_per_day
        and above is not None
        and above >= policy.craving_slope_rise
    ):
        found["F"] = Severity.INFO
    if seen.high_of_three >= 2:
        found["G"] = fixed
    return found


def _rise(
    seen: _Seen, severities: dict[str, Severity], raised_by: tuple[str, ...], policy: Policy, on_day: date
) -> Rise | None:
    most = worst(severities.values())
    if most is None:
        return None
    # In the order of what a coordinator understands first; A wins a tie since it wants an answer sooner.
    leading = next(rule for rule in "ACEGBDF" if severities.get(rule) is most)
    own_start = {"A": len(seen.days) - 1, "B": seen.week_from, "E": seen.drift_from, "F": seen.slope_from}
    first = own_start.get(leading, seen.recent_from)
    usual = seen.baseline
    recent_mean = seen.drift_mean if leading == "E" else seen.recent_mean
    own_usual = seen.drift_usual if leading == "E" else usual.mean
    return Rise(
        kind=FlagKind.CRAVING_HIGH if leading == "A" else FlagKind.CRAVING_RISE,
        severity=most,
        rules=tuple(sorted(severities)),
        leading=leading,
        on=on_day,
        since=date.fromordinal(seen.days[first]),
        check_ins=len(seen.days) - first,
        latest=seen.highest_today if leading == "A" else seen.latest,
        usual=own_usual,
        usual_sd=usual.sd,
        usual_n=usual.n,
        usual_is_personal=usual.personal,
        recent_mean=recent_mean,
        points_above=recent_mean - own_usual,
        week_mean=seen.week_mean,
        week_check_ins=seen.week_count,
        high_count=seen.high_of_three,
        high_at=policy.craving_two_of_three_at,
        slope_per_day=seen.slope,
        ewma=seen.ewma,
        cusum=seen.cusum,
        confidence=seen.confidence,
        raised_by=raised_by if "H" in severities else (),
        careless=usual.careless,
        monthly_review=most is Severity.INFO and usual.personal and usual.mean >= policy.craving_usual_high,
        policy_version=policy.version,
    )


def _severity_of_a(seen: _Seen, near_high_usual: bool, policy: Policy) -> Severity:
    if (
        seen.highest_today >= policy.craving_very_high_at
        and seen.confidence is not None
        and seen.confidence <= policy.craving_low_confidence
    ):
        return Severity.AMBER_PLUS
    usual = seen.baseline
    expected = usual.personal and seen.highest_today - usual.mean < policy.craving_list_high_sd * usual.steady_sd
    return Severity.INFO if near_high_usual or expected else Severity.AMBER


def _high_was_said(severity: Severity, on_day: date, context: Context, policy: Policy) -> bool:
    if context.high_raised_on is None or context.high_raised is None:
        return False
    if (on_day - context.high_raised_on).days >= policy.craving_high_again_days:
        return False
    return severity.rank <= context.high_raised.rank


def _too_soon(severity: Severity, on_day: date, context: Context, policy: Policy) -> bool:
    if context.last_raised_on is None:
        return False
    if (on_day - context.last_raised_on).days >= policy.craving_again_after_days:
        return False
    return context.last_raised is not None and severity.rank <= context.last_raised.rank


class _Sums:
    """Prefix sums, so that each of sixty moving baselines costs the same."""

    __slots__ = ("squares", "values")

    def __init__(self, values: Sequence[int]) -> None:
        total = square = 0
        self.values, self.squares = [0], [0]
        for value in values:
            total += value
            square += value * value
            self.values.append(total)
            self.squares.append(square)

    def mean(self, first: int, end: int) -> float:
        return (self.values[end] - self.values[first]) / (end - first)

    def around_mean(self, first: int, end: int) -> float:
        """Sum of squared distances from the mean."""
        total = self.values[end] - self.values[first]
        return max(0.0, self.squares[end] - self.squares[first] - total * total / (end - first))


def _baseline(days: Sequence[int], values: Sequence[int], sums: _Sums, today: int, policy: Policy) -> Baseline:
    first = bisect_left(days, today - policy.craving_baseline_from_days)
    end = bisect_right(days, today - policy.craving_baseline_to_days)
    n = end - first
    if n < policy.craving_baseline_min:
        # Pseudo-observations: few own answers only nudge what is usual for people.
        weight = policy.craving_prior_weight
        total = sums.values[end] - sums.values[first]
        mean = (policy.craving_prior_mean * weight + total) / (weight + n) if weight + n else 0.0
        sd = max(policy.craving_sd_floor, policy.craving_prior_sd)
        return Baseline(mean=mean, sd=sd, steady_sd=sd, n=n, personal=False)
    around = sums.around_mean(first, end)
    spread = sqrt(around / (n - 1))
    steps = sum(abs(values[i] - values[i - 1]) for i in range(first + 1, end)) / (n - 1)
    return Baseline(
        mean=sums.mean(first, end),
        sd=max(policy.craving_sd_floor, spread),
        steady_sd=_steady_sd(around, n, policy),
        n=n,
        personal=True,
        careless=spread >= policy.craving_careless_sd and steps >= policy.craving_careless_step,
    )


def _steady_sd(around: float, n: int, policy: Policy) -> float:
    weight, common = policy.craving_steady_weight, policy.craving_steady_sd
    return max(policy.craving_sd_floor, sqrt((around + weight * common * common) / (n - 1 + weight)))


class _Drift(NamedTuple):
    """EWMA and CUSUM after the newest reading; ``since`` is where the sum last began to rise."""

    ewma: float | None
    cusum: float | None
    alarm: bool
    since: int
    usual: float


def _drift(days: Sequence[int], values: Sequence[int], sums: _Sums, policy: Policy) -> _Drift:
    """Run EWMA (of z) and CUSUM (of z with the steady spread) over all readings.

    Each reading is judged by the baseline of its own day; one without a baseline
    leaves both as they were. The CUSUM starts again after an alarm. Its own mean
    reaches back further than the 35 days of the other rules: a drift is told from
    chance by how well the usual is known.
    """
    from_days, to_days = policy.craving_baseline_from_days, policy.craving_baseline_to_days
    long_days = max(from_days, policy.craving_drift_from_days)
    least, floor = policy.craving_baseline_min, policy.craving_sd_floor
    weight, slack, limit = policy.craving_ewma_weight, policy.craving_cusum_slack, policy.craving_cusum_at
    more = policy.craving_steady_weight
    common = more * policy.craving_steady_sd**2
    lowest = floor * floor
    totals, squares = sums.values, sums.squares
    ewma = cusum = shown = usual = 0.0
    seen = alarm = False
    long_first = first = end = since = 0
    for index, day in enumerate(days):
        while days[first] < day - from_days:
            first += 1
        while days[long_first] < day - long_days:
            long_first += 1
        while end < index and days[end] <= day - to_days:
            end += 1
        n = end - first
        alarm = False
        if n < least:
            continue
        total = totals[end] - totals[first]
        mean = total / n
        variance = (squares[end] - squares[first] - total * mean) / (n - 1)
        ewma += weight * ((values[index] - mean) / (sqrt(variance) if variance > lowest else floor) - ewma)
        if cusum == 0.0:
            since = index
        n = end - long_first
        total = totals[end] - totals[long_first]
        usual = total / n
        steady = (squares[end] - squares[long_first] - total * usual + common) / (n - 1 + more)
        z = (values[index] - usual) / (sqrt(steady) if steady > lowest else floor)
        cusum = max(0.0, cusum + z - slack)
        shown, seen, alarm = cusum, True, cusum >= limit
        if alarm:
            cusum = 0.0
    if not seen:
        return _Drift(None, None, False, max(0, len(days) - 1), 0.0)
    return _Drift(ewma, shown, alarm, since, usual)


def _slope(days: Sequence[int], values: Sequence[int], today: int, policy: Policy) -> float | None:
    """Least-squares slope in points a day over the last 10 days; None for too few answers or a single day."""
    first = bisect_left(days, today - policy.craving_slope_days + 1)
    n = len(days) - first
    if n < policy.craving_slope_min:
        return None
    xs, ys = [day - today for day in days[first:]], values[first:]
    mean_x, mean_y = sum(xs) / n, sum(ys) / n
    spread = sum((x - mean_x) ** 2 for x in xs)
    if spread == 0:
        return None
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread


def _usual_confidence(readings: Sequence[Reading], days: Sequence[int], today: int, policy: Policy) -> float | None:
    first = bisect_left(days, today - policy.craving_baseline_from_days)
    end = bisect_right(days, today - policy.craving_baseline_to_days)
    known = [reading[2] for reading in readings[first:end] if reading[2] is not None]
    return sum(known) / len(known) if len(known) >= policy.craving_baseline_min else None


def _raised_by(seen: _Seen, context: Context, policy: Policy) -> tuple[str, ...]:
    """Return what rule H adds: use, a fall of confidence, a dose stated as not taken."""
    fell = (
        seen.confidence is not None
        and seen.usual_confidence is not None
        and seen.usual_confidence - seen.confidence >= policy.craving_confidence_drop
    )
    reasons = (
        ("reported_use", context.reported_use),
        ("confidence_drop", fell),
        ("dose_missed", context.dose_missed),
    )
    return tuple(name for name, holds in reasons if holds)


def ewma(zs: Sequence[float], *, policy: Policy) -> list[float]:
    """Return the moving average after each z (C 6.4 D)."""
    out, level = [], 0.0
    for z in zs:
        level += policy.craving_ewma_weight * (z - level)
        out.append(level)
    return out


def cusum(zs: Sequence[float], *, policy: Policy) -> list[float]:
    """Return the cumulative sum after each z, starting again after an alarm (C 6.4 E)."""
    out, level = [], 0.0
    for z in zs:
        level = max(0.0, level + z - policy.craving_cusum_slack)
        out.append(level)
        if level >= policy.craving_cusum_at:
            level = 0.0
    return out


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
