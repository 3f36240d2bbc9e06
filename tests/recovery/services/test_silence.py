"""The end of a dosing day, and whose silence deserves a call (contract 1, S 14)."""

import random
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from recovery.models import Dose, Flag
from recovery.rules.policy import default_policy
from recovery.rules.silence import Ask, AskKind, assess_silence
from recovery.selectors.records import live_flags, open_treatment
from recovery.services.cravings import log_craving
from recovery.services.doses import DoseStatement, close_doses, report_doses
from recovery.services.flags import close_flag
from recovery.services.regimens import extend_doses, start_regimen
from recovery.services.reminder_outcomes import note_reminder_outcome

DAY = timedelta(days=1)
START = date(2026, 3, 3)


@pytest.fixture
def tablets(staff, patient, now):
    def start(person=patient, kind="oral_daily", starts_on=START, at=now):
        return start_regimen(actor=staff, treatment=open_treatment(person), kind=kind, starts_on=starts_on, now=at)

    return start


@pytest.fixture
def days(program, staff, now):
    """Plays days, each a word per patient: y answers, n does not."""

    def play(first, **words):
        people, length = words.pop("people"), len(words["said"][0])
        for offset in range(length):
            at = now + (first + offset) * DAY
            extend_doses(program_ids=[program], now=at)
            statements = [
                DoseStatement(client_id=uuid.uuid4(), patient_id=person.pk, statement="taken", source="app")
                for person, said in zip(people, words["said"], strict=True)
                if said[offset] == "y"
            ]
            report_doses(actor=staff, statements=statements, now=at)
            close_doses(program_ids=[program], now=at + timedelta(hours=18))  # after 04:00 of the next day

    return play


def test_a_day_closes_at_four_and_not_before(program, patient, tablets):
    tablets()
    assert close_doses(program_ids=[program], now=datetime(2026, 3, 4, 8, 59, tzinfo=UTC)).closed == 0
    result = close_doses(program_ids=[program], now=datetime(2026, 3, 4, 9, 0, tzinfo=UTC))
    assert (result.closed, result.patient_ids) == (1, {patient.pk})
    assert close_doses(program_ids=[program], now=datetime(2026, 3, 4, 9, 0, tzinfo=UTC)).closed == 0
    assert Dose.objects.get(dosing_day=START).state == "not_reported"
    assert close_doses(program_ids=[], now=datetime(2026, 3, 9, tzinfo=UTC)).closed == 0


def test_a_late_run_closes_all_in_small_batches(program, tablets, now):
    tablets()
    extend_doses(program_ids=[program], now=now + 9 * DAY)
    assert close_doses(program_ids=[program], now=now + 9 * DAY, limit=2).closed == 9
    assert Flag.objects.get().evidence["run"] == 9


@pytest.mark.parametrize(
    ("month", "calls_at"),
    [
        pytest.param("y" * 28, 3, id="steady: 3"),
        pytest.param("yyyyn" * 5 + "yyy", 3, id="82 percent: 3"),
        pytest.param("yyn" * 9 + "y", 5, id="two in three: 5"),
        pytest.param("ynnyn" * 5 + "nny", 7, id="rarely: 7"),
    ],
)
def test_the_run_that_makes_a_call_depends_on_the_month_before(
    program, make_patient, tablets, days, now, month, calls_at
):
    person = make_patient(program, treatment_from=date(2026, 1, 1))
    tablets(person)
    days(0, people=[person], said=[month])
    for silent in range(1, 9):
        days(len(month) + silent - 1, people=[person], said=["n"])
        severities = [flag.severity for flag in live_flags(person.pk)]
        assert severities == ([] if silent < 2 else ["info"] if silent < calls_at else ["amber_plus"])


def test_whoever_logs_a_craving_is_not_silent(program, staff, patient, tablets, days, now):
    tablets()
    days(0, people=[patient], said=["nn"])
    assert len(live_flags(patient.pk)) == 1
    log_craving(
        actor=staff, patient=patient, client_id=uuid.uuid4(), intensity=1, felt_at=now + 2 * DAY, now=now + 2 * DAY
    )
    assert live_flags(patient.pk) == []
    days(2, people=[patient], said=["n"])
    assert live_flags(patient.pk) == []
    days(3, people=[patient], said=["nn"])
    assert [flag.evidence["run"] for flag in live_flags(patient.pk)] == [2]


@pytest.mark.parametrize("outcome", ["failed:30003", "undelivered", "expired", "unknown", "suppressed:kill_switch"])
def test_a_reminder_that_we_failed_to_send_blames_nobody(program, patient, tablets, now, outcome):
    tablets()
    failed = Dose.objects.get(dosing_day=START + DAY)
    note_reminder_outcome(program_id=program, outcomes=[(patient.pk, failed.pk, outcome)], now=now + DAY)
    close_doses(program_ids=[program], now=now + 2 * DAY)
    assert not Flag.objects.filter(kind="silence").exists()
    close_doses(program_ids=[program], now=now + 3 * DAY)
    silence = Flag.objects.get(kind="silence")
    assert (silence.evidence["run"], silence.severity) == (2, "info")


def test_a_person_who_closed_it_has_dealt_with_it(program, staff, patient, tablets, days, now):
    tablets()
    days(0, people=[patient], said=["nnnn"])
    [flag] = live_flags(patient.pk)
    assert flag.severity == "amber_plus"
    close_flag(actor=staff, flag_id=flag.pk, outcome="not_reached", now=now + 4 * DAY)
    days(4, people=[patient], said=["nn"])
    assert live_flags(patient.pk) == []  # the day it was dealt with does not count
    days(6, people=[patient], said=["n"])
    assert [(f.severity, f.evidence["run"]) for f in live_flags(patient.pk)] == [("info", 7)]
    days(7, people=[patient], said=["n"])
    assert [(f.severity, f.evidence["run"]) for f in live_flags(patient.pk)] == [("amber_plus", 8)]


def test_a_long_silence_counts_every_day(program, make_patient, tablets, days):
    person = make_patient(program)
    tablets(person)
    days(0, people=[person], said=["y" + "n" * 80])
    [flag] = live_flags(person.pk)
    assert (flag.evidence["run"], flag.evidence["since"], flag.evidence["last_answer"]) == (
        80,
        "2026-03-04",
        "2026-03-03",
    )


def test_every_day_is_judged_as_the_rule_judges_all_of_the_past(program, make_patient, tablets, days, now):
    """What is kept from day to day must equal the rule read over everything, whoever answers when."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    people = [make_patient(program, treatment_from=date(2026, 1, 1)) for _ in range(12)]
    shares = [rng.choice((0.2, 0.5, 0.75, 0.9)) for _ in people]
    for person in people:
        tablets(person)
    said = [""] * len(people)
    for day in range(45):
        words = ["y" if rng.random() < share else "n" for share in shares]
        days(day, people=people, said=words)
        said = [before + word for before, word in zip(said, words, strict=True)]
        today = START + (day + 1) * DAY
        for person, history in zip(people, said, strict=True):
            asks = [Ask(START + n * DAY, AskKind.DOSE, word == "y") for n, word in enumerate(history)]
            expected = assess_silence(
                asks, today=today, started_on=date(2026, 1, 1), counts_as_opioid=True, policy=default_policy()
            )
            found = [(flag.severity, flag.evidence["run"], flag.evidence["since"]) for flag in live_flags(person.pk)]
            assert found == (
                [] if expected is None else [(expected.severity, expected.run, expected.since.isoformat())]
            )


def test_three_failures_in_a_row_are_a_concern_of_their_own(program, patient, tablets, now):
    tablets()
    rows = list(Dose.objects.order_by("dosing_day"))
    for n, row in enumerate(rows[:3]):
        note_reminder_outcome(program_id=program, outcomes=[(patient.pk, row.pk, "undelivered")], now=now + n * DAY)
        note_reminder_outcome(program_id=program, outcomes=[(patient.pk, row.pk, "undelivered")], now=now + n * DAY)
    flag = Flag.objects.get(kind="contact_lost")
    assert (flag.severity, flag.evidence["failures"]) == ("amber", 3)
    note_reminder_outcome(program_id=program, outcomes=[(patient.pk, rows[3].pk, "delivered")], now=now + 3 * DAY)
    flag.refresh_from_db()
    assert (flag.status, flag.evidence["ended_by"]) == ("closed", "message_arrived")


@pytest.mark.parametrize(
    "outcome",
    ["suppressed:opted_out", "suppressed:back_off", "suppressed:answered", "expired:open_question"],
)
def test_a_text_that_was_rightly_not_sent_is_no_failure(program, patient, tablets, now, outcome):
    tablets()
    row = Dose.objects.get(dosing_day=START)
    note_reminder_outcome(program_id=program, outcomes=[(patient.pk, row.pk, outcome)], now=now)
    assert Flag.objects.count() == 0


def test_a_text_that_went_out_between_breaks_the_row(program, patient, tablets, now):
    tablets()
    rows = list(Dose.objects.order_by("dosing_day"))
    for row in (rows[0], rows[1], rows[3]):
        note_reminder_outcome(program_id=program, outcomes=[(patient.pk, row.pk, "failed:30003")], now=now)
    flag = Flag.objects.get(kind="contact_lost")
    assert (flag.severity, flag.evidence["failures"]) == ("info", 1)
