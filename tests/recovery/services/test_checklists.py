"""Start and restart checklists, deciding together, planned stops and after-care (S 4, S 13, N9, N10, C 3.5)."""

import uuid
from datetime import UTC, date, datetime, time, timedelta

import pytest

from backend.errors import Conflict, NotAllowed
from backend.models import AuditEvent
from backend.rules.roles import Role
from backend.selectors.keys import data_key
from recovery.models import AfterCare, Checklist, ChecklistAnswer, Hold, Task
from recovery.rules.checklists import AnswerKind, ChecklistKind
from recovery.rules.gates import GateEvent
from recovery.rules.states import FlagKind, Severity
from recovery.selectors.checklists import checklists_of
from recovery.selectors.records import open_treatment
from recovery.services.aftercare import cancel_stop, end_after_care, hold_stop_talk, plan_stop
from recovery.services.checklists import (
    BadAnswer,
    Incomplete,
    answer_items,
    cancel_checklist,
    choose_medicine,
    sign_checklist,
)
from recovery.services.cravings import log_craving
from recovery.services.doses import DoseStatement, report_doses
from recovery.services.due_work import make_due_work
from recovery.services.flags import raise_flag
from recovery.services.gates import note_event
from recovery.services.injections import GivenInjection, record_injections
from recovery.services.recorded import BadRecord
from recovery.services.regimens import start_regimen
from recovery.services.tasks import finish_task
from recovery.services.treatments import close_treatment

GIVEN = date(2026, 2, 1)


def at(day: date, hour: int = 17) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=UTC)


@pytest.fixture
def clinician(program, make_staff):
    return make_staff(program, Role.CLINICIAN)


@pytest.fixture
def give(staff, patient):
    def given(day, who=None):
        one = GivenInjection(
            client_id=uuid.uuid4(),
            patient_id=(who or patient).pk,
            given_on=day,
            medicine="naltrexone_injection",
            dose_mg=380,
        )
        record_injections(actor=staff, injections=[one], now=at(day))

    return given


@pytest.fixture
def tick(program):
    return lambda day: make_due_work(program_ids=[program], now=at(day))


def tasks(kind, **more):
    return list(Task.objects.filter(kind=kind, **more).order_by("pk"))


def good(patient, view):
    """An answer to every item that does not speak against it."""

    def of(item):
        if item.answer is AnswerKind.CHOICE:
            return next(value for value, _ in item.choices if value not in item.concern)
        if item.answer is AnswerKind.YES_NO:
            return next(value for value in ("yes", "no") if value not in item.concern)
        return "2026-01-01" if item.answer is AnswerKind.DAY else "38"

    return {each.item.code: (of(each.item), "") for each in view.items}


def shown(patient, kind, day=GIVEN):
    key = data_key(program_id=patient.program_id, patient_id=patient.pk)
    return checklists_of(patient=patient, key=key, today=day, kind=kind)[0]


def fill(actor, patient, kind, day):
    view = shown(patient, kind)
    answer_items(actor=actor, patient=patient, checklist_id=view.checklist_id, answers=good(patient, view), now=at(day))
    return view.checklist_id


# --- the restart checklist ---


def test_s4_at_dsl_36_the_restart_checklist_is_work_for_the_prescriber_and_no_hold(give, tick):
    give(GIVEN)
    tick(GIVEN + timedelta(days=35))
    assert tasks("restart_checklist") == []
    tick(GIVEN + timedelta(days=36))
    tick(GIVEN + timedelta(days=36))
    [task] = tasks("restart_checklist")
    assert (task.role, task.facts["dsl"], task.facts["cause"]) == ("prescriber", 36, "late_band")
    row = Checklist.objects.get(kind="restart")
    assert (row.status, row.medicine) == ("open", "naltrexone_injection")
    assert Hold.objects.count() == 0


def test_s2_time_asks_nothing_of_alcohol_only(program, make_patient, give, tick):
    person = make_patient(program, indication="alcohol", opioid_history="none", treatment_from=GIVEN)
    give(GIVEN, person)
    tick(GIVEN + timedelta(days=90))
    assert Checklist.objects.filter(patient_id=person.pk, kind="restart").count() == 0


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        (GateEvent.OPIOID_TAKEN, "reported_use"),
        (GateEvent.OPIOID_GIVEN_AWAY, "reported_use"),
        (GateEvent.STATED_GAP, "stated_gap"),
        (GateEvent.FAILED_CHALLENGE, "failed_challenge"),
    ],
)
def test_an_opioid_or_a_gap_asks_for_it_at_once(staff, patient, give, event, cause):
    give(GIVEN)
    note_event(actor=staff, patient=patient, event=event, evidence={"days": 3}, now=at(GIVEN))
    assert Checklist.objects.get().cause == cause
    [task] = tasks("restart_checklist")
    assert task.facts["cause"] == cause


def test_s1_reported_use_asks_nobody_on_an_agonist_to_restart(staff, patient, now):
    start_regimen(actor=staff, treatment=open_treatment(patient), kind="buprenorphine_daily", starts_on=GIVEN, now=now)
    note_event(actor=staff, patient=patient, event=GateEvent.OPIOID_TAKEN, evidence={}, now=now)
    assert Checklist.objects.count() == 0


def test_it_is_signed_by_a_prescriber_once_it_is_complete(staff, clinician, make_staff, program, patient, give, tick):
    give(GIVEN)
    day = GIVEN + timedelta(days=36)
    tick(day)
    view = shown(patient, ChecklistKind.RESTART)
    nurse = make_staff(program, Role.NURSE)
    with pytest.raises(NotAllowed):
        answer_items(actor=staff, patient=patient, checklist_id=view.checklist_id, answers={}, now=at(day))
    answers = good(patient, view)
    urine = answers.pop("urine_test")
    answer_items(actor=nurse, patient=patient, checklist_id=view.checklist_id, answers=answers, now=at(day))
    with pytest.raises(NotAllowed):
        sign_checklist(actor=nurse, patient=patient, checklist_id=view.checklist_id, now=at(day))
    with pytest.raises(Incomplete) as refusal:
        sign_checklist(actor=clinician, patient=patient, checklist_id=view.checklist_id, now=at(day))
    assert (refusal.value.missing, refusal.value.field) == (("urine_test",), "urine_test")
    assert "Urine test today" in refusal.value.message

    def answer(value, reason=""):
        given = {"urine_test": (value, reason)}
        answer_items(actor=nurse, patient=patient, checklist_id=view.checklist_id, answers=given, now=at(day))

    answer("positive")
    with pytest.raises(Incomplete) as refusal:
        sign_checklist(actor=clinician, patient=patient, checklist_id=view.checklist_id, now=at(day))
    assert refusal.value.to_explain == ("urine_test",)
    answer(*urine)
    signed = sign_checklist(actor=clinician, patient=patient, checklist_id=view.checklist_id, now=at(day))
    assert (signed.signed_by_id, signed.expires_on) == (clinician.user_id, day + timedelta(days=7))
    [task] = tasks("restart_checklist")
    assert (task.status, task.outcome) == ("done", "signed")
    # Every answer stays on record, the first one too.
    assert ChecklistAnswer.objects.filter(item="urine_test").count() == 2
    with pytest.raises(Conflict):
        answer("negative")
    actions = list(AuditEvent.objects.filter(object_kind="checklist").values_list("action", flat=True))
    assert {"checklist.opened", "checklist.answered", "checklist.signed"} <= set(actions)


def test_what_speaks_against_it_is_signed_over_with_a_sealed_reason(clinician, patient, give, tick):
    give(GIVEN)
    day = GIVEN + timedelta(days=36)
    tick(day)
    pk = fill(clinician, patient, ChecklistKind.RESTART, day)
    over = {"cirrhosis": ("yes", "Child A, hepatologist agrees")}
    answer_items(actor=clinician, patient=patient, checklist_id=pk, answers=over, now=at(day))
    sign_checklist(actor=clinician, patient=patient, checklist_id=pk, now=at(day))
    stored = ChecklistAnswer.objects.filter(item="cirrhosis").latest("pk")
    assert b"hepatologist" not in bytes(stored.reason)
    view = shown(patient, ChecklistKind.RESTART, day)
    [cirrhosis] = [each for each in view.items if each.item.code == "cirrhosis"]
    assert (cirrhosis.said, cirrhosis.answer.reason) == ("Yes", "Child A, hepatologist agrees")


def test_an_order_that_was_not_used_expires_and_is_asked_again(clinician, patient, give, tick):
    give(GIVEN)
    day = GIVEN + timedelta(days=36)
    tick(day)
    pk = fill(clinician, patient, ChecklistKind.RESTART, day)
    sign_checklist(actor=clinician, patient=patient, checklist_id=pk, now=at(day))
    tick(day + timedelta(days=7))
    assert Checklist.objects.get(pk=pk).status == "signed"
    tick(day + timedelta(days=8))
    assert Checklist.objects.get(pk=pk).status == "expired"
    tick(day + timedelta(days=8))
    again = Checklist.objects.get(kind="restart", status="open")
    assert again.cause == "expired"
    assert ChecklistAnswer.objects.filter(checklist=again).count() == 0
    assert tasks("restart_checklist", status="open")[0].facts["cause"] == "expired"


def test_an_order_that_was_used_stays_used(clinician, patient, give, tick):
    give(GIVEN)
    day = GIVEN + timedelta(days=36)
    tick(day)
    pk = fill(clinician, patient, ChecklistKind.RESTART, day)
    sign_checklist(actor=clinician, patient=patient, checklist_id=pk, now=at(day))
    give(day + timedelta(days=1))
    tick(day + timedelta(days=20))
    assert Checklist.objects.get(pk=pk).status == "used"
    assert Checklist.objects.filter(kind="restart", status="open").count() == 0


def test_s9_an_injection_before_anybody_signed_is_recorded_and_overtakes_it(patient, give, tick):
    give(GIVEN)
    day = GIVEN + timedelta(days=36)
    tick(day)
    give(day + timedelta(days=1))
    tick(day + timedelta(days=1))
    assert Checklist.objects.get(kind="restart").status == "overtaken"
    [task] = tasks("restart_checklist")
    assert (task.status, task.outcome) == ("cancelled", "reason_ended")


def test_one_that_is_not_needed_is_cancelled_and_not_asked_again(staff, clinician, patient, give, tick):
    give(GIVEN)
    day = GIVEN + timedelta(days=36)
    tick(day)
    pk = shown(patient, ChecklistKind.RESTART).checklist_id
    with pytest.raises(NotAllowed):
        cancel_checklist(actor=staff, patient=patient, checklist_id=pk, now=at(day))
    cancel_checklist(actor=clinician, patient=patient, checklist_id=pk, now=at(day))
    tick(day + timedelta(days=1))
    assert Checklist.objects.filter(kind="restart").count() == 1
    assert tasks("restart_checklist", status="open") == []


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"nothing": ("yes", "")}, "nothing"),
        ({"cirrhosis": ("perhaps", "")}, "cirrhosis"),
        ({"drinking_now": ("no", "")}, "drinking_now"),
    ],
)
def test_an_answer_that_cannot_be_stores_none_of_them(clinician, patient, give, tick, answers, field):
    give(GIVEN)
    day = GIVEN + timedelta(days=36)
    tick(day)
    pk = shown(patient, ChecklistKind.RESTART).checklist_id
    with pytest.raises(BadAnswer) as refusal:
        answer_items(actor=clinician, patient=patient, checklist_id=pk, answers=answers, now=at(day))
    assert refusal.value.field == field
    assert ChecklistAnswer.objects.count() == 0


# --- the start checklist ---


def test_s13_a_start_asks_for_its_checklist_and_for_which_medicine(clinician, patient, tick):
    tick(GIVEN)
    [task] = tasks("start_checklist")
    assert task.role == "prescriber"
    view = shown(patient, ChecklistKind.START)
    assert view.medicine == "naltrexone_tablet"
    assert "needle_length" not in {each.item.code for each in view.items}
    choose_medicine(
        actor=clinician, patient=patient, checklist_id=view.checklist_id, medicine="naltrexone_injection", now=at(GIVEN)
    )
    assert "needle_length" in {each.item.code for each in shown(patient, ChecklistKind.START).items}
    fill(clinician, patient, ChecklistKind.START, GIVEN)
    sign_checklist(actor=clinician, patient=patient, checklist_id=view.checklist_id, now=at(GIVEN))
    tick(GIVEN + timedelta(days=1))
    assert len(tasks("start_checklist")) == 1


def test_a_treatment_that_began_long_ago_is_not_asked_for_its_start(patient, tick):
    tick(GIVEN + timedelta(days=31))
    assert tasks("start_checklist") == []
    tick(GIVEN + timedelta(days=30))
    assert len(tasks("start_checklist")) == 1


# --- deciding together, planned stops ---


def test_n9_the_wish_to_stop_is_a_shared_decision_once(staff, program, patient, clinician, tick):
    raise_flag(
        program_id=program,
        patient_id=patient.pk,
        treatment_id=None,
        kind=FlagKind.WANTS_TO_STOP,
        severity=Severity.AMBER_PLUS,
        evidence={"said": "feels_cured"},
        policy_version="test",
        now=at(GIVEN),
    )
    tick(GIVEN)
    [task] = tasks("shared_decision")
    assert (task.role, task.facts["reason"]) == ("prescriber", "feels_cured")
    finish_task(actor=clinician, task_id=task.pk, outcome="continues", now=at(GIVEN))
    tick(GIVEN + timedelta(days=1))
    assert tasks("shared_decision", status="open") == []


@pytest.mark.parametrize(("intensity", "asks"), [(1, True), (6, False)])
def test_n9_silence_after_low_craving_is_a_talk_and_no_alarm(program, patient, tick, intensity, asks):
    from backend.access import NOBODY

    for days in range(6):
        log_craving(
            actor=NOBODY,
            patient=patient,
            client_id=uuid.uuid4(),
            intensity=intensity,
            felt_at=at(GIVEN + timedelta(days=days)),
            now=at(GIVEN + timedelta(days=days)),
        )
    raise_flag(
        program_id=program,
        patient_id=patient.pk,
        treatment_id=None,
        kind=FlagKind.SILENCE,
        severity=Severity.INFO,
        evidence={},
        policy_version="test",
        now=at(GIVEN + timedelta(days=10)),
    )
    tick(GIVEN + timedelta(days=10))
    found = tasks("shared_decision")
    assert [task.facts["reason"] for task in found] == (["quiet_and_low"] if asks else [])


def test_rows_5_8_18_a_review_after_six_months_and_again(clinician, patient, tick):
    tick(date(2026, 7, 31))
    assert tasks("review_treatment") == []
    tick(date(2026, 8, 1))
    [task] = tasks("review_treatment")
    assert (task.role, task.facts["review_on"]) == ("prescriber", "2026-08-01")
    finish_task(actor=clinician, task_id=task.pk, outcome="continues", now=at(date(2026, 8, 3)))
    tick(date(2027, 1, 31))
    assert len(tasks("review_treatment")) == 1
    tick(date(2027, 2, 1))
    assert len(tasks("review_treatment")) == 2


def test_n10_a_stop_is_planned_by_a_prescriber_with_the_overdose_talk(staff, clinician, patient):
    plan = {"patient": patient, "planned_for": date(2026, 3, 1), "reason": "feels_stable", "now": at(GIVEN)}
    with pytest.raises(NotAllowed):
        plan_stop(actor=staff, counselled=True, **plan)
    row = plan_stop(actor=clinician, counselled=False, note="Agreed with her", **plan)
    assert row.counselled_at is None and b"Agreed" not in bytes(row.note)
    hold_stop_talk(actor=staff, patient=patient, stop_id=row.pk, now=at(GIVEN))
    with pytest.raises(Conflict):
        plan_stop(actor=clinician, counselled=True, **plan)
    cancel_stop(actor=clinician, patient=patient, stop_id=row.pk, now=at(GIVEN))
    with pytest.raises(Conflict):
        cancel_stop(actor=clinician, patient=patient, stop_id=row.pk, now=at(GIVEN))
    with pytest.raises(BadRecord) as refusal:
        plan_stop(actor=clinician, counselled=True, **(plan | {"planned_for": date(2026, 1, 1)}))
    assert refusal.value.field == "planned_for"
    assert open_treatment(patient) is not None  # it stops nothing by itself


# --- after-care ---


def weeks(tick, ended, last, actor, *, first):
    """Tick on each weekday of contact and the day before; end every contact as soon as it is asked for."""
    asked = []
    for week in range(11):
        for day in (ended + timedelta(days=7 * week - 1), ended + timedelta(days=7 * week)):
            if not first <= day <= last:
                continue
            tick(day)
            for task in tasks("after_care_contact", status="open"):
                asked.append(day)
                finish_task(actor=actor, task_id=task.pk, outcome="talked", now=at(day))
    return asked


def test_c35_after_a_closed_treatment_with_an_injection_a_contact_each_week_to_day_60(staff, patient, give, tick):
    give(GIVEN)
    ended = date(2026, 3, 1)  # 28 days on
    close_treatment(
        actor=staff,
        treatment=open_treatment(patient),
        ended_on=date(2026, 2, 20),
        reason="done",
        now=at(date(2026, 2, 20)),
    )
    assert weeks(tick, ended, date(2026, 5, 5), staff, first=date(2026, 2, 25)) == [
        ended + timedelta(weeks=n) for n in range(9)
    ]
    row = AfterCare.objects.get()
    assert (row.cause, row.until, row.end) == ("closed", date(2026, 4, 30), "over")


def test_c35_tablets_alike_after_a_planned_stop(staff, clinician, patient, tick, now):
    start_regimen(
        actor=staff,
        treatment=open_treatment(patient),
        kind="oral_daily",
        starts_on=date(2026, 3, 1),
        now=at(date(2026, 3, 1), 10),
    )
    taken = DoseStatement(
        client_id=uuid.uuid4(),
        patient_id=patient.pk,
        statement="taken",
        source="staff",
        dosing_day=date(2026, 3, 3),
        taken_at=datetime(2026, 3, 3, 13, tzinfo=UTC),
    )
    report_doses(actor=staff, statements=[taken], now=datetime(2026, 3, 3, 14, tzinfo=UTC))
    plan_stop(
        actor=clinician, patient=patient, planned_for=date(2026, 3, 4), reason="own_choice", counselled=True, now=now
    )
    tick(date(2026, 3, 3))
    assert AfterCare.objects.count() == 0
    tick(date(2026, 3, 5))
    row = AfterCare.objects.get()
    # Covered for 24 hours, to 4 March 08:00 in New York; the first day without is the 5th.
    assert (row.cause, row.cover_ended_on, row.until) == ("planned_stop", date(2026, 3, 5), date(2026, 5, 4))
    assert len(tasks("after_care_contact")) == 1


def test_contract_2_from_dsl_57_the_watch_runs_to_dsl_88(program, staff, give, tick):
    from recovery.services.cover import advance_bands

    give(GIVEN)
    day = GIVEN + timedelta(days=57)
    advance_bands(program_ids=[program], now=at(day - timedelta(days=1)))
    tick(day - timedelta(days=1))
    assert AfterCare.objects.count() == 0
    advance_bands(program_ids=[program], now=at(day))
    asked = weeks(tick, GIVEN + timedelta(days=28), GIVEN + timedelta(days=95), staff, first=day)
    assert asked == [GIVEN + timedelta(days=28 + 7 * week) for week in range(5, 9)]
    assert AfterCare.objects.get().until == GIVEN + timedelta(days=88)


def test_cover_that_comes_back_ends_it_and_its_contact(program, give, tick):
    from recovery.services.cover import advance_bands

    give(GIVEN)
    day = GIVEN + timedelta(days=63)
    advance_bands(program_ids=[program], now=at(day))
    tick(day)
    give(day + timedelta(days=1))
    tick(day + timedelta(days=1))
    assert AfterCare.objects.get().end == "covered_again"
    assert [(t.status, t.outcome) for t in tasks("after_care_contact")] == [("cancelled", "reason_ended")]


def test_s2_no_after_care_for_alcohol_only(program, staff, make_patient, give, tick):
    person = make_patient(program, indication="alcohol", opioid_history="none", treatment_from=GIVEN)
    give(GIVEN, person)
    close_treatment(actor=staff, treatment=open_treatment(person), ended_on=GIVEN, reason="done", now=at(GIVEN))
    tick(GIVEN + timedelta(days=30))
    assert AfterCare.objects.count() == 0


def test_staff_end_it_early(staff, patient, give, tick):
    give(GIVEN)
    close_treatment(actor=staff, treatment=open_treatment(patient), ended_on=GIVEN, reason="done", now=at(GIVEN))
    tick(GIVEN + timedelta(days=30))
    end_after_care(actor=staff, patient=patient, now=at(GIVEN + timedelta(days=31)))
    tick(GIVEN + timedelta(days=40))
    assert AfterCare.objects.get().end == "by_staff"
    assert tasks("after_care_contact", status="open") == []


def test_the_tick_asks_the_database_as_often_for_many_as_for_one(program, make_patient, give, tick):
    """Counted without what it writes: the second run finds everything made."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    give(GIVEN)
    tick(GIVEN + timedelta(days=36))
    with CaptureQueriesContext(connection) as one:
        tick(GIVEN + timedelta(days=36))
    for _ in range(4):
        give(GIVEN, make_patient(program, treatment_from=GIVEN, at=at(GIVEN)))
    tick(GIVEN + timedelta(days=36))
    with CaptureQueriesContext(connection) as many:
        tick(GIVEN + timedelta(days=36))
    assert len(many) == len(one)
