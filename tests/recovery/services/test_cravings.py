"""A craving and what it raises, in one transaction (C 6.4, contract 5)."""

import uuid
from datetime import timedelta

import pytest

from backend.errors import IdReused, InFuture
from backend.rules.roles import Role
from backend.selectors.people import actor_of
from backend.services.people import create_patient_account
from recovery.models import CravingLog, Flag, Task, TriggerEntry
from recovery.rules.states import FlagKind, Severity
from recovery.selectors.records import live_flags
from recovery.services.cravings import BadCraving, log_craving
from recovery.services.flags import close_flag, raise_flag
from recovery.services.journal import BadEntry, add_trigger
from recovery.services.tasks import finish_task

DAY = timedelta(days=1)


@pytest.fixture
def feel(staff, patient, now):
    def logged(intensity, at=now, **changes):
        values = {"actor": staff, "patient": patient, "client_id": uuid.uuid4(), "felt_at": at, "now": at} | changes
        return log_craving(intensity=intensity, **values)

    return logged


@pytest.fixture
def usual_two(feel, now):
    for back in range(30, 8, -2):
        feel(2, now - back * DAY)


def test_a_rise_reaches_the_worklist_on_the_third_log(feel, usual_two, patient, now):
    feel(4, now - 2 * DAY)
    feel(4, now - DAY)
    assert [flag.severity for flag in live_flags(patient.pk) if flag.severity != "info"] == []
    feel(5)
    [flag] = [flag for flag in live_flags(patient.pk) if flag.severity != "info"] or live_flags(patient.pk)
    assert (flag.kind, flag.severity) == ("craving_rise", "amber")
    assert flag.evidence["usual"] == 2.0
    assert round(flag.evidence["points_above"], 1) == 2.3


def test_a_repeat_finds_the_first_log(feel, now):
    pk = uuid.uuid4()
    first, is_new = feel(9, client_id=pk, note="at the station")
    again, is_new_again = feel(9, client_id=pk, note="at the station", now=now + DAY)
    assert (is_new, is_new_again, again.pk) == (True, False, first.pk)
    for changes in ({"intensity": 8}, {"note": "at home"}, {"felt_at": now - DAY}, {"confidence": 3}):
        values = {"intensity": 9, "note": "at the station", "now": now} | changes
        with pytest.raises(IdReused):
            feel(values.pop("intensity"), client_id=pk, **values)
    assert CravingLog.objects.count() == Flag.objects.count() == 1


@pytest.mark.parametrize(
    ("intensity", "changes", "error"),
    [
        pytest.param(11, {}, BadCraving, id="eleven"),
        pytest.param(-1, {}, BadCraving, id="negative"),
        pytest.param(5, {"confidence": 11}, BadCraving, id="confidence eleven"),
        pytest.param(5, {"substance": "tea"}, BadCraving, id="tea"),
        pytest.param(5, {"source": "guess"}, BadCraving, id="unknown source"),
    ],
)
def test_outside_the_scale_nothing_is_stored(feel, intensity, changes, error):
    with pytest.raises(error):
        feel(intensity, **changes)
    assert CravingLog.objects.count() == 0


def test_not_before_it_is_felt(feel, now):
    feel(1, felt_at=now + timedelta(seconds=119), now=now)
    with pytest.raises(InFuture):
        feel(1, felt_at=now + timedelta(seconds=121), now=now)


def test_nine_with_low_confidence_is_the_same_day(feel, patient):
    feel(9, confidence=3)
    assert [(flag.kind, flag.severity) for flag in live_flags(patient.pk)] == [("craving_high", "amber_plus")]


def test_under_a_patients_own_scope(program, patient, open_scope, now):
    user = create_patient_account(program_id=program, patient_id=patient.pk, now=now)
    actor = actor_of(user_id=user.pk)
    assert actor.roles[program] == {Role.PATIENT}
    with open_scope(program, patient=patient.pk):
        log, is_new = log_craving(
            actor=actor, patient=patient, client_id=uuid.uuid4(), intensity=9, felt_at=now, now=now, note="alone"
        )
    assert is_new
    assert Flag.objects.get().kind == "craving_high"
    assert b"alone" not in bytes(log.note)


def test_while_a_red_flag_is_live_the_numbers_are_attached_and_judged_again_after(feel, program, patient, staff, now):
    red = raise_flag(
        program_id=program,
        patient_id=patient.pk,
        treatment_id=None,
        kind=FlagKind.INJECTION_LATE,
        severity=Severity.RED,
        evidence={"days_late": 9, "last_given_on": "2026-01-25"},
        policy_version="t",
        now=now,
    )
    feel(8)
    assert [flag.kind for flag in live_flags(patient.pk)] == ["injection_late"]
    red.refresh_from_db()
    [attached] = red.evidence["cravings"]
    assert (attached["kind"], attached["latest"]) == ("craving_high", 8)

    close_flag(actor=staff, flag_id=red.pk, outcome="reached", now=now + timedelta(hours=1))
    assert [(flag.kind, flag.severity) for flag in live_flags(patient.pk)] == [("craving_high", "amber")]


def test_a_week_passes_before_the_same_is_raised_again(feel, staff, patient, now):
    feel(8)
    [flag] = live_flags(patient.pk)
    close_flag(actor=staff, flag_id=flag.pk, outcome="reached", now=now)
    feel(8, now + DAY)
    assert live_flags(patient.pk) == []
    feel(9, now + 2 * DAY, confidence=1)
    assert [flag.severity for flag in live_flags(patient.pk)] == ["amber_plus"]


def test_four_weeks_pass_before_a_high_answer_alone_reaches_the_list_again(feel, staff, patient, now):
    def close():
        for flag in live_flags(patient.pk):
            close_flag(actor=staff, flag_id=flag.pk, outcome="reached", now=flag.opened_at)

    def seen(back, intensity):
        feel(intensity, now - back * DAY)
        found = [(flag.kind, flag.severity) for flag in live_flags(patient.pk)]
        close()
        return found

    assert seen(40, 8) == [("craving_high", "amber")]
    assert seen(30, 8) == [("craving_high", "info")]
    assert seen(13, 9) == [("craving_high", "info")]
    assert seen(12, 8) == [("craving_high", "amber")]


def test_a_flag_that_lives_on_remembers_the_day_on_which_it_was_last_raised(feel, staff, patient, now):
    feel(8, now - 40 * DAY)
    feel(9, now - 10 * DAY)
    [flag] = live_flags(patient.pk)
    assert (flag.opened_at, flag.evidence["on"]) == (now - 40 * DAY, str((now - 10 * DAY).date()))
    close_flag(actor=staff, flag_id=flag.pk, outcome="reached", now=now - 9 * DAY)
    feel(8, now - 8 * DAY)
    assert live_flags(patient.pk) == []
    feel(8, now)
    assert [flag.severity for flag in live_flags(patient.pk)] == ["info"]


def test_s17_who_always_says_8_is_talked_with_once_a_month(feel, staff, patient, now):
    for day in range(34, 6, -2):
        feel(8, now - timedelta(days=day))
    asked = []
    for day in range(0, 62, 2):
        feel(8, now + timedelta(days=day))
        for task in Task.objects.filter(kind="craving_review", status="open"):
            assert task.role == "coordinator"
            finish_task(actor=staff, task_id=task.pk, outcome="talked", now=now + timedelta(days=day))
            asked.append(day)
    assert asked == [0, 30, 60]
    assert not [flag for flag in live_flags(patient.pk) if flag.severity_since > now], "it alarms nobody"


def test_the_journal_takes_a_trigger_once(staff, patient, now):
    pk = uuid.uuid4()

    def add(**changes):
        values = {"origin": "external", "kind": "environmental", "intensity": 6, "note": "old street"} | changes
        return add_trigger(actor=staff, patient=patient, client_id=pk, happened_at=now, now=now, **values)

    first, is_new = add()
    again, is_new_again = add()
    assert (is_new, is_new_again, first.pk) == (True, False, again.pk)
    for changes in ({"note": "new street"}, {"intensity": 7}):
        with pytest.raises(IdReused):
            add(**changes)
    with pytest.raises(BadEntry):
        add(kind="weather")
    assert TriggerEntry.objects.count() == 1
