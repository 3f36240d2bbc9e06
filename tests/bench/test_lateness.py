"""Weeks, relapse and flags on people made up for the table; the real ones are only in a bench's report."""

import random

import pytest

from bench import lateness
from bench.lateness import Candidates, case, flagged_weeks, seen, sensitivity, sensitivity_later, specificity
from bench.trial_weeks import NALTREXONE, NoTrial, Participant, load


def participant(signs, injections=(1,), who="1", used=()):
    """A person whose weeks read as ``signs``, randomised on day 0; a ``*`` week has two samples."""
    sampled, positive = set(), set()
    for number, sign in enumerate(signs.ljust(24, "-")):
        day = 1 + 7 * number
        if sign != "o":
            sampled.add(day)
        if sign in "+*":
            positive.add(day)
        if sign == "*":
            sampled.add(day + 1)
    return Participant(
        who=who,
        arm=NALTREXONE,
        randomised=0,
        injections=tuple(injections),
        sampled=frozenset(sampled),
        positive=frozenset(positive),
        used=frozenset(used),
    )


@pytest.mark.parametrize(
    ("signs", "week"),
    [
        pytest.param("", None, id="never"),
        pytest.param("++++", None, id="the-first-two-weeks-do-not-count"),
        pytest.param("++++++", 3, id="from-week-3"),
        pytest.param("-----oooo", 6, id="no-sample-is-positive"),
        pytest.param("-----o*+o", 6, id="mixed-is-positive"),
        pytest.param("-----ooo-ooo", None, id="three-are-none"),
        pytest.param("-" * 20 + "++++", 21, id="the-last-four"),
    ],
)
def test_the_trials_rule(signs, week):
    one = participant(signs)
    assert one.word == signs.ljust(24, "-")
    assert one.relapse_week == week


def flagged(signs, rules, **more):
    return lateness.case(participant(signs, **more)).flags(rules)


MISSED, TWO = (("missed last week's visit",),), (("missed two visits in a row",),)


@pytest.mark.parametrize(
    ("signs", "rules", "weeks"),
    [
        pytest.param("---o", MISSED, [5], id="the-week-after"),
        pytest.param("--o", MISSED, [4], id="first-judged-week"),
        pytest.param("-o", MISSED, [], id="before-it"),
        pytest.param("-----oo", TWO, [8], id="two"),
        pytest.param("-----o-oooo", MISSED, [7], id="not-in-the-week-of-the-run"),
        pytest.param("----o-o", (("missed two of the last three", "within the first 12 weeks"),), [8], id="both"),
        pytest.param("----+", (*MISSED, ("opioid found last week",)), [6], id="any-clause"),
    ],
)
def test_a_flag_stands_at_the_start_of_a_week(signs, rules, weeks):
    assert flagged(signs, rules) == sum(1 << (week - 4) for week in weeks)


def test_the_day_of_the_week_itself_counts_only_when_asked():
    one = participant("-----o-ooooo")
    strict, wide = case(one), case(one, from_week=5, same_week=True)
    assert (strict.weeks, wide.weeks) == (4, 4)  # weeks 4 to 7, and 5 to 8


def test_days_since_injection_are_those_of_the_morning():
    """An injection of that day comes after the flag of its morning."""
    rules = (("29 or more days since injection",),)
    later = (36, 60, 85, 110, 135, 160)
    assert flagged("", rules, injections=(7, *later)) == 1 << (6 - 4)  # day 36 is the first of week 6: 29 days
    assert flagged("", rules, injections=(8, *later)) == 0


def test_the_four_measures():
    people = [
        participant("---o-oooo"),  # relapse from week 6, flagged in week 5
        participant("------oooo"),  # relapse from week 7, not flagged
        participant("--oooo"),  # relapse from week 3: nobody could flag it
        participant("-----o"),  # no relapse, flagged once
        participant(""),
    ]
    found = [seen(case(one), MISSED) for one in people]
    assert sensitivity(found) == pytest.approx(1 / 3)
    assert sensitivity_later(found) == pytest.approx(1 / 2)
    assert specificity(found) == pytest.approx(1 / 2)
    assert flagged_weeks(found) == pytest.approx(100 * 2 / (2 + 3 + 0 + 21 + 21))


def crowd():
    rng = random.Random(4)
    people = []
    for number in range(40):
        if number % 2:
            people.append(participant("-" * rng.randrange(5, 9) + "o-oooo", injections=(1,)))
        else:
            signs = ["-"] * 24
            signs[rng.randrange(4, 20)] = "o"
            people.append(participant("".join(signs), injections=(1, 20, 50, 80, 110, 140)))
    return [case(one) for one in people]


def test_the_set_that_was_planted_is_found():
    """Everybody misses a visit; only with the injections it tells the two kinds apart."""
    cases = crowd()
    candidates = Candidates(cases)
    place = candidates.best([], flagged_most=10, specificity_least=0.9)
    rules, _ = candidates.sets[place]
    found = [seen(each, rules) for each in cases]
    assert (sensitivity(found), specificity(found)) == (1.0, 1.0)
    assert specificity([seen(each, MISSED) for each in cases]) == 0.0
    [(first, second)] = rules
    assert "missed last week's visit" in (first, second)
    assert "injection" in second
    crossed, chosen = candidates.crossed(flagged_most=10, specificity_least=0.9, repeats=2, seed=1)
    assert sum(chosen.values()) == 2 * lateness.FOLDS
    assert sensitivity(crossed) > 0.9


def test_nothing_is_chosen_when_nothing_fits():
    assert Candidates(crowd()).best([], flagged_most=-1, specificity_least=1.0) is None


def test_a_folder_that_does_not_hold_the_trial(tmp_path, capsys):
    with pytest.raises(NoTrial, match=r"randomization\.csv"):
        load(tmp_path)
    assert lateness.main([str(tmp_path)]) == 2
    assert "The folder has no" in capsys.readouterr().err


def test_without_a_folder(monkeypatch, capsys):
    monkeypatch.delenv("TRIAL_DATA_DIR", raising=False)
    assert lateness.main([]) == 2
    assert "TRIAL_DATA_DIR" in capsys.readouterr().err
