"""Questionnaires against the database: each answer at once, safety answers, what goes on, what time does."""

import uuid
from datetime import date, timedelta

import pytest

from backend.access import NOBODY
from backend.db import programs
from backend.errors import Conflict, IdReused, NotFound
from backend.models import AuditEvent, Program
from backend.rules.roles import Role
from backend.selectors.keys import data_key
from backend.services import people
from recovery.models import (
    CravingLog,
    Dose,
    DoseReport,
    Flag,
    Hold,
    InstrumentAnswer,
    InstrumentForm,
    Patient,
    StatedFact,
    Treatment,
    TriggerEntry,
)
from recovery.rules.instruments.catalogue import INSTRUMENTS
from recovery.rules.instruments.definition import InstrumentKey
from recovery.rules.plans import GoalAbout
from recovery.rules.states import FlagKind, Goal
from recovery.selectors import instruments as selectors
from recovery.services import flags, instruments, plans, policy
from recovery.services.instruments_ticks import make_due, settle_forms, watch_forms
from recovery.services.regimens import extend_doses, start_regimen

EVERY_DAY = {day: ["08:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.fixture(autouse=True)
def hours(program):
    Program.objects.filter(pk=program).update(clinic_hours=EVERY_DAY)


@pytest.fixture
def switched_on(program, make_staff, now):
    """Item 9 and the safety questions may be asked on phones."""
    director = make_staff(program, Role.MEDICAL_DIRECTOR)
    policy.override_numbers(
        actor=director,
        program_id=program,
        values={"phq9_on_phone": True, "cssrs_on_phone": True},
        reason="read in hours",
        now=now,
    )


class Phone:
    """A patient with a phone."""

    def __init__(self, patient, now):
        self.patient, self.now = patient, now

    def start(self, instrument, *, form=None, **more):
        self.form = form or uuid.uuid4()
        started, _ = instruments.start_form(
            actor=NOBODY, patient=self.patient, client_id=self.form, instrument=instrument, now=self.now, **more
        )
        return started

    def answer(self, item, value, *, client_id=None, now=None, **more):
        return instruments.answer_item(
            actor=NOBODY,
            patient=self.patient,
            form_client_id=self.form,
            client_id=client_id or uuid.uuid4(),
            item=item,
            value=value,
            now=now or self.now,
            **more,
        )

    def finish(self, *, now=None):
        return instruments.finish_form(
            actor=NOBODY, patient=self.patient, form_client_id=self.form, now=now or self.now
        )

    def phq9(self, *values, finish=True):
        self.start("phq9")
        for number, value in enumerate(values, start=1):
            self.answer(f"phq_{number}", value)
        return self.finish() if finish else None


@pytest.fixture
def phone(patient, now, switched_on):
    return Phone(patient, now)


def raised(patient):
    return {flag.kind: flag.severity for flag in Flag.objects.filter(patient_id=patient.pk, closed_at__isnull=True)}


def score_of(form):
    key = data_key(program_id=form.program_id, patient_id=form.patient_id)
    return selectors.score_of(InstrumentForm.objects.get(pk=form.pk), key=key)


def test_a_form_is_scored_sealed_and_kept(phone, patient):
    form = phone.phq9(2, 3, 2, 2, 1, 3, 2, 1, 0)
    assert (form.status, form.filled_by, form.source, form.language) == ("finished", "patient", "app", "en")
    assert (score_of(form)["total"], score_of(form)["band"]) == (16, "moderately_severe")
    assert raised(patient) == {"low_mood": "amber"}
    [flag] = Flag.objects.filter(patient_id=patient.pk)
    assert flag.evidence == {"instrument": "phq9", "total": 16, "of": 27, "cut": 10, "on": "2026-03-03"}
    stored = InstrumentAnswer.objects.filter(form_id=form.pk)
    assert len(stored) == 9
    assert all(bytes(row.value) not in (b"2", b"3") and len(bytes(row.value)) > 20 for row in stored)
    assert AuditEvent.objects.filter(action="questionnaire.answered", object_id=form.pk).count() == 9


def test_an_answer_comes_twice_and_is_one(phone):
    phone.start("phq2")
    same = uuid.uuid4()
    assert phone.answer("phq_1", 2, client_id=same)[1] is True
    assert phone.answer("phq_1", 2, client_id=same)[1] is False
    with pytest.raises(IdReused):
        phone.answer("phq_1", 3, client_id=same)
    with pytest.raises(IdReused):
        phone.answer("phq_2", 2, client_id=same)
    assert InstrumentAnswer.objects.count() == 1


def test_a_correction_supersedes_and_both_stay(phone):
    phone.start("phq2")
    phone.answer("phq_1", 0)
    phone.answer("phq_1", 3)
    phone.answer("phq_2", 1)
    assert score_of(phone.finish())["total"] == 4
    first, second = InstrumentAnswer.objects.filter(item="phq_1").order_by("pk")
    assert (first.supersedes_id, second.supersedes_id) == (None, first.pk)


def test_a_form_begins_once(phone):
    first = phone.start("phq2")
    again, is_new = instruments.start_form(
        actor=NOBODY, patient=phone.patient, client_id=phone.form, instrument="phq2", now=phone.now
    )
    assert (again.pk, is_new) == (first.pk, False)
    with pytest.raises(IdReused):
        instruments.start_form(
            actor=NOBODY, patient=phone.patient, client_id=phone.form, instrument="phq9", now=phone.now
        )
    with pytest.raises(Conflict):
        phone.start("phq2")


@pytest.mark.parametrize(
    ("item", "value", "field"),
    [
        pytest.param("phq_1", 4, "phq_1", id="outside-its-scale"),
        pytest.param("phq_1", "2", "phq_1", id="text-for-a-number"),
        pytest.param("phq_3", 1, "item", id="item-of-another-form"),
        pytest.param("nothing", 1, "item", id="no-such-item"),
    ],
)
def test_a_bad_answer_names_its_item_and_stores_nothing(phone, item, value, field):
    phone.start("phq2")
    with pytest.raises(instruments.BadAnswer) as refused:
        phone.answer(item, value)
    assert refused.value.field == field
    assert not InstrumentAnswer.objects.exists()


def test_an_unfinished_form_has_no_score_and_says_what_waits(phone, patient):
    phone.phq9(3, 3, 3, 3, finish=False)
    with pytest.raises(instruments.NotComplete) as waits:
        phone.finish()
    assert waits.value.field == "phq_5"
    assert raised(patient) == {}
    assert InstrumentAnswer.objects.count() == 4


def test_rather_not_say_finishes_without_a_score(phone, patient):
    form = phone.phq9(3, 3, 3, 3, 3, 3, 3, 3, None)
    assert form.status == "finished"
    assert (score_of(form)["total"], score_of(form)["complete"]) == (None, True)
    assert raised(patient) == {}


# --- safety answers (S 12) ---


def test_s12_item_9_acts_at_once(phone, patient):
    phone.start("phq9")
    phone.answer("phq_9", 1)
    assert raised(patient) == {"suicide_thoughts": "amber_plus"}
    [flag] = Flag.objects.filter(patient_id=patient.pk)
    assert flag.evidence == {"instrument": "phq9", "value": 1, "on": "2026-03-03"}


def test_s12_a_form_that_is_not_finished_in_15_minutes_turns_red(phone, patient, program):
    phone.start("phq9")
    phone.answer("phq_9", 2)
    assert watch_forms(program_ids=[program], now=phone.now + timedelta(minutes=14, seconds=59)) == 0
    assert raised(patient) == {"suicide_thoughts": "amber_plus"}
    later = phone.now + timedelta(minutes=15)
    assert watch_forms(program_ids=[program], now=later) == 1
    assert watch_forms(program_ids=[program], now=later + timedelta(hours=1)) == 0
    [flag] = Flag.objects.filter(patient_id=patient.pk)
    assert (flag.severity, flag.evidence["value"], flag.evidence["unfinished_minutes"]) == ("red", 2, 15)
    assert flag.respond_by == later + timedelta(minutes=15)


def test_s12_a_form_finished_in_time_does_not(phone, patient, program):
    phone.phq9(0, 0, 0, 0, 0, 0, 0, 0, 1)
    assert watch_forms(program_ids=[program], now=phone.now + timedelta(hours=1)) == 0
    assert raised(patient) == {"suicide_thoughts": "amber_plus"}


def test_s12_what_a_person_dealt_with_stays_closed(phone, patient, program, staff):
    phone.start("phq9")
    phone.answer("phq_9", 2)
    [flag] = Flag.objects.filter(patient_id=patient.pk)
    flags.close_flag(actor=staff, flag_id=flag.pk, outcome="reached", now=phone.now + timedelta(minutes=5))
    assert watch_forms(program_ids=[program], now=phone.now + timedelta(minutes=20)) == 1
    assert raised(patient) == {}


@pytest.mark.parametrize(
    ("answers", "flags_raised"),
    [
        pytest.param({1: 0, 2: 0, 6: 0}, {}, id="all-no"),
        pytest.param({1: 1}, {"suicide_thoughts": "amber_plus"}, id="any-yes"),
        pytest.param({2: 1, 3: 1}, {"suicide_thoughts": "amber_plus"}, id="method"),
        pytest.param({2: 1, 4: 1}, {"suicide_thoughts": "amber_plus", "suicide_risk": "red"}, id="intention"),
        pytest.param({2: 1, 5: 1}, {"suicide_thoughts": "amber_plus", "suicide_risk": "red"}, id="plan"),
        pytest.param({6: 1}, {"suicide_thoughts": "amber_plus"}, id="behavior"),
        pytest.param({6: 1, 7: 1}, {"suicide_thoughts": "amber_plus", "suicide_risk": "red"}, id="behavior-recent"),
    ],
)
def test_s12_each_yes_of_the_safety_questions(phone, patient, answers, flags_raised):
    phone.start("cssrs")
    for number, value in answers.items():
        phone.answer(f"cssrs_{number}", value)
    assert raised(patient) == flags_raised


def test_item_9_asks_for_the_safety_questions_and_a_high_two_for_the_nine(phone, patient):
    phone.phq9(0, 0, 0, 0, 0, 0, 0, 0, 1)
    phone.start("phq2")
    phone.answer("phq_1", 3)
    phone.answer("phq_2", 0)
    phone.finish()
    waiting = {row.instrument: row.reason for row in InstrumentForm.objects.filter(status="due")}
    assert waiting == {"cssrs": "follow_up", "phq9": "follow_up"}


# --- contract 3 ---


def test_a_safety_form_is_asked_on_no_phone_until_somebody_switched_it_on(patient, now):
    with pytest.raises(instruments.NotAsked):
        Phone(patient, now).start("phq9")
    assert not InstrumentForm.objects.exists()


def test_nor_where_nobody_can_say_when_answers_are_read(phone, program):
    Program.objects.filter(pk=program).update(clinic_hours={})
    with pytest.raises(instruments.NotAsked):
        phone.start("phq9")
    Program.objects.filter(pk=program).update(night_on_call=True)
    assert phone.start("phq9").status == "started"


@pytest.mark.parametrize("switch", ["phq9_on_phone", "cssrs_on_phone", "free_text_on_phone"])
def test_a_program_that_cannot_say_when_cannot_switch_it_on(program, make_staff, now, switch):
    director = make_staff(program, Role.MEDICAL_DIRECTOR)
    by = {"actor": director, "program_id": program, "reason": "as asked", "now": now, "values": {switch: True}}
    Program.objects.filter(pk=program).update(clinic_hours={})
    with pytest.raises(policy.WrongNumber) as refused:
        policy.override_numbers(**by)
    assert refused.value.field == switch
    Program.objects.filter(pk=program).update(clinic_hours=EVERY_DAY)
    policy.override_numbers(**by)
    assert getattr(policy.policy_for(program), switch) is True


@pytest.mark.parametrize("instrument", ["cage", "pacs", "bam"])
def test_what_staff_ask_is_on_no_phone(phone, instrument):
    with pytest.raises(instruments.NotAsked):
        phone.start(instrument)


def test_a_language_without_a_licensed_text_is_not_asked_on_the_phone(phone, patient):
    Patient.objects.filter(pk=patient.pk).update(language="es")
    patient.refresh_from_db()
    phone.patient = patient
    with pytest.raises(instruments.NotAsked):
        phone.start("audit_c")
    assert phone.start("phq9").language == "es"


# --- staff ---


def test_staff_enter_a_whole_form(patient, staff, now):
    form = instruments.record_form(
        actor=staff,
        patient=patient,
        client_id=uuid.uuid4(),
        instrument="cssrs",
        answers={"cssrs_1": 1, "cssrs_2": 0, "cssrs_4": 1, "cssrs_6": 0},
        now=now,
    )
    assert (form.status, form.filled_by, form.source, form.started_by_id) == (
        "finished",
        "staff",
        "staff",
        staff.user_id,
    )
    assert score_of(form)["band"] == "low"  # item 4 was not called for and is not stored
    assert set(InstrumentAnswer.objects.values_list("item", flat=True)) == {"cssrs_1", "cssrs_2", "cssrs_6"}
    assert raised(patient) == {"suicide_thoughts": "amber_plus"}


def test_staff_enter_what_they_have_and_the_form_stays_open(patient, staff, now):
    same = uuid.uuid4()
    form = instruments.record_form(
        actor=staff, patient=patient, client_id=same, instrument="phq9", answers={"phq_1": 1, "phq_9": 1}, now=now
    )
    assert (form.status, form.finished_at) == ("started", None)
    again = instruments.record_form(
        actor=staff, patient=patient, client_id=same, instrument="phq9", answers={"phq_1": 1, "phq_9": 1}, now=now
    )
    assert again.pk == form.pk
    assert InstrumentAnswer.objects.count() == 2


def test_a_bad_item_of_a_whole_form_stores_nothing(patient, staff, now):
    with pytest.raises(instruments.BadAnswer) as refused:
        instruments.record_form(
            actor=staff,
            patient=patient,
            client_id=uuid.uuid4(),
            instrument="pacs",
            answers={"pacs_1": 3, "pacs_2": 7},
            now=now,
        )
    assert refused.value.field == "pacs_2"
    assert not InstrumentForm.objects.exists()
    assert not InstrumentAnswer.objects.exists()


def test_staff_correct_a_finished_form_and_it_is_scored_again(phone, staff):
    form = phone.phq9(0, 0, 0, 0, 0, 0, 0, 0, 0)
    with pytest.raises(Conflict):
        phone.answer("phq_1", 3)
    instruments.answer_item(
        actor=staff,
        patient=phone.patient,
        form_client_id=phone.form,
        client_id=uuid.uuid4(),
        item="phq_1",
        value=3,
        now=phone.now,
        source="staff",
    )
    assert score_of(form)["total"] == 3


def test_a_strangers_form_does_not_exist(phone, program, make_patient):
    phone.start("phq2")
    other = Phone(make_patient(program), phone.now)
    other.form = phone.form
    with pytest.raises(NotFound):
        other.answer("phq_1", 1)


# --- the daily minute ---


@pytest.fixture
def tablets(program, patient, now):
    treatment = Treatment.objects.get(patient_id=patient.pk)
    start_regimen(
        actor=NOBODY, treatment=treatment, kind="oral_daily", starts_on=date(2026, 3, 1), times=["08:00"], now=now
    )
    extend_doses(program_ids=[program], now=now)


def test_the_daily_minute_goes_on_into_the_record(phone, patient, tablets):
    form = phone.start("daily")
    assert "dose" in form.asked
    for item, value in {
        "craving_opioid": 6,
        "sure_opioid": 4,
        "dose": 1,
        "mood": 5,
        "sleep": 3,
        "trigger": 1,
    }.items():
        phone.answer(item, value)
    # Nothing waits for the end: the reading is there as soon as its confidence is.
    log = CravingLog.objects.get()
    assert (log.intensity, log.confidence, log.substance, log.source) == (6, 4, "opioid", "app")
    report = DoseReport.objects.get()
    assert (report.statement, report.source, report.taken_at) == ("taken", "app", None)
    assert Dose.objects.get(pk=report.dose_id).state == "taken"
    entry = TriggerEntry.objects.get()
    assert (entry.origin, entry.kind) == ("external", "environmental")
    finished = phone.finish()
    assert finished.passed_on == ["craving_opioid", "dose", "trigger"]
    assert CravingLog.objects.count() == 1


def test_a_corrected_craving_is_not_a_second_reading(phone):
    phone.start("daily")
    phone.answer("craving_opioid", 6)
    phone.answer("sure_opioid", None)
    phone.answer("craving_opioid", 2)
    assert CravingLog.objects.get().intensity == 6


def test_an_abandoned_craving_is_a_reading_after_a_while(phone, program):
    phone.start("daily")
    phone.answer("craving_opioid", 9)
    assert not CravingLog.objects.exists()
    assert settle_forms(program_ids=[program], now=phone.now + timedelta(minutes=14)) == 0
    assert settle_forms(program_ids=[program], now=phone.now + timedelta(minutes=15)) == 1
    assert settle_forms(program_ids=[program], now=phone.now + timedelta(minutes=30)) == 0
    log = CravingLog.objects.get()
    assert (log.intensity, log.confidence, log.felt_at) == (9, None, phone.now)
    assert Flag.objects.get().kind == FlagKind.CRAVING_HIGH.value


def test_what_another_record_refuses_does_not_undo_the_answer(phone, tablets):
    form = phone.start("daily")
    InstrumentForm.objects.filter(pk=form.pk).update(facts={"dose_id": 0})
    phone.answer("dose", 1)
    form.refresh_from_db()
    assert form.passed_on == ["dose-refused"]
    assert InstrumentAnswer.objects.count() == 1


def test_both_substances_are_asked_and_told_apart(program, make_patient, now):
    both = Phone(make_patient(program, indication="both"), now)
    form = both.start("daily")
    assert {"craving_opioid", "craving_alcohol", "drinks", "sure_goal"} <= set(form.asked)
    both.answer("craving_opioid", 1)
    both.answer("sure_opioid", 9)
    both.answer("craving_alcohol", 7)
    both.answer("sure_goal", 5)
    assert set(CravingLog.objects.values_list("substance", "intensity")) == {("opioid", 1), ("alcohol", 7)}


def test_s2_use_in_the_month_is_a_statement_and_acts_at_once(phone, patient, tablets):
    form = phone.start("month")
    phone.answer("use_days", 2)
    assert raised(patient)["reported_use"] == "red"
    fact = StatedFact.objects.get()
    assert (fact.kind, fact.source) == ("opioid_used", "app")
    assert Hold.objects.filter(patient_id=patient.pk, lifted_at__isnull=True).exists()
    form.refresh_from_db()
    assert form.passed_on == ["use_days"]
    phone.answer("use_days", 3)
    assert StatedFact.objects.count() == 1


def test_no_use_is_no_statement(phone):
    phone.start("month")
    phone.answer("use_days", 0)
    assert not StatedFact.objects.exists()


@pytest.mark.parametrize(
    ("aim", "asked", "concern"),
    [
        pytest.param(None, "sure_goal", True, id="no-goal-yet"),
        pytest.param("abstinence", "sure_no_drink", True, id="abstinence"),
        pytest.param("reduction", "sure_limit", False, id="reduction"),
    ],
)
def test_s20_a_drink_is_read_by_the_persons_own_goal(program, make_patient, staff, now, aim, asked, concern):
    person = make_patient(program, indication="alcohol", opioid_history="none")
    if aim is not None:
        plans.set_goal(
            actor=staff, patient=person, client_id=uuid.uuid4(), about=GoalAbout.ALCOHOL, aim=Goal(aim), now=now
        )
    drinker = Phone(person, now)
    form = drinker.start("daily")
    assert asked in form.asked
    drinker.answer("drinks", 3)
    assert StatedFact.objects.get().kind == "drink"
    assert ("reported_drink" in raised(person)) is concern


# --- due dates ---


def account(program, patient, now):
    return people.create_patient_account(program_id=program, patient_id=patient.pk, now=now)


def due(patient):
    return sorted(
        InstrumentForm.objects.filter(patient_id=patient.pk, status="due").values_list("instrument", flat=True)
    )


def test_the_tick_makes_two_a_day_once(program, patient, now, switched_on):
    account(program, patient, now)
    assert make_due(program_ids=[program], now=now) == 2
    assert make_due(program_ids=[program], now=now + timedelta(hours=1)) == 0
    assert due(patient) == ["daily", "phq9"]


def test_what_a_phone_does_not_ask_takes_no_place(program, patient, now):
    account(program, patient, now)
    make_due(program_ids=[program], now=now)
    assert due(patient) == ["daily", "phq2"]


def test_who_has_no_phone_is_asked_by_staff(program, patient, now):
    make_due(program_ids=[program], now=now)
    assert due(patient) == ["audit_c", "phq9"]


def test_what_nobody_answered_passes_and_is_not_called_missed(program, patient, now):
    account(program, patient, now)
    make_due(program_ids=[program], now=now)
    for days in range(1, 5):
        make_due(program_ids=[program], now=now + timedelta(days=days))
    daily = InstrumentForm.objects.filter(patient_id=patient.pk, instrument="daily").order_by("due_on")
    # After three days without an answer the daily minute is asked every third day.
    assert [(row.due_on.day, row.status) for row in daily] == [(3, "passed"), (4, "passed"), (5, "passed")]
    make_due(program_ids=[program], now=now + timedelta(days=5))
    assert daily.last().due_on.day == 8
    assert InstrumentForm.objects.get(patient_id=patient.pk, instrument="phq2").status == "due"


def test_not_today_is_an_answer(program, patient, now):
    account(program, patient, now)
    make_due(program_ids=[program], now=now)
    row = InstrumentForm.objects.get(instrument="daily")
    instruments.decline_form(actor=NOBODY, patient=patient, form_client_id=row.client_id, now=now)
    instruments.decline_form(actor=NOBODY, patient=patient, form_client_id=row.client_id, now=now)
    make_due(program_ids=[program], now=now + timedelta(days=1))
    assert InstrumentForm.objects.filter(instrument="daily", status="due").count() == 1


def test_a_begun_daily_minute_is_kept_unfinished(program, patient, now):
    account(program, patient, now)
    make_due(program_ids=[program], now=now)
    phone = Phone(patient, now)
    phone.start("daily", form=InstrumentForm.objects.get(instrument="daily").client_id)
    phone.answer("craving_opioid", 3)
    make_due(program_ids=[program], now=now + timedelta(days=1))
    form = InstrumentForm.objects.get(client_id=phone.form)
    assert form.status == "unfinished"
    assert InstrumentAnswer.objects.filter(form_id=form.pk).count() == 1


def test_the_day_begins_at_four_in_the_morning_of_each_person(program, make_patient, now):
    east = make_patient(program, zone="America/New_York")
    west = make_patient(program, zone="America/Los_Angeles")
    for each in (east, west):
        account(program, each, now)
    make_due(program_ids=[program], now=now.replace(hour=9, minute=30))  # 04:30 and 01:30
    days = {row.patient_id: row.due_on.day for row in InstrumentForm.objects.filter(instrument="daily")}
    assert days == {east.pk: 3, west.pk: 2}


def test_a_phone_that_made_its_own_id_takes_over_what_waits(program, patient, now):
    account(program, patient, now)
    make_due(program_ids=[program], now=now)
    Phone(patient, now).start("daily")
    assert sorted(InstrumentForm.objects.filter(instrument="daily").values_list("status", flat=True)) == [
        "started",
        "withdrawn",
    ]


def test_ticks_without_a_program_do_nothing(now):
    assert (make_due(program_ids=[], now=now), watch_forms(program_ids=[], now=now)) == (0, 0)
    assert settle_forms(program_ids=[], now=now) == 0


def test_another_program_sees_no_form(phone, make_program):
    phone.start("phq2")
    with programs([make_program()]):
        assert not InstrumentForm.objects.exists()


def test_every_key_that_is_stored_is_in_the_catalogue():
    assert set(INSTRUMENTS) == set(InstrumentKey)
