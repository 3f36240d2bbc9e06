"""The made-up people are those of C 6.5 and C 6.7, and the score counts what it says."""

import json
from dataclasses import replace
from statistics import pstdev
from xml.etree import ElementTree

import pytest

from bench import assess, cravings
from bench.craving_score import LIST, READ_DAYS, Days, State, ceiling, outcome, walk
from bench.craving_world import HELD_DAYS, Rise, World, people, person, trial_like
from bench.stats import mean
from recovery.rules.cravings import Reading
from recovery.rules.policy import default_policy, with_overrides
from recovery.services import cravings_again

POLICY = default_policy()
PLUS_3 = Rise(3)


@pytest.fixture(scope="module")
def crowd():
    return [(one, one.lived()) for one in people(World(), seed=5, number=400)]


def steady(level=2.0, days=120, onset=60):
    """A person who always feels the same and always answers."""
    like = person(World(days=days, response=1.0), seed=1, number=1)
    return replace(like, mean=level, sd=1.0, latent=[level] * days, onset=onset)


def test_a_person_is_the_same_in_every_run():
    assert person(World(), seed=5, number=7) == person(World(), seed=5, number=7)
    assert person(World(), seed=5, number=7).latent != person(World(), seed=6, number=7).latent


def test_the_marginals_of_the_rule_book(crowd):
    """C 6.5: mean 2.1, total SD 2.1, within-person SD 1.13, 30 % zeros."""
    values = [value for _, said in crowd for _, value in said.readings]
    assert mean(values) == pytest.approx(2.1, abs=0.15)
    assert pstdev(values) == pytest.approx(2.1, abs=0.15)
    assert sum(value == 0 for value in values) / len(values) == pytest.approx(0.30, abs=0.03)
    assert mean([pstdev([value for _, value in said.readings]) for _, said in crowd]) == pytest.approx(1.13, abs=0.08)


def test_answers_persist(crowd):
    """75 % answer, and half of the days after a missed one."""
    after_miss = answered = days = misses = 0
    for one, said in crowd:
        on = {day for day, _ in said.readings}
        days += one.world.days
        answered += len(on)
        for day in range(1, one.world.days):
            if day - 1 not in on:
                misses += 1
                after_miss += day in on
    assert answered / days == pytest.approx(0.75, abs=0.01)
    assert after_miss / misses == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("built", "day", "points"),
    [
        pytest.param(7, -1, 0, id="before"),
        pytest.param(7, 0, 3 / 7, id="first-day"),
        pytest.param(7, 6, 3, id="built"),
        pytest.param(7, 13, 3, id="held-7-days"),
        pytest.param(7, 14, 0, id="over"),
        pytest.param(3, 2, 3, id="quick"),
        pytest.param(14, 13 + HELD_DAYS, 3, id="slow-last-day"),
    ],
)
def test_a_planted_rise(built, day, points):
    assert Rise(3, built).at(day) == pytest.approx(points)


def test_a_rise_changes_nothing_before_its_onset(crowd):
    for one, still in crowd[:50]:
        planted = one.lived(PLUS_3)
        assert [each for each in still.readings if each[0] < one.onset] == [
            each for each in planted.readings if each[0] < one.onset
        ]
        assert [day for day, _ in still.readings] == [day for day, _ in planted.readings]


def test_people_of_the_trial_world_leave_lapse_and_stay_silent_about_it():
    world = trial_like(missing_on_lapse=0.4, response_sd=0.0)
    crowd = [(one, one.lived()) for one in people(world, seed=5, number=250)]
    assert sum(one.left_on >= 180 for one, _ in crowd) / len(crowd) == pytest.approx(0.80, abs=0.06)
    answered_on_lapse = [day in {each for each, _ in said.readings} for _, said in crowd for day in said.lapses]
    assert len(answered_on_lapse) > 100
    assert mean(answered_on_lapse) < 0.6
    still_there = {one.response for one, _ in crowd}
    assert still_there == {0.82}


@pytest.mark.parametrize(("answers", "values"), [("always_8", {8}), ("random", set(range(11)))])
def test_careless_people(answers, values):
    said = person(trial_like(answers=answers), seed=5, number=3).lived()
    assert {value for _, value in said.readings} == values


def test_nobody_is_flagged_without_a_rise_and_everybody_with_a_clear_one():
    found = outcome(steady(), policy=POLICY, rises=(Rise(4),))
    assert found.false_alarms[LIST] == 0
    assert 3 <= found.delays[Rise(4)][LIST] <= 7
    assert found.weeks == pytest.approx(13)


def test_the_same_alarm_waits_seven_days():
    said = Days([(day, 9) for day in range(20)], frozenset(), frozenset())
    alarms = walk(said, policy=POLICY, first=0, until=20, state=State())
    assert [alarm.day for alarm in alarms if alarm.lane == "A"] == [0, 7, 14]
    assert [alarm.day for alarm in alarms if alarm.lane == LIST] == [0, 7, 14]


def test_what_is_info_does_not_reach_the_list():
    said = Days([(day, 8) for day in range(60)], frozenset(), frozenset())
    alarms = walk(said, policy=POLICY, first=29, until=60, state=State())
    assert {alarm.lane for alarm in alarms} >= {"A", "B", "G"}
    assert LIST not in {alarm.lane for alarm in alarms}


def test_who_left_during_a_rise_is_not_counted():
    gone = replace(steady(), left_on=65)
    found = outcome(gone, policy=POLICY, rises=(PLUS_3,))
    assert found.delays == {}
    assert found.weeks == pytest.approx(36 / 7)


def test_use_and_missed_doses_raise_a_level():
    said = Days([*((day, 5) for day in range(40)), (40, 8)], frozenset({39}), frozenset())
    lone = with_overrides(POLICY, {"craving_list_high_sd": 9.0})  # A alone is info here
    quiet = walk(said, policy=lone, first=40, until=41, state=State())
    told = walk(said, policy=lone, first=40, until=41, state=State(), use_reported=True)
    missed = walk(replace(said, missed_doses=frozenset({38})), policy=lone, first=40, until=41, state=State())
    assert [LIST in {alarm.lane for alarm in alarms} for alarms in (quiet, told, missed)] == [False, True, True]


def test_the_ceiling_finds_more_with_a_lower_limit(crowd):
    low, high = ceiling([one for one, _ in crowd[:100]], rise=PLUS_3, limits=(1.5, 6.0))
    assert low.false_alarms > high.false_alarms
    assert low.sensitivity[0] > high.sensitivity[0] > 0.3


def test_readings_reach_as_far_back_as_those_of_the_service():
    assert READ_DAYS == cravings_again._READ_DAYS + 1


@pytest.mark.parametrize("response", [1.0, 0.75, 0.5])
def test_the_plain_way_says_the_same(response):
    fired = set()
    for one in people(World(days=60, response=response, sd_median=2.0), seed=9, number=25):
        readings = [
            Reading(assess.DAY_0.fromordinal(assess.DAY_0.toordinal() + day), value)
            for day, value in one.lived(PLUS_3).readings
        ]
        assert assess.judge(readings, POLICY) == assess.plain(readings, POLICY)
        fired.add(assess.judge(readings, POLICY))
    assert len(fired) > 3


def test_json_has_every_key_of_the_bars(capsys):
    cravings.main(["--people", "6", "--json"])
    figures = json.loads(capsys.readouterr().out)
    for key in (
        "false_alarms_per_100_patient_weeks",
        "sensitivity_14d_plus3",
        "median_delay_days_plus3",
        "oracle_sensitivity_14d_plus3",
    ):
        assert figures[f"{key}_lo"] <= figures[key] <= figures[f"{key}_hi"]
    assert figures["seed"] == cravings.SEED
    assert cravings.SEED not in cravings.TUNING_SEEDS


def test_a_seed_of_the_tuning_is_refused(capsys):
    with pytest.raises(SystemExit):
        cravings.main(["--seed", "71", "--people", "2"])
    assert "used to tune" in capsys.readouterr().err


def test_the_chart_is_well_formed():
    figures, _, curve = cravings.measure(seed=cravings.SEED, number=6, policy=POLICY)
    root = ElementTree.fromstring(cravings.draw(figures, curve))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"the list", "A", "E"} <= set(texts)
