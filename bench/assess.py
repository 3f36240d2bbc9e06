"""How long one craving assessment takes (60 days of readings), and 100,000 patients on two processes.

Rules only: what the database adds is another benchmark. One assessment is processor time; the 100,000 are
wall time. The alternative is the same rules written down as they are read, each day's usual counted again
from the answers; both must say the same.
"""

import argparse
import json
import math
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from statistics import fmean
from typing import Any

from bench.craving_score import DAY_0
from bench.craving_world import World, people
from bench.stats import flat, middle
from recovery.rules.cravings import Reading, assess
from recovery.rules.policy import Policy, default_policy

DAYS = 60
BAR_MICROSECONDS = 200.0
PATIENTS, PROCESSES, BAR_SECONDS = 100_000, 2, 120.0
BATCHES = 10
ROUNDS = 11
DIFFERENT = 200
SEED = 20262


def histories(number: int = DIFFERENT, *, seed: int = SEED) -> list[list[Reading]]:
    """Return ``number`` people's readings, one on each of 60 days: the most that a person can give once a day."""
    world = World(days=DAYS, response=1.0)
    return [
        [Reading(DAY_0 + timedelta(days=day), value) for day, value in one.lived().readings]
        for one in people(world, seed=seed, number=number)
    ]


def judge(readings: Sequence[Reading], policy: Policy) -> str:
    """Return the letters of the rules that fire, by the product."""
    found = assess(readings, policy=policy, on_day=readings[-1].day)
    return "".join(result.rule for result in found.results if result.fired)


def plain(readings: Sequence[Reading], policy: Policy) -> str:
    """Return the letters of the rules that fire, written as C 6.4 is read (A to G; H needs more than answers)."""
    today = readings[-1].day
    answers = [(reading.day, reading.value) for reading in readings if reading.day <= today]
    latest = max(value for day, value in answers if day == today)
    week = [value for day, value in answers if (today - day).days < policy.craving_week_days]
    last = answers[-policy.craving_last :]
    fired = "A" if latest >= policy.craving_high_at else ""
    if len(week) >= policy.craving_week_min and fmean(week) >= policy.craving_week_mean:
        fired += "B"
    usual = _usual(answers, today, policy)
    if usual is None:
        return fired
    mean, spread = usual
    close = len(last) == policy.craving_last and (today - last[0][0]).days < policy.craving_last_days
    above = fmean([value for _, value in last]) - mean if close else -math.inf
    if above >= max(policy.craving_rise_points, policy.craving_rise_sd * spread):
        fired += "C"
    level = total = 0.0
    alarm = False
    for day, value in answers:
        then = _usual(answers, day, policy)
        if then is None:
            alarm = False
            continue
        level += policy.craving_ewma_weight * ((value - then[0]) / then[1] - level)
        drift = _drift_usual(answers, day, policy)
        total = max(0.0, total + (value - drift[0]) / drift[1] - policy.craving_cusum_slack)
        alarm = total >= policy.craving_cusum_at
        total = 0.0 if alarm else total
    fired += "D" if level >= policy.craving_ewma_at else ""
    fired += "E" if alarm else ""
    if above >= policy.craving_slope_rise and _slope(answers, policy) >= policy.craving_slope_per_day:
        fired += "F"
    three = [value for _, value in answers[-3:] if value >= policy.craving_two_of_three_at]
    return fired + ("G" if len(three) >= 2 else "")


def _between(answers: Sequence[tuple[Any, int]], on: Any, from_days: int, policy: Policy) -> list[int]:
    return [value for day, value in answers if policy.craving_baseline_to_days <= (on - day).days <= from_days]


def _usual(answers: Sequence[tuple[Any, int]], on: Any, policy: Policy) -> tuple[float, float] | None:
    values = _between(answers, on, policy.craving_baseline_from_days, policy)
    if len(values) < policy.craving_baseline_min:
        return None
    mean = fmean(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return mean, max(policy.craving_sd_floor, spread)


def _drift_usual(answers: Sequence[tuple[Any, int]], on: Any, policy: Policy) -> tuple[float, float]:
    values = _between(answers, on, policy.craving_drift_from_days, policy)
    mean, weight = fmean(values), policy.craving_steady_weight
    around = sum((value - mean) ** 2 for value in values) + weight * policy.craving_steady_sd**2
    return mean, max(policy.craving_sd_floor, math.sqrt(around / (len(values) - 1 + weight)))


def _slope(answers: Sequence[tuple[Any, int]], policy: Policy) -> float:
    today = answers[-1][0]
    last = [((day - today).days, value) for day, value in answers if (today - day).days < policy.craving_slope_days]
    if len(last) < policy.craving_slope_min:
        return -math.inf
    mean_x, mean_y = fmean([x for x, _ in last]), fmean([y for _, y in last])
    spread = sum((x - mean_x) ** 2 for x, _ in last)
    return sum((x - mean_x) * (y - mean_y) for x, y in last) / spread if spread else -math.inf


def _timed(rule: Callable[[Sequence[Reading], Policy], str], many: Sequence[list[Reading]], policy: Policy) -> float:
    """Return microseconds of processor time a call: a rule waits for nothing, and others may use the machine."""
    began = time.process_time()
    for readings in many:
        rule(readings, policy)
    return (time.process_time() - began) / len(many) * 1e6


def _work(patients: int) -> int:
    """Judge ``patients`` people in this process; the readings were made before the clock started."""
    policy = default_policy()
    return sum(bool(judge(_MADE[number % len(_MADE)], policy)) for number in range(patients))


_MADE: list[list[Reading]] = []


def _prepare() -> None:
    _MADE.extend(histories())


def whole(patients: int = PATIENTS, processes: int = PROCESSES) -> list[float]:
    """Judge ``patients`` on ``processes`` and return the wall seconds of each of ten batches."""
    batch = patients // BATCHES
    with multiprocessing.get_context("spawn").Pool(processes, initializer=_prepare) as pool:
        pool.map(_work, [1] * processes * 4, chunksize=1)  # both are up and have their readings
        seconds = []
        for _ in range(BATCHES):
            began = time.perf_counter()
            pool.map(_work, [batch // (processes * 4)] * processes * 4, chunksize=1)
            seconds.append(time.perf_counter() - began)
    return seconds


def measure(*, rounds: int, with_whole: bool) -> dict[str, Any]:
    """Return the figures. Rounds of both ways alternate, so that a busy machine slows both."""
    policy, many = default_policy(), histories()
    differ = sum(judge(readings, policy) != plain(readings, policy) for readings in many)
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_timed(judge, many, policy))
        theirs.append(_timed(plain, many[: DIFFERENT // 10], policy))
    figure = middle(ours)
    figures: dict[str, Any] = {
        "interpreter": platform.python_version(),
        "cores": os.cpu_count(),
        "rounds": rounds,
        "readings": DAYS,
        "people_compared": len(many),
        "answers_that_differ": differ,
        **flat("assess_microseconds", figure, 1),
        **flat("plain_microseconds", middle(theirs), 1),
        **flat("times_faster", middle([other / own for own, other in zip(ours, theirs, strict=True)]), 1),
        "extrapolated_seconds_100000": round(figure[0] * PATIENTS / PROCESSES / 1e6, 1),
    }
    if with_whole:
        seconds = whole()
        figures |= {
            "patients": PATIENTS,
            "processes": PROCESSES,
            "measured_seconds_100000": round(sum(seconds), 1),
            **flat("scaled_batch_seconds_100000", tuple(BATCHES * each for each in middle(seconds)), 1),
        }
    figures["missed"] = [
        name
        for name, low, bar in (
            ("assess_microseconds", figures["assess_microseconds_lo"], BAR_MICROSECONDS),
            ("measured_seconds_100000", figures.get("scaled_batch_seconds_100000_lo", 0.0), BAR_SECONDS),
            ("answers_that_differ", differ, 0),
        )
        if low > bar
    ]
    return figures


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench assess", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="at least 9")
    parser.add_argument("--no-whole", action="store_true", help="leave out the run of 100,000 on two processes")
    options = parser.parse_args(argv)
    if options.rounds < 9:
        parser.error("At least 9 rounds (contract 8).")
    figures = measure(rounds=options.rounds, with_whole=not options.no_whole)
    if options.json:
        print(json.dumps(figures))
        return 1 if figures["missed"] else 0
    print(
        f"{figures['readings']} readings, {figures['rounds']} alternating rounds, Python {figures['interpreter']}, "
        f"{figures['cores']} cores. Processor time:"
    )
    for key, name, unit in (
        ("assess_microseconds", "one assessment", f"us (bar {BAR_MICROSECONDS:g})"),
        ("plain_microseconds", "the plain way", "us"),
        ("times_faster", "ratio in one run", "times"),
    ):
        print(f"  {name:<22}{figures[key]:>10.1f} ({figures[f'{key}_lo']:.1f}-{figures[f'{key}_hi']:.1f}) {unit}")
    print(f"  both ways differ for  {figures['answers_that_differ']:>10} of {figures['people_compared']} people")
    print(f"  100,000, extrapolated {figures['extrapolated_seconds_100000']:>10.1f} s on {PROCESSES} processes")
    if not options.no_whole:
        print(
            f"  100,000, really run   {figures['measured_seconds_100000']:>10.1f} s of wall time (bar {BAR_SECONDS:g})"
        )
    print("Missed: " + ", ".join(figures["missed"]) if figures["missed"] else "Held.")
    return 1 if figures["missed"] else 0
