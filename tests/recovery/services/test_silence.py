"""The end of a dosing day, and whose silence deserves a call (contract 1, S 14)."""

import random
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from backend.access import NOBODY
from backend.services import people
from recovery.models import Dose, Flag, InstrumentForm
from recovery.rules.policy import default_policy
from recovery.rules.sentences import sentence
from recovery.rules.silence import Ask, AskKind, assess_silence
from recovery.rules.states import FlagKind
from recovery.rules.words import Language
from recovery.selectors.records import live_flags, open_treatment
from recovery.services.cravings import log_craving
from recovery.services.doses import DoseStatement, close_doses, report_doses
from recovery.services.flags import close_flag
from recovery.services.instruments import answer_item, decline_form, start_form
from recovery.services.instruments_ticks import make_due
from recovery.services.journal import add_trigger, write_entry
from recovery.services.regimens import extend_doses, start_regimen
from recovery.services.reminder_outcomes import note_reminder_outcome
from recovery.services.statements import FactStatement, state_fact

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


def _craving(actor, patient, at):
    log_craving(actor=actor, patient=patient, client_id=uuid.uuid4(), intensity=1, felt_at=at, now=at)


def _question(actor, patient, at):
    form, _ = start_form(actor=actor, patient=patient, client_id=uuid.uuid4(), instrument="phq2", now=at)
    answer_item(
        actor=actor,
        patient=patient,
        form_client_id=form.client_id,
        client_id=uuid.uuid4(),
        item="phq_1",
        value=0,
        now=at,
    )


def _trigger(actor, patient, at):
    values = {"client_id": uuid.uuid4(), "origin": "external", "kind": "emotional", "happened_at": at}
    add_trigger(actor=actor, patient=patient, now=at, **values)


def _entry(actor, patient, at):
    write_entry(actor=actor, patient=patient, client_id=uuid.uuid4(), words="Quiet day.", written_at=at, now=at)


def _statement(actor, patient, at):
    state_fact(
        actor=actor,
        patient=patient,
        statement=FactStatement(client_id=uuid.uuid4(), kind="ran_out", source="app", details={}),
        now=at,
    )


@pytest.mark.parametrize("says", [_craving, _question, _trigger, _entry, _statement])
def test_whoever_says_anything_is_not_silent(program, staff, patient, tablets, days, now, says):
    """S 14: doses and check-ins are one silence, and every answer ends it."""
    tablets()

    def silence():
        return [flag for flag in live_flags(patient.pk) if flag.kind == "silence"]

    days(0, people=[patient], said=["nn"])
    assert len(silence()) == 1
    says(staff, patient, now + 2 * DAY)
    assert silence() == []
    days(2, people=[patient], said=["n"])
    assert silence() == []
    days(3, people=[patient], said=["nn"])
    assert [flag.evidence["run"] for flag in silence()] == [2]


def test_who_takes_no_tablets_is_silent_by_check_ins_alone(program, patient, now):
    people.create_patient_account(program_id=program, patient_id=patient.pk, now=now)
    severities = []
    for day in range(5):
        make_due(program_ids=[program], now=now + day * DAY)
        severities.append([flag.severity for flag in live_flags(patient.pk)])
    # The daily minute of a day is over on the next: two are for the weekly list, three ask for a call.
    assert severities == [[], [], ["info"], ["amber_plus"], ["amber_plus"]]
    [flag] = live_flags(patient.pk)
    assert (flag.evidence["unit"], flag.evidence["run"], flag.evidence["since"]) == ("days", 3, "2026-03-03")
    assert sentence(FlagKind.SILENCE, flag.evidence, Language.ENGLISH)
    _trigger(NOBODY, patient, now + 5 * DAY)
    assert live_flags(patient.pk) == []


def test_a_check_in_that_passed_says_nothing_while_doses_are_answered(program, patient, tablets, days, now):
    people.create_patient_account(program_id=program, patient_id=patient.pk, now=now)
    tablets()
    for day in range(4):
        make_due(program_ids=[program], now=now + day * DAY)
        days(day, people=[patient], said=["y"])
    assert live_flags(patient.pk) == []


def test_not_today_is_an_answer(program, patient, now):
    people.create_patient_account(program_id=program, patient_id=patient.pk, now=now)
    for day in range(4):
        at = now + day * DAY
        make_due(program_ids=[program], now=at)
        if day % 2:
            form = InstrumentForm.objects.get(instrument="daily", status="due")
            decline_form(actor=NOBODY, patient=patient, form_client_id=form.client_id, now=at)
    assert live_flags(patient.pk) == []


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
