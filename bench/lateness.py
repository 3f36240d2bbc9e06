"""Late visits and what followed, on real people (E2): the plain rules, an explainable set, and the frontier.

Needs a folder of the open trial records: as an argument, or in TRIAL_DATA_DIR. Nothing of it is in the product.
Descriptive, not causal, and no prediction: it says where a phone call could have gone before it was too late.
A relapse counts missing samples as positive, so rules built on missed visits are partly circular.
"""

import argparse
import json
import os
import platform
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from statistics import median
from typing import Any

from bench.stats import bootstrap, flat, share
from bench.trial_weeks import BUPRENORPHINE, NALTREXONE, WEEKS, NoTrial, Participant, load

FROM_WEEK = 4
LATER = 5
TARGET_SENSITIVITY, TARGET_SPECIFICITY, TARGET_FLAGGED = 0.60, 0.50, 10.0
SEED, ROUNDS, FOLDS, REPEATS = 20263, 1000, 10, 20
ROOM = 0.05
"""What a training fold keeps free below the target: people it has not seen are a little worse."""
BUDGETS = (2.5, 5.0, 7.5, 10.0, 15.0, 20.0)

Figure = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Week:
    """What is known at the start of a week: signs of the weeks before, and injections."""

    number: int
    signs: str
    since_injection: int | None
    injections: int
    had_late: bool
    used_days_ago: int | None


CONDITIONS: dict[str, Callable[[Week], bool]] = {
    "missed last week's visit": lambda w: w.signs[-1:] == "o",
    "missed two visits in a row": lambda w: w.signs[-2:] == "oo",
    "missed two of the last three": lambda w: w.signs[-3:].count("o") >= 2,
    "missed two of the last four": lambda w: w.signs[-4:].count("o") >= 2,
    "opioid found last week": lambda w: w.signs[-1:] in ("+", "*"),
    "opioid found in the last four weeks": lambda w: any(sign in "+*" for sign in w.signs[-4:]),
    "use reported in the last 7 days": lambda w: w.used_days_ago is not None and w.used_days_ago <= 7,
    "use reported in the last 28 days": lambda w: w.used_days_ago is not None and w.used_days_ago <= 28,
    "22 or more days since injection": lambda w: w.since_injection is not None and w.since_injection >= 22,
    "25 or more days since injection": lambda w: w.since_injection is not None and w.since_injection >= 25,
    "29 or more days since injection": lambda w: w.since_injection is not None and w.since_injection >= 29,
    "32 or more days since injection": lambda w: w.since_injection is not None and w.since_injection >= 32,
    "36 or more days since injection": lambda w: w.since_injection is not None and w.since_injection >= 36,
    "no injection yet": lambda w: w.injections == 0,
    "one injection so far": lambda w: w.injections == 1,
    "up to two injections so far": lambda w: w.injections <= 2,
    "up to three injections so far": lambda w: w.injections <= 3,
    "an earlier gap above 31 days": lambda w: w.had_late,
    "within the first 12 weeks": lambda w: w.number <= 12,
}

PLAIN: dict[str, tuple[tuple[tuple[str, ...], ...], tuple[float, float, float, float]]] = {
    "one missed weekly visit": ((("missed last week's visit",),), (0.48, 0.75, 0.10, 19.9)),
    "two missed in a row": ((("missed two visits in a row",),), (0.19, 0.29, 0.65, 3.9)),
    "opioid-positive or mixed": ((("opioid found last week",),), (0.13, 0.20, 0.70, 2.8)),
    "29 days or more since injection": ((("29 or more days since injection",),), (0.22, 0.35, 0.42, 7.3)),
    "32 days or more": ((("32 or more days since injection",),), (0.16, 0.25, 0.64, 5.2)),
    "36 days or more": ((("36 or more days since injection",),), (0.09, 0.14, 0.80, 3.4)),
    "missed or positive or 29 days": (
        (("missed last week's visit",), ("opioid found last week",), ("29 or more days since injection",)),
        (0.55, 0.86, 0.05, 28.1),
    ),
}
"""The rules of E2 with its figures: sensitivity of all and of onsets from week 5, specificity, flagged weeks."""

Clause = tuple[str, ...]
RuleSet = tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One person: the judged weeks, and for each condition a bit per week on which it holds."""

    relapse_week: int | None
    weeks: int
    holds: Mapping[str, int]

    def flags(self, rules: RuleSet) -> int:
        """Return the weeks flagged by any clause (all of its conditions), as bits."""
        found = 0
        for clause in rules:
            bits = (1 << self.weeks) - 1
            for condition in clause:
                bits &= self.holds[condition]
            found |= bits
        return found

    @property
    def later(self) -> bool:
        return self.relapse_week is not None and self.relapse_week >= LATER


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule did for one person; shares when it is an average of repeats."""

    relapsed: bool
    later: bool
    flagged: float
    weeks_flagged: float
    weeks: int


def case(one: Participant, *, from_week: int = FROM_WEEK, same_week: bool = False) -> Case:
    """Return the person's judged weeks: from ``from_week`` to before the relapse run, or to week 24.

    A flag of the week in which the run begins is too late, unless ``same_week``: it stands on that week's
    first day.
    """
    last = WEEKS
    if one.relapse_week is not None:
        last = one.relapse_week if same_week else one.relapse_week - 1
    known = [_week(one, number) for number in range(from_week, last + 1)]
    holds = {
        name: sum(1 << place for place, week in enumerate(known) if condition(week))
        for name, condition in CONDITIONS.items()
    }
    return Case(one.relapse_week, len(known), holds)


def _week(one: Participant, number: int) -> Week:
    day = one.begins(number)
    given = [each for each in one.injections if each < day]
    used = [day - each for each in one.used if each < day]
    return Week(
        number=number,
        signs=one.word[: number - 1],
        since_injection=day - given[-1] if given else None,
        injections=len(given),
        had_late=any(later - earlier > 31 for earlier, later in pairwise(given)),
        used_days_ago=min(used, default=None),
    )


def seen(each: Case, rules: RuleSet) -> Seen:
    bits = each.flags(rules)
    return Seen(each.relapse_week is not None, each.later, float(bits > 0), float(bits.bit_count()), each.weeks)


def sensitivity(many: Sequence[Seen]) -> float:
    return _share([one.flagged for one in many if one.relapsed])


def sensitivity_later(many: Sequence[Seen]) -> float:
    return _share([one.flagged for one in many if one.later])


def specificity(many: Sequence[Seen]) -> float:
    return 1 - _share([one.flagged for one in many if not one.relapsed])


def flagged_weeks(many: Sequence[Seen]) -> float:
    weeks = sum(one.weeks for one in many)
    return 100 * sum(one.weeks_flagged for one in many) / weeks if weeks else 0.0


MEASURES: dict[str, Callable[[Sequence[Seen]], float]] = {
    "sensitivity": sensitivity,
    "sensitivity_week5": sensitivity_later,
    "specificity": specificity,
    "flagged_weeks_per_100": flagged_weeks,
}


def _share(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def figures_of(many: Sequence[Seen]) -> dict[str, float]:
    """Return the four measures with the intervals of resampled people."""
    found: dict[str, float] = {}
    for name, measure in MEASURES.items():
        found |= flat(name, bootstrap(many, measure, rounds=ROUNDS, seed=SEED))
    return found


# ---- The explainable set -----------------------------------------------------------------------------------


class Candidates:
    """Every rule set of one or two clauses of one or two conditions, with what it does for each person."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = cases
        clauses: list[Clause] = [(name,) for name in CONDITIONS]
        clauses += list(combinations(CONDITIONS, 2))
        by_bits: dict[tuple[int, ...], Clause] = {}
        for clause in clauses:  # of clauses that say the same about everybody, the shortest stays
            bits = tuple(each.flags((clause,)) for each in cases)
            if any(bits):
                by_bits.setdefault(bits, clause)
        fits = [pair for pair in by_bits.items() if self._can_fit(pair[0])]
        self.sets: list[tuple[RuleSet, tuple[int, ...]]] = [((clause,), bits) for bits, clause in fits]
        for (bits, clause), (other_bits, other) in combinations(fits, 2):
            both = tuple(a | b for a, b in zip(bits, other_bits, strict=True))
            if both not in (bits, other_bits) and self._can_fit(both):
                self.sets.append(((clause, other), both))
        self._relapsed = sum(1 << place for place, each in enumerate(cases) if each.relapse_week is not None)
        self._any = [sum(1 << place for place, each in enumerate(bits) if each) for _, bits in self.sets]
        self._counts = [[each.bit_count() for each in bits] for _, bits in self.sets]
        self._totals = [sum(counts) for counts in self._counts]

    def _can_fit(self, bits: Sequence[int]) -> bool:
        """Whether it could be within 20 flagged weeks of 100 in nine tenths of the people. Leaves out nothing else."""
        return sum(each.bit_count() for each in bits) <= 0.27 * sum(each.weeks for each in self.cases)

    def best(self, without: Sequence[int], *, flagged_most: float, specificity_least: float) -> int | None:
        """Return the place of the most sensitive set among the people not in ``without``; fewer flags win a tie."""
        left = (1 << len(self.cases)) - 1
        for place in without:
            left &= ~(1 << place)
        relapsed, rest = self._relapsed & left, ~self._relapsed & left
        weeks = sum(each.weeks for each in self.cases) - sum(self.cases[place].weeks for place in without)
        most_weeks = flagged_most * weeks / 100
        most_false = (1 - specificity_least) * rest.bit_count()
        found, found_key = None, (-1.0, 0.0, 0.0)
        for number, anybody in enumerate(self._any):
            false = (anybody & rest).bit_count()
            if false > most_false:
                continue
            counts = self._counts[number]
            flagged = self._totals[number] - sum(counts[place] for place in without)
            if flagged > most_weeks:
                continue
            key = ((anybody & relapsed).bit_count(), -false, -flagged)
            if key > found_key:
                found, found_key = number, key
        return found

    def crossed(
        self, *, flagged_most: float, specificity_least: float, repeats: int, seed: int
    ) -> tuple[list[Seen], Counter[RuleSet]]:
        """Return what each person got from the sets chosen without them, averaged over repeats, and the choices."""
        rng = random.Random(seed)
        flagged = [0.0] * len(self.cases)
        weeks = [0.0] * len(self.cases)
        chosen: Counter[RuleSet] = Counter()
        for _ in range(repeats):
            order = list(range(len(self.cases)))
            rng.shuffle(order)
            for fold in range(FOLDS):
                out = order[fold::FOLDS]
                number = self.best(out, flagged_most=flagged_most, specificity_least=specificity_least)
                if number is None:
                    continue
                rules, bits = self.sets[number]
                chosen[rules] += 1
                for place in out:
                    flagged[place] += bits[place] > 0
                    weeks[place] += bits[place].bit_count()
        return [
            Seen(
                each.relapse_week is not None, each.later, flagged[place] / repeats, weeks[place] / repeats, each.weeks
            )
            for place, each in enumerate(self.cases)
        ], chosen


def in_words(rules: RuleSet) -> str:
    return "; or ".join(" and ".join(clause) for clause in rules)


# ---- What E2 counted ---------------------------------------------------------------------------------------


def reproduced(everybody: Sequence[Participant]) -> list[dict[str, Any]]:
    """Return what E2 counted of all people, counted again of these."""
    injected = [one for one in everybody if one.arm == NALTREXONE]
    other = [one for one in everybody if one.arm == BUPRENORPHINE]
    inducted = [one for one in injected if one.injections]
    gaps = [b - a for one in inducted for a, b in pairwise(one.injections)]
    rows: list[dict[str, Any]] = [
        _counted("relapse, injection arm", sum(one.relapse_week is not None for one in injected), len(injected), 0.661),
        _counted("relapse, buprenorphine arm", sum(one.relapse_week is not None for one in other), len(other), 0.578),
        _counted("received an injection", len(inducted), len(injected), 204 / 283),
    ]
    for name, low, high, figure in (
        ("relapse with 1 injection", 1, 1, 1.0),
        ("relapse with 2", 2, 2, 0.87),
        ("relapse with 3", 3, 3, 0.93),
        ("relapse with 4-5", 4, 5, 0.625),
        ("relapse with 6-7", 6, 7, 0.059),
    ):
        group = [one for one in inducted if low <= len(one.injections) <= high]
        rows.append(_counted(name, sum(one.relapse_week is not None for one in group), len(group), figure))
    rows.append(_counted("gaps above 28 days", sum(gap > 28 for gap in gaps), len(gaps), 0.288))
    rows.append(_counted("gaps above 35 days", sum(gap > 35 for gap in gaps), len(gaps), 0.053))
    rows.append({"name": "median gap, days", "value": median(gaps) if gaps else None, "n": len(gaps), "e2": 28})
    for name, low, high, figure in (
        ("opioid found, day 0-28", 0, 28, 0.038),
        ("opioid found, day 29-35", 29, 35, 0.141),
        ("opioid found, day 36-42", 36, 42, 0.346),
        ("opioid found, day 43 on", 43, 10_000, 0.415),
    ):
        signs = [
            one.word[week - 1]
            for one in inducted
            for week in range(1, WEEKS + 1)
            if (since := one.days_since_injection(one.begins(week) + 3)) is not None
            and low <= since <= high
            and one.word[week - 1] != "o"
        ]
        rows.append(_counted(name, sum(sign in "+*" for sign in signs), len(signs), figure))
    return rows


def _counted(name: str, hits: int, n: int, e2: float) -> dict[str, Any]:
    return {"name": name, **flat("value", share(hits, n)), "n": n, "e2": round(e2, 3)}


# ---- The whole ---------------------------------------------------------------------------------------------


def measure(folder: Path, *, repeats: int = REPEATS) -> dict[str, Any]:
    """Return every figure of the page."""
    everybody = load(folder)
    inducted = [one for one in everybody if one.arm == NALTREXONE and one.injections]
    cases = [case(one) for one in inducted]
    candidates = Candidates(cases)
    room = {
        "flagged_most": TARGET_FLAGGED * (1 - ROOM),
        "specificity_least": TARGET_SPECIFICITY + ROOM,
    }
    crossed, chosen = candidates.crossed(**room, repeats=repeats, seed=SEED)
    whole = candidates.best([], **room)
    fitted = candidates.sets[whole][0] if whole is not None else ()
    main_figures = figures_of(crossed)
    early = [case(one, from_week=2) for one in inducted]
    early_crossed, early_chosen = Candidates(early).crossed(**room, repeats=repeats, seed=SEED)
    same_day = [case(one, from_week=LATER, same_week=True) for one in inducted]
    missed = [
        name
        for name, is_missed in (
            ("sensitivity", main_figures["sensitivity_hi"] < TARGET_SENSITIVITY),
            ("sensitivity_week5", main_figures["sensitivity_week5_hi"] < TARGET_SENSITIVITY),
            ("specificity", main_figures["specificity_hi"] < TARGET_SPECIFICITY),
            ("flagged_weeks_per_100", main_figures["flagged_weeks_per_100_lo"] > TARGET_FLAGGED),
        )
        if is_missed
    ]
    return {
        "interpreter": platform.python_version(),
        "seed": SEED,
        "people": len(cases),
        "relapsed": sum(each.relapse_week is not None for each in cases),
        "relapsed_from_week_5": sum(each.later for each in cases),
        "can_be_found": round(_share([float(each.weeks > 0) for each in cases if each.relapse_week is not None]), 4),
        **main_figures,
        "missed": missed,
        "chosen": [[in_words(rules), count] for rules, count in chosen.most_common(5)],
        "times_chosen": sum(chosen.values()),
        "on_all": {"rules": in_words(fitted), **figures_of([seen(each, fitted) for each in cases])},
        "plain": [
            {"name": name, **figures_of([seen(each, rules) for each in cases]), "e2": list(theirs)}
            for name, (rules, theirs) in PLAIN.items()
        ],
        "plain_same_day": [
            {"name": name, **_points([seen(each, rules) for each in same_day])} for name, (rules, _) in PLAIN.items()
        ],
        "from_week_2": {
            **figures_of(early_crossed),
            "chosen": [[in_words(rules), count] for rules, count in early_chosen.most_common(3)],
        },
        "frontier": [
            _frontier(candidates, budget=budget, least=least, repeats=max(2, repeats // 4))
            for least in (TARGET_SPECIFICITY + ROOM, 0.0)
            for budget in BUDGETS
        ],
        "reproduced": reproduced(everybody),
    }


def _frontier(candidates: Candidates, *, budget: float, least: float, repeats: int) -> dict[str, Any]:
    crossed, _ = candidates.crossed(
        flagged_most=budget * (1 - ROOM), specificity_least=least, repeats=repeats, seed=SEED
    )
    return {"budget": budget, "specificity_asked": least, **figures_of(crossed)}


def _points(many: Sequence[Seen]) -> dict[str, float]:
    return {name: round(measure(many), 4) for name, measure in MEASURES.items()}


def show(figures: Mapping[str, Any]) -> None:
    print("Counted again as E2 counted it (its people are all, these are those of the folder):\n")
    print("| | here (95 %) | n | E2 |\n|---|---|---|---|")
    for row in figures["reproduced"]:
        value = (
            f"{row['value']:.3f} ({row['value_lo']:.3f}-{row['value_hi']:.3f})" if "value_lo" in row else row["value"]
        )
        print(f"| {row['name']} | {value} | {row['n']} | {row['e2']} |")
    print(
        f"\n{figures['people']} people with an injection, {figures['relapsed']} relapses, of these "
        f"{figures['relapsed_from_week_5']} from week 5 on. A flag is judged at the start of weeks 4 to 24, before the "
        f"week in which the run begins; {figures['can_be_found']:.0%} of the relapses can be found so.\n"
    )
    print("| rule | sens, all | sens, from week 5 | spec | flagged weeks /100 | E2 |\n|---|---|---|---|---|---|")
    for row in figures["plain"]:
        print(f"| {row['name']} | {_cells(row)} | {' / '.join(str(each) for each in row['e2'])} |")
    print(f"| **explainable set, cross-validated** | {_cells(figures)} | |")
    print(f"| same, chosen and judged on everybody (flatters) | {_cells(figures['on_all'])} | |")
    print(f"| same, judged from week 2, cross-validated | {_cells(figures['from_week_2'])} | |")
    print(f"\nChosen on everybody: {figures['on_all']['rules']}.")
    print(f"Chosen in the {figures['times_chosen']} training folds most often:")
    for words, count in figures["chosen"]:
        print(f"- {count}: {words}")
    print("\nFrontier, cross-validated (flagged weeks allowed; specificity asked of the training folds):\n")
    print("| allowed | spec asked | sens, all | sens, from week 5 | spec | flagged weeks /100 |")
    print("|---|---|---|---|---|---|")
    for row in figures["frontier"]:
        print(f"| {row['budget']:g} | {row['specificity_asked']:.2f} | {_cells(row)} |")
    print("\nPlain rules with a flag on the first day of the relapse run's week counted too (weeks 5 to 24):\n")
    print("| rule | sens, all | sens, from week 5 | spec | flagged weeks /100 |\n|---|---|---|---|---|")
    for row in figures["plain_same_day"]:
        print(f"| {row['name']} | " + " | ".join(f"{row[key]:.2f}" for key in list(MEASURES)[:3]), end="")
        print(f" | {row['flagged_weeks_per_100']:.1f} |")
    print(
        f"\nTarget: sensitivity {TARGET_SENSITIVITY:.2f} at specificity {TARGET_SPECIFICITY:.2f} and "
        f"{TARGET_FLAGGED:g} flagged weeks per 100. Missed: {', '.join(figures['missed']) or 'none'} "
        "(a bar is missed when its interval excludes it)."
    )


def _cells(row: Mapping[str, float]) -> str:
    shares = [f"{row[key]:.2f} ({row[f'{key}_lo']:.2f}-{row[f'{key}_hi']:.2f})" for key in list(MEASURES)[:3]]
    key = "flagged_weeks_per_100"
    return " | ".join([*shares, f"{row[key]:.1f} ({row[f'{key}_lo']:.1f}-{row[f'{key}_hi']:.1f})"])


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench lateness", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=None, help="default: TRIAL_DATA_DIR")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    folder = options.folder or Path(os.environ.get("TRIAL_DATA_DIR", ""))
    if not str(folder) or folder == Path():
        print("Name a folder of the trial records, or set TRIAL_DATA_DIR.", file=sys.stderr)
        return 2
    try:
        figures = measure(folder)
    except NoTrial as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(figures)) if options.json else show(figures)
    return 1 if figures["missed"] else 0
