"""Made-up people who answer a craving question once a day: the generators of C 6.5 and C 6.7.

Every person comes from the seed and an own number, so that the first hundred of a large run are the
people of a small one. A planted rise is laid over the same latent days and the same dice: what differs
between the stationary and the planted run of a person is the rise, and nothing else.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

PERSISTENCE = 1 / 3  # P(answer | answered) - P(answer | missed); with 75 % response 0.5 after a miss (C 6.5)
SURVIVAL = ((1, 1.0), (2, 0.95), (3, 0.91), (4, 0.86), (5, 0.82), (6, 0.80), (11, 0.64))  # C 6.7, by month
MONTH_DAYS = 30
FIRST_JUDGED = 29
HELD_DAYS = 7


@dataclass(frozen=True, slots=True)
class Rise:
    """A planted rise: ``points`` above the person's own level, built over ``built`` days and held 7."""

    points: float
    built: int = 7

    def at(self, since_onset: int) -> float:
        """Points on day ``since_onset`` (0 is the first day on which anything is added)."""
        if not 0 <= since_onset < self.lasts:
            return 0.0
        return self.points * min(1.0, (since_onset + 1) / self.built)

    @property
    def lasts(self) -> int:
        return self.built + HELD_DAYS


@dataclass(frozen=True, slots=True)
class World:
    """What people are like. The defaults are C 6.5; ``trial_like`` is C 6.7."""

    days: int = 120
    phi: float = 0.4
    sd_median: float = 1.4
    response: float = 0.75
    response_later: float | None = None
    """Response in month 12, falling in a straight line; None keeps it level."""
    response_sd: float = 0.0
    """Spread of the response between people."""
    dropout: bool = False
    lapse_slope: float | None = None
    """Log-odds of a lapse per point of craving (C 6.7); None: nobody lapses."""
    missing_on_lapse: float = 0.0
    """How much lower the response is on the day of a lapse."""
    weekend: float = 0.0
    """Points added on two days of seven."""
    holiday: float = 0.0
    """Points added on three days in a row, every 60 days."""
    miss_run: float = 0.0
    """Chance a day that a run of stated missed doses begins; runs are geometric with a mean of two days."""
    answers: str = "own"
    """``own``, ``always_8`` or ``random``: how people type."""


def trial_like(**changes: object) -> World:
    """Return the world of C 6.7: 180 days, falling response, dropout, lapses that cost answers."""
    base: dict[str, object] = {
        "days": 180,
        "response": 0.82,
        "response_later": 0.71,
        "response_sd": 0.18,
        "dropout": True,
        "lapse_slope": math.log(1.30),
        "missing_on_lapse": 0.15,
    }
    return World(**(base | changes))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Days:
    """What one person said: ``day, value`` in order, and on which days they lapsed or missed a dose."""

    readings: list[tuple[int, int]]
    lapses: frozenset[int]
    missed_doses: frozenset[int]


@dataclass(frozen=True, slots=True)
class Person:
    """One made-up person: the true parameters, the latent days and the dice."""

    world: World
    group: str
    mean: float
    sd: float
    response: float
    """Own response in the first month, before dropout and lapses."""
    left_on: int
    lapse_base: float
    latent: list[float]
    dice: list[tuple[float, float, float]]
    """Per day: answer, lapse, random answer."""
    missed_doses: frozenset[int]
    onset: int

    def lived(self, rise: Rise | None = None) -> Days:
        """Return what the person said, with a rise from ``onset`` or without."""
        world = self.world
        readings: list[tuple[int, int]] = []
        lapses: list[int] = []
        answered = self.dice[0][0] < self.response
        for day, level in enumerate(self.latent):
            if day >= self.left_on:
                break
            true = level + (rise.at(day - self.onset) if rise is not None else 0.0)
            lapsed = False
            answer_die, lapse_die, typed_die = self.dice[day]
            if world.lapse_slope is not None:
                again = bool(lapses) and day - lapses[-1] <= 7
                odds = self.lapse_base + world.lapse_slope * (min(10.0, max(0.0, true)) - 2) + (1.0 if again else 0.0)
                lapsed = lapse_die < 1 / (1 + math.exp(-odds))
                if lapsed:
                    lapses.append(day)
            rate = self._response_on(day) - (world.missing_on_lapse if lapsed else 0.0)
            if day > 0:
                chance = rate + PERSISTENCE * ((1.0 if answered else 0.0) - rate)
                answered = answer_die < chance
            if answered:
                readings.append((day, self._typed(true, typed_die)))
        return Days(readings, frozenset(lapses), self.missed_doses)

    def _response_on(self, day: int) -> float:
        later = self.world.response_later
        if later is None:
            return self.response
        fallen = (self.world.response - later) * (day / MONTH_DAYS) / 11
        return min(0.98, max(0.05, self.response - fallen))

    def _typed(self, true: float, die: float) -> int:
        if self.world.answers == "always_8":
            return 8
        if self.world.answers == "random":
            return int(die * 11)
        return max(0, min(10, round(true)))


def person(world: World, *, seed: int, number: int) -> Person:
    """Return person ``number`` of ``seed``."""
    rng = random.Random(f"{seed}/{number}")
    kind = rng.random()
    if kind < 0.35:
        group, mean, share = "floor", rng.gauss(0.2, 0.5), 0.7
    elif kind < 0.80:
        group, mean, share = "low", rng.gauss(2.0, 1.0), 1.0
    else:
        group, mean, share = "high", rng.gauss(4.5, 1.2), 1.0
    sd = share * min(3.0, max(0.4, rng.lognormvariate(math.log(world.sd_median), 0.35)))
    response = world.response
    if world.response_sd:
        response = min(0.98, max(0.05, rng.gauss(world.response, world.response_sd)))
    left_on = _left_on(rng.random(), world)
    lapse_base = rng.gauss(-7.2, 2.5)
    onset = rng.randrange(50, 90) if world.days <= 120 else rng.randrange(50, world.days - 30)
    first_weekday = rng.randrange(7)
    holiday_from = rng.randrange(60)
    innovation = sd * math.sqrt(1 - world.phi**2)
    latent, dice, missed = [], [], set()
    away, in_run = rng.gauss(0, sd), False
    for day in range(world.days):
        extra = world.weekend if (day + first_weekday) % 7 >= 5 else 0.0
        extra += world.holiday if (day + holiday_from) % 60 < 3 else 0.0
        latent.append(mean + away + extra)
        away = world.phi * away + rng.gauss(0, innovation)
        dice.append((rng.random(), rng.random(), rng.random()))
        in_run = rng.random() < (0.5 if in_run else world.miss_run)
        if in_run:
            missed.add(day)
    return Person(
        world=world,
        group=group,
        mean=mean,
        sd=sd,
        response=response,
        left_on=left_on,
        lapse_base=lapse_base,
        latent=latent,
        dice=dice,
        missed_doses=frozenset(missed),
        onset=onset,
    )


def people(world: World, *, seed: int, number: int) -> Iterator[Person]:
    """Yield people 0 to ``number`` - 1."""
    return (person(world, seed=seed, number=each) for each in range(number))


def _left_on(die: float, world: World) -> int:
    """Return the day on which somebody stops answering for good, the end of the run for most."""
    if not world.dropout:
        return world.days
    for (month, stay), (later, stay_later) in pairwise(SURVIVAL):
        if die > stay_later:
            share = (stay - die) / (stay - stay_later)
            return int(MONTH_DAYS * (month + share * (later - month)))
    return world.days


def typed_moments(mean: float, sd: float) -> tuple[float, float]:
    """Return the mean and spread of what is typed: a normal level, rounded and held within 0 to 10."""
    edges = [0.0, *(_normal((value + 0.5 - mean) / sd) for value in range(10)), 1.0]
    shares = [edges[value + 1] - edges[value] for value in range(11)]
    first = sum(value * share for value, share in enumerate(shares))
    second = sum(value * value * share for value, share in enumerate(shares))
    return first, math.sqrt(max(0.0, second - first * first))


def _normal(z: float) -> float:
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))
