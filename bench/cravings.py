"""Craving rules on made-up people: false alarms, planted rises found, and the ceiling (C 6.5, C 6.7).

Every rule A to H, and the set that reaches the list (amber and above) with the policy as it ships. The
people are made up by a published recipe; nothing here says what happens to real people, and nothing here
predicts a relapse. Seeds 23, 71 and 72 were used to tune the policy and are refused.
"""

import argparse
import json
import math
import platform
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.craving_score import (
    HIT_DAYS,
    LANES,
    LIST,
    CeilingPoint,
    Outcome,
    ceiling,
    outcome,
)
from bench.craving_world import Rise, World, people, trial_like
from bench.stats import flat, middle, rate, share
from bench.svg import Chart, Dot, Line
from recovery.rules.policy import Policy, default_policy, with_overrides

TUNING_SEEDS = (23, 71, 72)
SEED = 20261
PEOPLE = 4000
GRID_PEOPLE = 1000
BUDGET, LEAST_FOUND, LONGEST_DELAY = 5.0, 0.92, 6.0
SIZES = (Rise(2), Rise(3), Rise(4))
PLUS_3 = Rise(3)
GRID_RISES = tuple(Rise(points, built) for points in (2, 3, 4) for built in (3, 7, 14))
ORACLE_LIMITS = tuple(step / 100 for step in (*range(150, 240, 30), *range(240, 320, 5), *range(320, 600, 40)))
STRATA = ((0.0, 0.5, "below 50 %"), (0.5, 0.7, "50-69 %"), (0.7, 0.85, "70-84 %"), (0.85, 1.01, "85 % and more"))
DRAWING = Path(__file__).resolve().parent.parent / "docs" / "clinical" / "cravings.svg"

Figure = tuple[float, float, float]


def false_alarms(found: Iterable[Outcome], lane: str) -> Figure:
    """Return alarms per 100 patient-weeks of people in whom nothing was planted."""
    present = [one for one in found if one.weeks > 0]
    figure = rate([one.false_alarms[lane] for one in present], [one.weeks for one in present])
    return (100 * figure[0], 100 * figure[1], 100 * figure[2])


def caught(found: Iterable[Outcome], lane: str, rise: Rise, within: int = HIT_DAYS) -> Figure:
    """Return the share of planted rises with an alarm on days 0 to ``within`` - 1."""
    planted = [one.delays[rise] for one in found if rise in one.delays]
    return share(sum(each.get(lane, math.inf) < within for each in planted), len(planted))


def delay(found: Iterable[Outcome], lane: str, rise: Rise, within: int = HIT_DAYS) -> Figure:
    """Return the median days from the onset to the alarm, of the rises that were found."""
    return middle([each for one in found if (each := one.delays.get(rise, {}).get(lane, within)) < within])


def run(
    world: World, *, seed: int, number: int, rises: Sequence[Rise], policy: Policy, use_reported: bool = False
) -> list[Outcome]:
    """Judge ``number`` people of ``world``."""
    return [
        outcome(one, policy=policy, rises=rises, use_reported=use_reported)
        for one in people(world, seed=seed, number=number)
    ]


def at_rate(curve: Sequence[CeilingPoint], false_rate: float) -> CeilingPoint:
    """Return the most sensitive point of the ceiling with at most ``false_rate`` false alarms."""
    within = [point for point in curve if point.false_alarms <= false_rate]
    return max(within, key=lambda point: point.sensitivity[0]) if within else curve[-1]


def measure(*, seed: int, number: int, policy: Policy) -> tuple[dict[str, Any], list[Outcome], list[CeilingPoint]]:
    """Return the figures of the bars, and what they come from."""
    world = World()
    found = run(world, seed=seed, number=number, rises=SIZES, policy=policy)
    curve = ceiling(list(people(world, seed=seed, number=number)), rise=PLUS_3, limits=ORACLE_LIMITS)
    false = false_alarms(found, LIST)
    seen, wait = caught(found, LIST, PLUS_3), delay(found, LIST, PLUS_3)
    budget, same = at_rate(curve, BUDGET), at_rate(curve, false[0])
    missed = [
        name
        for name, is_missed in (
            ("false_alarms_per_100_patient_weeks", false[1] > BUDGET),
            ("sensitivity_14d_plus3", seen[2] < LEAST_FOUND),
            ("median_delay_days_plus3", wait[1] > LONGEST_DELAY),
        )
        if is_missed
    ]
    figures: dict[str, Any] = {
        "seed": seed,
        "people": number,
        "policy_version": policy.version,
        "interpreter": platform.python_version(),
        **flat("false_alarms_per_100_patient_weeks", false, 3),
        **flat("sensitivity_14d_plus3", seen),
        **flat("median_delay_days_plus3", wait, 1),
        **flat("oracle_sensitivity_14d_plus3", budget.sensitivity),
        "oracle_false_alarms_per_100_patient_weeks": round(budget.false_alarms, 3),
        "oracle_median_delay_days_plus3": middle(budget.delays)[0],
        **flat("oracle_sensitivity_at_same_false_alarms", same.sensitivity),
        "by_chance_14d": round(share(sum(one.by_chance[LIST] for one in found), len(found))[0], 4),
        "rules": {lane: _row(found, lane) for lane in LANES},
        "missed": missed,
    }
    return figures, found, curve


def _row(found: Sequence[Outcome], lane: str) -> dict[str, Any]:
    row: dict[str, Any] = flat("false_alarms", false_alarms(found, lane), 3)
    row["by_chance_14d"] = round(share(sum(one.by_chance[lane] for one in found), len(found))[0], 4)
    for rise in SIZES:
        row |= flat(f"sensitivity_plus{rise.points:g}", caught(found, lane, rise))
        middle_day = delay(found, lane, rise)[0]
        row[f"delay_plus{rise.points:g}"] = None if math.isnan(middle_day) else middle_day
    return row


def show(figures: Mapping[str, Any]) -> None:
    """Print the table of C 6.5."""
    print(f"{figures['people']} made-up people of C 6.5, seed {figures['seed']}, policy {figures['policy_version']}.")
    print("False alarms per 100 patient-weeks (95 %); share of planted rises found within 14 days / median day.")
    print(f"\n{'':<12}{'false alarms':>19}{'+2':>11}{'+3':>26}{'+4':>11}{'by chance':>11}")
    for lane, row in figures["rules"].items():
        if lane == "H":
            continue
        false = f"{row['false_alarms']:.2f} ({row['false_alarms_lo']:.2f}-{row['false_alarms_hi']:.2f})"
        cells = [f"{row[f'sensitivity_plus{n}']:.2f} / {_day(row[f'delay_plus{n}'])}" for n in (2, 4)]
        main = (
            f"{row['sensitivity_plus3']:.3f} ({row['sensitivity_plus3_lo']:.3f}-{row['sensitivity_plus3_hi']:.3f}) / "
            f"{_day(row['delay_plus3'])}"
        )
        name = "the list" if lane == LIST else lane
        print(f"{name:<12}{false:>19}{cells[0]:>11}{main:>26}{cells[1]:>11}{row['by_chance_14d']:>11.2f}")
    print("H            raises others after reported use, a fall of confidence or a stated missed dose: none here")
    ceiling_at = figures["oracle_false_alarms_per_100_patient_weeks"]
    print(
        "\nCeiling, CUSUM with each person's true mean and spread: "
        f"{figures['oracle_sensitivity_14d_plus3']:.3f} of +3 at {ceiling_at:.2f} false alarms, "
        f"median day {figures['oracle_median_delay_days_plus3']:g}; "
        f"{figures['oracle_sensitivity_at_same_false_alarms']:.3f} at no more than the list's."
    )
    print(
        f"Bar: at most {BUDGET:g} false alarms, {LEAST_FOUND:.0%} of +3 found, median {LONGEST_DELAY:g} days or less."
    )
    print(
        "Missed: " + ", ".join(figures["missed"])
        if figures["missed"]
        else "Held (a bar is missed when its interval excludes it)."
    )


def _day(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:g}"


def draw(figures: Mapping[str, Any], curve: Sequence[CeilingPoint]) -> str:
    """Return the operating chart as SVG."""
    rows = figures["rules"]
    return Chart(
        title="Planted +3 rises found within 14 days, and what that costs (made-up people)",
        x_name="false alarms per 100 patient-weeks",
        y_name="share of +3 rises found",
        x_most=12.5,
        y_most=1,
        x_bar=BUDGET,
        y_bar=LEAST_FOUND,
        dots=[
            Dot(
                row["false_alarms"],
                row["sensitivity_plus3"],
                "the list" if lane == LIST else lane,
                strong=lane == LIST,
                y_low=row["sensitivity_plus3_lo"],
                y_high=row["sensitivity_plus3_hi"],
            )
            for lane, row in rows.items()
            if lane != "H"
        ],
        lines=[Line([(p.false_alarms, p.sensitivity[0]) for p in curve], "the ceiling")],
    ).render()


# ---- The grid of C 6.7 -------------------------------------------------------------------------------------


def reference(number: int, seed: int, policy: Policy, **changes: Any) -> list[Outcome]:
    return run(trial_like(**changes), seed=seed, number=number, rises=(PLUS_3,), policy=policy)


def variants() -> dict[str, dict[str, Any]]:
    """Return what is changed in the world of C 6.7, one thing at a time; sizes without a source are assumptions."""
    return {
        "as C 6.7": {},
        "no answers lost on lapse days": {"missing_on_lapse": 0.0},
        "0.40 fewer answers on lapse days": {"missing_on_lapse": 0.40},
        "lapses steeper (ln 2.05 a point)": {"lapse_slope": math.log(2.05)},
        "lapses flatter (ln 1.17 a point)": {"lapse_slope": math.log(1.17)},
        "50 % answer, level": {"response": 0.5, "response_later": None, "response_sd": 0.0},
        "75 % answer, level": {"response": 0.75, "response_later": None, "response_sd": 0.0},
        "90 % answer, level": {"response": 0.9, "response_later": None, "response_sd": 0.0},
        "weekends 0.7 points higher": {"weekend": 0.7},
        "weekends 1.5 points higher": {"weekend": 1.5},
        "holidays: 3 days, 2 points, every 60": {"holiday": 2.0},
        "stated missed doses (rule H)": {"miss_run": 0.04},
        "reported use (rule H)": {"use_reported": True},
        "always types 8": {"answers": "always_8"},
        "types random numbers": {"answers": "random"},
    }


def grid(*, seed: int, number: int, policy: Policy, say: Callable[[str], None]) -> dict[str, Any]:
    """Return the whole grid: spread x persistence x rise, the variants, and the strata of each cell."""
    cells = []
    for spread in (1.0, 1.4, 2.0):
        for phi in (0.2, 0.4, 0.6):
            world = trial_like(sd_median=spread, phi=phi)
            found = run(world, seed=seed, number=number, rises=GRID_RISES, policy=policy)
            cells.append(
                {
                    "sd": spread,
                    "phi": phi,
                    "list": flat("false_alarms", false_alarms(found, LIST), 3),
                    "rules": {lane: round(false_alarms(found, lane)[0], 2) for lane in LANES if lane != "H"},
                    "rises": [_risen(found, rise) for rise in GRID_RISES],
                    "strata": strata(found),
                }
            )
            say(f"sd {spread} phi {phi}: done")
    one_by_one = []
    for name, changes in variants().items():
        options = dict(changes)
        reported = bool(options.pop("use_reported", False))
        found = run(
            trial_like(**options), seed=seed, number=number, rises=(PLUS_3,), policy=policy, use_reported=reported
        )
        one_by_one.append({"name": name, **_risen(found, PLUS_3), **flat("false_alarms", false_alarms(found, LIST), 3)})
        if name == "as C 6.7":
            one_by_one[-1]["after_a_flag"] = after_a_flag(found, trial_like().days)
        say(f"{name}: done")
    return {"seed": seed, "people": number, "policy_version": policy.version, "cells": cells, "variants": one_by_one}


def _risen(found: Sequence[Outcome], rise: Rise) -> dict[str, Any]:
    whole = max(HIT_DAYS, rise.lasts)
    wait = delay(found, LIST, rise, whole)[0]
    return {
        "points": rise.points,
        "built": rise.built,
        **flat("sensitivity_7d", caught(found, LIST, rise, 7)),
        **flat("sensitivity_14d", caught(found, LIST, rise)),
        **flat("sensitivity_whole", caught(found, LIST, rise, whole)),
        "median_delay": None if math.isnan(wait) else wait,
    }


def strata(found: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return the same figures by how much people answered, and by where their usual lies."""
    groups: list[tuple[str, list[Outcome]]] = [
        (name, [one for one in found if one.weeks > 0 and low <= one.answered < high]) for low, high, name in STRATA
    ]
    groups += [(f"usual: {name}", [one for one in found if one.group == name]) for name in ("floor", "low", "high")]
    return [
        {
            "name": name,
            "people": len(group),
            **flat("false_alarms", false_alarms(group, LIST), 3),
            **flat("sensitivity_14d_plus3", caught(group, LIST, PLUS_3)),
        }
        for name, group in groups
        if len(group) >= 2
    ]


def after_a_flag(found: Sequence[Outcome], days: int) -> dict[str, float]:
    """Return how often a lapse follows within 7 days of a flag on the list, and of any day."""
    flags = followed = 0
    person_days = base = first_lapses = announced = 0
    for one in found:
        lapses = sorted(one.lapse_days)
        flags += len(one.alarm_days)
        followed += sum(any(day < lapse <= day + 7 for lapse in lapses) for day in one.alarm_days)
        last_day = 29 + round(one.weeks * 7)
        person_days += max(0, last_day - 29)
        base += sum(any(day < lapse <= day + 7 for lapse in lapses) for day in range(29, last_day))
        if lapses and 36 <= lapses[0] < days:
            first_lapses += 1
            announced += any(lapses[0] - 7 <= day < lapses[0] for day in one.alarm_days)
    return {
        "lapse_within_7_days_of_a_flag": round(followed / flags, 4) if flags else 0.0,
        "lapse_within_7_days_of_any_day": round(base / person_days, 4) if person_days else 0.0,
        "first_lapses_with_a_flag_in_the_7_days_before": round(announced / first_lapses, 4) if first_lapses else 0.0,
        "first_lapses": first_lapses,
    }


def show_grid(figures: Mapping[str, Any]) -> None:
    """Print the grid as Markdown, whole."""
    print(
        f"{figures['people']} made-up people of C 6.7 in each cell, seed {figures['seed']}, "
        f"policy {figures['policy_version']}. FA: false alarms per 100 patient-weeks.\n"
    )
    print("| SD | phi | FA list (95 %) | A | B | C | D | E | F | G |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for cell in figures["cells"]:
        rules = " | ".join(f"{cell['rules'][rule]:.1f}" for rule in "ABCDEFG")
        print(f"| {cell['sd']} | {cell['phi']} | {_interval(cell['list'], 'false_alarms', 1)} | {rules} |")
    print("\nShare of planted rises on the list within 7 days / 14 days / by the rise's last day, median day:\n")
    names = [f"+{rise.points:g} over {rise.built}" for rise in GRID_RISES]
    print("| SD | phi | " + " | ".join(names) + " |")
    print("|---|---|" + "---|" * len(names))
    for cell in figures["cells"]:
        risen = " | ".join(
            f"{row['sensitivity_7d']:.2f} / {row['sensitivity_14d']:.2f} / {row['sensitivity_whole']:.2f}, "
            f"{_day(row['median_delay'])}"
            for row in cell["rises"]
        )
        print(f"| {cell['sd']} | {cell['phi']} | {risen} |")
    print("\nBy how much people answered and by their usual (people: FA; +3 over 7 within 14 days):\n")
    names = [name for _, _, name in STRATA] + ["usual: floor", "usual: low", "usual: high"]
    print("| SD | phi | " + " | ".join(names) + " |")
    print("|---|---|" + "---|" * len(names))
    for cell in figures["cells"]:
        by_name = {row["name"]: row for row in cell["strata"]}
        found = (by_name.get(name) for name in names)
        print(
            f"| {cell['sd']} | {cell['phi']} | "
            + " | ".join(
                f"{row['people']}: {row['false_alarms']:.1f}; {row['sensitivity_14d_plus3']:.2f}" if row else "-"
                for row in found
            )
            + " |"
        )
    print("\nOne thing changed at a time (SD 1.4, phi 0.4; +3 over 7 days):\n")
    print("| world | FA list (95 %) | within 7 days | within 14 days (95 %) | median day |")
    print("|---|---|---|---|---|")
    for row in figures["variants"]:
        print(
            f"| {row['name']} | {_interval(row, 'false_alarms', 1)} | {row['sensitivity_7d']:.2f} | "
            f"{_interval(row, 'sensitivity_14d', 2)} | {_day(row['median_delay'])} |"
        )
    after = figures["variants"][0]["after_a_flag"]
    print(
        f"\nAfter a flag on the list a lapse came within 7 days in {after['lapse_within_7_days_of_a_flag']:.1%}, "
        f"after any day in {after['lapse_within_7_days_of_any_day']:.1%}. Of {after['first_lapses']} first lapses, "
        f"{after['first_lapses_with_a_flag_in_the_7_days_before']:.1%} had a flag in the 7 days before. "
        "A flag asks somebody to check in; it foretells nothing."
    )


def _interval(row: Mapping[str, float], key: str, digits: int) -> str:
    return f"{row[key]:.{digits}f} ({row[f'{key}_lo']:.{digits}f}-{row[f'{key}_hi']:.{digits}f})"


# ---- Other sets ----------------------------------------------------------------------------------------------

_DECISION_8: dict[str, Any] = {
    "craving_list_high_sd": 2.5,
    "craving_list_rise_sd": 2.1,
    "craving_cusum_at": 4.0,
    "craving_high_again_days": 0,
}
SETS: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "as decision 8 had it": _DECISION_8,
    "C 6.4 and S 17, no budget": {
        "craving_high_again_days": 0,
        "craving_list_rise_sd": 0.0,
        "craving_list_fixed_cuts": True,
        "craving_list_drift": False,
    },
    "A alone": {"craving_list_rise_sd": 10.0, "craving_list_drift": False},
    "A alone, again after 7 days": {
        "craving_list_rise_sd": 10.0,
        "craving_list_drift": False,
        "craving_high_again_days": 0,
    },
    "shipped, A again after 7 days": {"craving_high_again_days": 0},
    "shipped, E as in C 6.4": {"craving_cusum_at": 4.0},
    "shipped, E as in C 6.4, C as in decision 8": {"craving_cusum_at": 4.0, "craving_list_rise_sd": 2.1},
    "shipped, E as in C 6.4, without C": {"craving_cusum_at": 4.0, "craving_list_rise_sd": 10.0},
    "shipped without E": {"craving_list_drift": False},
    "shipped with every C": {"craving_list_rise_sd": 0.0},
}


def show_sets(*, seed: int, number: int) -> None:
    """Print what other choices of what reaches the list would do."""
    print(f"{number} made-up people of C 6.5, seed {seed}.\n")
    print("| what reaches the list | FA (95 %) | +3 within 14 days (95 %) | median day |\n|---|---|---|---|")
    for name, overrides in SETS.items():
        policy = with_overrides(default_policy(), overrides) if overrides else default_policy()
        found = run(World(), seed=seed, number=number, rises=(PLUS_3,), policy=policy)
        seen, false = flat("s", caught(found, LIST, PLUS_3)), flat("f", false_alarms(found, LIST), 3)
        middle_day = _day(delay(found, LIST, PLUS_3)[0])
        print(f"| {name} | {_interval(false, 'f', 2)} | {_interval(seen, 's', 3)} | {middle_day} |", flush=True)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench cravings", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--people", type=int, default=None, help=f"default {PEOPLE}; with --grid {GRID_PEOPLE} a cell")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--grid", action="store_true", help="the whole grid of C 6.7 (about ten minutes)")
    parser.add_argument("--sets", action="store_true", help="other choices of what reaches the list")
    parser.add_argument(
        "--svg", nargs="?", type=Path, const=DRAWING, help="write the chart (docs/clinical/cravings.svg)"
    )
    options = parser.parse_args(argv)
    if options.seed in TUNING_SEEDS:
        parser.error(f"Seed {options.seed} was used to tune the policy; a bar is measured on others.")
    if options.people is not None and options.people < 2:
        parser.error("An interval needs at least two people.")
    policy = default_policy()
    if options.sets:
        show_sets(seed=options.seed, number=options.people or PEOPLE)
        return 0
    if options.grid:
        figures = grid(
            seed=options.seed,
            number=options.people or GRID_PEOPLE,
            policy=policy,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )
        print(json.dumps(figures)) if options.json else show_grid(figures)
        return 0
    began = time.perf_counter()
    figures, _, curve = measure(seed=options.seed, number=options.people or PEOPLE, policy=policy)
    figures["seconds"] = round(time.perf_counter() - began, 1)
    if options.svg is not None:
        options.svg.write_text(draw(figures, curve), encoding="utf-8")
    if options.json:
        print(json.dumps(figures))
    else:
        show(figures)
    return 1 if figures["missed"] else 0
