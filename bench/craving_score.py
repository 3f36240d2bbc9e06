"""How the craving rules are scored on made-up people: false alarms, planted rises found, and how fast.

``assess`` is called as the service calls it: after every answer, with the readings of the same number of
days, and with what was raised last. An alarm of a single rule has the 7 quiet days of C 6.4 of its own.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from bench.craving_world import FIRST_JUDGED, Days, Person, Rise, typed_moments
from bench.stats import share
from recovery.rules.cravings import Context, Reading, assess
from recovery.rules.policy import Policy
from recovery.rules.states import Severity

RULES = ("A", "B", "C", "D", "E", "F", "G", "H")
LIST = "list"
A_OR_B_OR_C = "A or B or C"
LANES = (*RULES, A_OR_B_OR_C, LIST)
READ_DAYS = 96
"""How far back the service reads; a test holds this to what it does."""
HIT_DAYS = 14
DAY_0 = date(2026, 1, 1)


@dataclass(slots=True)
class State:
    """What is remembered between two answers: the last alarm of each lane, and what was raised."""

    last: dict[str, int] = field(default_factory=dict)
    raised_on: date | None = None
    raised: Severity | None = None
    high_raised_on: date | None = None
    high_raised: Severity | None = None

    def copy(self) -> "State":
        return replace(self, last=dict(self.last))


@dataclass(frozen=True, slots=True)
class Alarm:
    day: int
    lane: str


def walk(
    said: Days,
    *,
    policy: Policy,
    first: int,
    until: int,
    state: State,
    use_reported: bool = False,
) -> list[Alarm]:
    """Judge every answer on days ``first`` to ``until`` - 1 and return the alarms; ``state`` is carried on."""
    readings = [Reading(DAY_0 + timedelta(days=day), value) for day, value in said.readings]
    numbers = [day for day, _ in said.readings]
    quiet = policy.craving_again_after_days
    alarms = []
    for index in range(bisect_left(numbers, first), bisect_left(numbers, until)):
        day, on_day = numbers[index], readings[index].day
        context = Context(
            reported_use=use_reported and any(day - quiet <= lapse <= day for lapse in said.lapses),
            dose_missed=any(day - quiet < missed <= day for missed in said.missed_doses),
            last_raised_on=state.raised_on,
            last_raised=state.raised,
            high_raised_on=state.high_raised_on,
            high_raised=state.high_raised,
        )
        window = readings[bisect_left(numbers, day - READ_DAYS) : index + 1]
        found = assess(window, policy=policy, on_day=on_day, context=context)
        fired = {result.rule for result in found.results if result.fired}
        if fired & {"A", "B", "C"}:
            fired.add(A_OR_B_OR_C)
        for lane in fired:
            if day - state.last.get(lane, -quiet) >= quiet:
                state.last[lane] = day
                alarms.append(Alarm(day, lane))
        if found.rise is not None:
            state.raised_on, state.raised = on_day, found.rise.severity
            if found.rise.reaches_list:
                alarms.append(Alarm(day, LIST))
                if found.rise.leading == "A":
                    state.high_raised_on, state.high_raised = on_day, found.rise.severity
    return alarms


@dataclass(slots=True)
class Outcome:
    """One person: the alarms without a rise, and for each planted rise the first alarm of each lane."""

    group: str
    weeks: float
    answered: float
    """Share of the judged days with an answer."""
    false_alarms: dict[str, int]
    by_chance: dict[str, bool]
    """Whether a lane spoke in the window of a rise although nothing was planted."""
    delays: dict[Rise, dict[str, int]]
    """Days from the onset to the first alarm up to the end of the rise; nothing for who had left by then."""
    alarm_days: tuple[int, ...]
    lapse_days: frozenset[int]


def outcome(
    one: Person, *, policy: Policy, rises: Sequence[Rise], use_reported: bool = False, first: int = FIRST_JUDGED
) -> Outcome:
    """Judge one person without a rise and with each of ``rises``.

    Up to the onset both runs are the same answers, so they share that part.
    """
    end = min(one.world.days, one.left_on)
    still = one.lived()
    state = State()
    before = walk(still, policy=policy, first=first, until=min(one.onset, end), state=state, use_reported=use_reported)
    at_onset = state.copy()
    after = walk(still, policy=policy, first=one.onset, until=end, state=state, use_reported=use_reported)
    alarms = before + after
    delays: dict[Rise, dict[str, int]] = {}
    for rise in rises:
        until = one.onset + max(HIT_DAYS, rise.lasts)
        if until > end:
            continue
        found: dict[str, int] = {}
        planted = one.lived(rise)
        for alarm in walk(
            planted, policy=policy, first=one.onset, until=until, state=at_onset.copy(), use_reported=use_reported
        ):
            found.setdefault(alarm.lane, alarm.day - one.onset)
        delays[rise] = found
    judged = max(0, end - first)
    return Outcome(
        group=one.group,
        weeks=judged / 7,
        answered=sum(day >= first for day, _ in still.readings) / judged if judged else 0.0,
        false_alarms={lane: sum(alarm.lane == lane for alarm in alarms) for lane in LANES},
        by_chance={lane: any(a.lane == lane and a.day < one.onset + HIT_DAYS for a in after) for lane in LANES},
        delays=delays,
        alarm_days=tuple(alarm.day for alarm in alarms if alarm.lane == LIST),
        lapse_days=still.lapses,
    )


# ---- The ceiling -----------------------------------------------------------------------------------------

ORACLE_SLACK = 0.75
ORACLE_FLOOR = 1.0


@dataclass(frozen=True, slots=True)
class Oracle:
    """CUSUM that knows each person's true mean and spread, as no product can; limits are tried at once."""

    limits: tuple[float, ...]

    def first_alarms(self, one: Person, rise: Rise | None) -> list[list[int]]:
        """Return the alarm days for each limit, from the onset to day 13 when a rise is planted."""
        mean, spread = typed_moments(one.mean, one.sd)
        spread = max(ORACLE_FLOOR, spread)
        steps = [(day, (value - mean) / spread - ORACLE_SLACK) for day, value in one.lived(rise).readings]
        return [self._run(steps, limit) for limit in self.limits]

    @staticmethod
    def _run(steps: Iterable[tuple[int, float]], limit: float) -> list[int]:
        level, last, alarms = 0.0, -HIT_DAYS, []
        for day, step in steps:
            level = max(0.0, level + step)
            if level >= limit:
                level = 0.0
                if day >= FIRST_JUDGED and day - last >= 7:
                    last = day
                    alarms.append(day)
        return alarms


@dataclass(frozen=True, slots=True)
class CeilingPoint:
    limit: float
    false_alarms: float
    sensitivity: tuple[float, float, float]
    delays: tuple[int, ...]


def ceiling(many: Sequence[Person], *, rise: Rise, limits: Sequence[float]) -> list[CeilingPoint]:
    """Return false alarms per 100 patient-weeks and what is found in 14 days, for each limit."""
    oracle = Oracle(tuple(limits))
    false = [0] * len(limits)
    delays: list[list[int]] = [[] for _ in limits]
    weeks = 0.0
    for one in many:
        weeks += (min(one.world.days, one.left_on) - FIRST_JUDGED) / 7
        for place, days in enumerate(oracle.first_alarms(one, None)):
            false[place] += len(days)
        for place, days in enumerate(oracle.first_alarms(one, rise)):
            in_time = [day - one.onset for day in days if 0 <= day - one.onset < HIT_DAYS]
            if in_time:
                delays[place].append(in_time[0])
    return [
        CeilingPoint(limit, 100 * false[place] / weeks, share(len(delays[place]), len(many)), tuple(delays[place]))
        for place, limit in enumerate(limits)
    ]
