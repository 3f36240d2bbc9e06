"""Screens, procedures, reversal agents and after-care as rules (S 10, S 18, N3, N9, N10, N17, C 3.5)."""

from datetime import date, timedelta

import pytest

from recovery.rules.aftercare import next_contact, quiet_and_low, stop_counsel, window
from recovery.rules.gates import Analyte
from recovery.rules.medicines import Medicine
from recovery.rules.policy import default_policy
from recovery.rules.procedures import is_soon, wallet_card
from recovery.rules.reversal import HasIt, ReversalFacts, ReversalReason, reversal_due
from recovery.rules.screens import AnalyteResult, ReadAs, ScreenFacts, expected_positives, still_open
from recovery.rules.words import Language

POLICY = default_policy()
TODAY = date(2026, 6, 1)
POSITIVE, NEGATIVE, INVALID = AnalyteResult.POSITIVE, AnalyteResult.NEGATIVE, AnalyteResult.INVALID
OPIATES, FENTANYL = Analyte.OPIATES, Analyte.FENTANYL


def screen(day, results, reading=None):
    return ScreenFacts(date(2026, 5, day), results, reading)


@pytest.mark.parametrize(
    ("screens", "open_"),
    [
        pytest.param([screen(1, {FENTANYL: POSITIVE}), screen(8, {OPIATES: NEGATIVE})], {FENTANYL}, id="another panel"),
        pytest.param([screen(1, {FENTANYL: POSITIVE}), screen(8, {FENTANYL: NEGATIVE})], set(), id="tested again"),
        pytest.param([screen(8, {FENTANYL: NEGATIVE}), screen(1, {FENTANYL: POSITIVE})], set(), id="order of days"),
        pytest.param([screen(1, {FENTANYL: POSITIVE}), screen(8, {FENTANYL: INVALID})], {FENTANYL}, id="invalid"),
        pytest.param([screen(1, {OPIATES: POSITIVE}, ReadAs.FALSE_POSITIVE)], set(), id="read as false"),
        pytest.param([screen(1, {OPIATES: POSITIVE}, ReadAs.UNCLEAR)], {OPIATES}, id="read as unclear"),
    ],
)
def test_s10_a_negative_closes_only_what_it_tested(screens, open_):
    assert still_open(screens) == open_


def test_what_a_prescribed_agonist_turns_positive_is_no_sign_of_use():
    assert expected_positives([Medicine.SUBLOCADE]) == {Analyte.BUPRENORPHINE}
    assert expected_positives([Medicine.NALTREXONE_TABLET]) == set()
    found = still_open([screen(1, {Analyte.METHADONE: POSITIVE})], expected=expected_positives([Medicine.METHADONE]))
    assert found == set()


@pytest.mark.parametrize(("days", "soon"), [(34, True), (35, False), (0, True), (-1, False)])
def test_c33_a_procedure_is_near_when_less_than_35_days_away(days, soon):
    assert is_soon(TODAY + timedelta(days=days), today=TODAY, policy=POLICY) is soon


@pytest.mark.parametrize("language", Language)
def test_n17_the_card_says_what_is_needed_and_gives_no_dose(language):
    lines = wallet_card(language=language, phone="+12125550100")
    assert "+12125550100" in lines[-1] and "naltrex" in lines[0].lower()
    assert not any(figure in " ".join(lines[:-1]) for figure in "0123456789")
    assert len(wallet_card(language=language, phone="")) == len(lines) - 1


def asked(facts, *, uncovered=None, today=TODAY, opioid=True, started=date(2026, 1, 1)):
    found = reversal_due(
        facts, started_on=started, uncovered_since=uncovered, today=today, counts_as_opioid=opioid, policy=POLICY
    )
    return None if found is None else found.reason


YES = ReversalFacts(TODAY - timedelta(days=20), None, HasIt.YES, TODAY + timedelta(days=300))
NO = ReversalFacts(TODAY - timedelta(days=20), TODAY - timedelta(days=20), HasIt.NO)


@pytest.mark.parametrize(
    ("facts", "more", "reason"),
    [
        pytest.param(ReversalFacts(), {}, ReversalReason.ASK, id="never asked"),
        pytest.param(ReversalFacts(), {"opioid": False}, None, id="alcohol only: never"),
        pytest.param(YES, {}, None, id="there is one"),
        pytest.param(YES, {"uncovered": TODAY}, None, id="there is one: no offer when cover ends"),
        pytest.param(YES, {"today": TODAY + timedelta(days=70)}, ReversalReason.ASK, id="asked again after 90 days"),
        pytest.param(YES, {"today": TODAY + timedelta(days=69)}, None, id="not before"),
        pytest.param(
            YES, {"today": TODAY + timedelta(days=270)}, ReversalReason.EXPIRES, id="30 days before it expires"
        ),
        pytest.param(NO, {"uncovered": TODAY - timedelta(days=5)}, None, id="S 18: offered less than 30 days ago"),
        pytest.param(
            NO,
            {"uncovered": TODAY + timedelta(days=10), "today": TODAY + timedelta(days=10)},
            ReversalReason.UNCOVERED,
            id="S 18: a new uncovered run, 30 days on",
        ),
        pytest.param(
            NO,
            {"uncovered": TODAY - timedelta(days=25), "today": TODAY + timedelta(days=15)},
            None,
            id="S 18: once per run",
        ),
    ],
)
def test_s18_n3_when_a_reversal_agent_is_spoken_of(facts, more, reason):
    assert asked(facts, **more) is reason


def test_c35_a_contact_every_week_until_day_60():
    ended = date(2026, 3, 10)
    days, day = [], next_contact(ended, after=None, policy=POLICY)
    while day is not None:
        days.append(day)
        day = next_contact(ended, after=day, policy=POLICY)
    assert days == [ended + timedelta(weeks=week) for week in range(9)]
    assert window(ended, policy=POLICY).until == date(2026, 5, 9)  # S W1


def test_a_late_tick_takes_up_the_weeks_where_they_are():
    assert next_contact(date(2026, 3, 10), after=date(2026, 3, 20), policy=POLICY) == date(2026, 3, 24)
    assert next_contact(date(2026, 3, 10), after=date(2026, 5, 5), policy=POLICY) is None


@pytest.mark.parametrize(
    ("before", "asks"),
    [([0, 1, 0, 2, 1], True), ([0, 1, 0], False), ([5, 6, 5, 4, 6], False), ([], False), ([2, 2, 2, 2, 2], True)],
)
def test_n9_silence_after_low_craving_is_a_talk(before, asks):
    assert quiet_and_low(before, policy=POLICY) is asks


@pytest.mark.parametrize("language", Language)
def test_n10_the_talk_names_no_taper_and_no_figure(language):
    text = " ".join(stop_counsel(language))
    assert "naloxon" in text.lower()
    assert not any(figure in text for figure in "0123456789")
