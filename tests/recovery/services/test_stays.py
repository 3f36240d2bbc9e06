"""Away and back (S 7, S 21, N19)."""

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.access import NOBODY
from backend.errors import Conflict, InFuture, NotAllowed
from backend.rules.roles import Role
from recovery.models import CoverEvent, Dose, Hold, Stay, Task
from recovery.rules.gates import GateEvent
from recovery.selectors.holds import prompt_stops
from recovery.selectors.records import live_flags, open_treatment
from recovery.services.cover import advance_bands
from recovery.services.doses import close_doses
from recovery.services.gates import note_event
from recovery.services.injections import GivenInjection, record_injections
from recovery.services.policy import override_number
from recovery.services.regimens import extend_doses, start_regimen
from recovery.services.stays import (
    BadStay,
    Inside,
    begin_stay,
    end_stay,
    expect_release,
    plan_releases,
    settle_stay,
    void_stay,
)


def local(day, hour=12):
    return datetime(2026, 3, 1, hour, tzinfo=ZoneInfo("America/New_York")) + timedelta(days=day - 1)


@pytest.fixture
def goes(staff, patient, now):
    def begin(place="hospital", began_on=date(2026, 3, 3), at=now, **changes):
        values = {"client_id": uuid.uuid4(), "place": place, "began_on": began_on} | changes
        stay, _ = begin_stay(actor=staff, patient=patient, now=at, **values)
        return stay

    return begin


@pytest.fixture
def tablets(staff, program, patient, now):
    start_regimen(
        actor=staff, treatment=open_treatment(patient), kind="oral_daily", starts_on=date(2026, 3, 1), now=now
    )
    extend_doses(program_ids=[program], now=now, ahead_hours=30 * 24)


def close_to(program, day):
    close_doses(program_ids=[program], now=local(day, 6))


def kinds(patient):
    return sorted(flag.kind for flag in live_flags(patient.pk))


def test_s7_away_is_no_silence_and_ends_the_one_that_was(program, patient, tablets, goes):
    close_to(program, 5)
    assert kinds(patient) == ["silence"]
    goes(began_on=date(2026, 3, 5), at=local(5))
    assert kinds(patient) == []
    close_to(program, 15)
    assert kinds(patient) == []
    assert set(Dose.objects.filter(dosing_day__lt=date(2026, 3, 15)).values_list("state", flat=True)) == {
        "not_reported"
    }


def test_s7_prompts_rest_until_staff_have_asked(staff, patient, tablets, goes):
    stay = goes()
    assert prompt_stops([patient.pk])[patient.pk].away
    end_stay(actor=staff, stay_id=stay.pk, ended_on=date(2026, 3, 9), now=local(9))
    assert prompt_stops([patient.pk])[patient.pk].away, "back is not enough"
    settle_stay(actor=staff, stay_id=stay.pk, inside=Inside(opioids="no", doses="no"), now=local(9, 14))
    assert prompt_stops([patient.pk]) == {}
    assert not Hold.objects.exists()


def test_s7_back_is_a_contact_owed_and_ends_with_it(staff, patient, goes):
    stay = goes("jail")
    end_stay(actor=staff, stay_id=stay.pk, ended_on=date(2026, 3, 9), now=local(9))
    [flag] = live_flags(patient.pk)
    assert (flag.kind, flag.severity, flag.respond_by) == ("release", "amber", local(9) + timedelta(hours=72))
    settle_stay(actor=staff, stay_id=stay.pk, inside=Inside(opioids="unknown", doses="unknown"), now=local(9, 14))
    assert kinds(patient) == []


def test_s7_an_opioid_given_inside_opens_the_gate(staff, patient, tablets, goes):
    stay = goes()
    end_stay(actor=staff, stay_id=stay.pk, ended_on=date(2026, 3, 9), now=local(9))
    settle_stay(actor=staff, stay_id=stay.pk, inside=Inside(opioids="yes", doses="no"), now=local(9, 14))
    assert Hold.objects.get().cause == "opioid_given_away"
    assert "reported_use" in kinds(patient)


def test_s7_a_hold_while_away_is_still_shown_as_one(staff, patient, tablets, goes, now):
    goes()
    note_event(actor=staff, patient=patient, event=GateEvent.OPIOID_TAKEN, evidence={}, now=now)
    stops = prompt_stops([patient.pk])[patient.pk]
    assert (stops.away, stops.holds_dose("naltrexone_tablet", opens_at=now)) == (True, True)
    assert not stops.holds_dose("acamprosate", opens_at=now)


def test_s7_doses_given_inside_are_taken_on_the_word_of_staff(staff, patient, tablets, goes, program):
    stay = goes()
    close_to(program, 9)
    end_stay(actor=staff, stay_id=stay.pk, ended_on=date(2026, 3, 9), now=local(9))
    given = Inside(opioids="no", doses="yes", dose_days=[date(2026, 3, 4), date(2026, 3, 5)])
    settle_stay(actor=staff, stay_id=stay.pk, inside=given, now=local(9, 14))
    states = dict(
        Dose.objects.filter(dosing_day__range=("2026-03-03", "2026-03-06")).values_list("dosing_day", "state")
    )
    assert [states[date(2026, 3, day)] for day in (3, 4, 5, 6)] == ["not_reported", "taken", "taken", "not_reported"]


def test_s7_after_back_three_silent_days_make_a_call(staff, patient, program, tablets, goes):
    stay = goes(began_on=date(2026, 3, 2), at=local(2))
    close_to(program, 9)
    end_stay(actor=staff, stay_id=stay.pk, ended_on=date(2026, 3, 9), now=local(9))
    settle_stay(actor=staff, stay_id=stay.pk, inside=Inside(opioids="no", doses="no"), now=local(9, 14))
    close_to(program, 11)
    [flag] = live_flags(patient.pk)
    assert (flag.severity, flag.evidence["run"]) == ("info", 2), "days away are not counted"
    close_to(program, 12)
    [flag] = live_flags(patient.pk)
    assert (flag.severity, flag.evidence["reason"]) == ("amber_plus", "after_back")


def test_s7_bands_run_on_while_away_and_release_starts_no_cover(staff, patient, program, goes, now):
    given = GivenInjection(
        client_id=uuid.uuid4(), patient_id=patient.pk, given_on=date(2026, 3, 2), medicine="naltrexone_injection",
        dose_mg=380,
    )  # fmt: skip
    record_injections(actor=staff, injections=[given], now=now)
    stay = goes("jail")
    advance_bands(program_ids=[program], now=local(33))
    end_stay(actor=staff, stay_id=stay.pk, ended_on=date(2026, 4, 2), now=local(33))
    bands = list(CoverEvent.objects.order_by("at", "id").values_list("band", flat=True))
    assert bands == ["covered", "due_soon", "due", "overdue_1"]


def test_s21_a_release_within_48_hours_is_prepared_once(staff, patient, program, goes, now):
    stay = goes("jail", expected_on=date(2026, 3, 20))
    assert plan_releases(program_ids=[program], now=local(17)) == 0
    assert plan_releases(program_ids=[program], now=local(18, 13)) == 1
    assert plan_releases(program_ids=[program], now=local(19)) == 0
    task = Task.objects.get()
    assert (task.kind, task.role, task.facts["expected_on"]) == ("release_plan", "coordinator", "2026-03-20")
    task.status, task.outcome, task.done_at, task.done_by_id = "done", "plan_made", local(19), staff.user_id
    task.save()
    assert plan_releases(program_ids=[program], now=local(19)) == 0, "done is done"
    expect_release(actor=staff, stay_id=stay.pk, expected_on=date(2026, 3, 21), now=local(19))
    assert Task.objects.filter(status="open").count() == 1, "another day is another plan"


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        pytest.param({"place": "home"}, BadStay, "place", id="no such place"),
        pytest.param({"began_on": date(2026, 3, 4)}, InFuture, "began_on", id="tomorrow"),
        pytest.param({"expected_on": date(2026, 3, 1)}, BadStay, "expected_on", id="out before in"),
    ],
)
def test_what_cannot_be_is_refused(goes, changes, error, field):
    with pytest.raises(error) as refusal:
        goes(**changes)
    assert refusal.value.field == field
    assert not Stay.objects.exists()


def test_one_stay_at_a_time_and_none_over_another(staff, goes):
    first = goes(began_on=date(2026, 2, 20))
    with pytest.raises(Conflict):
        goes()
    end_stay(actor=staff, stay_id=first.pk, ended_on=date(2026, 2, 25), now=local(3))
    with pytest.raises(Conflict):
        goes()
    settle_stay(actor=staff, stay_id=first.pk, inside=Inside(opioids="no", doses="no"), now=local(3))
    with pytest.raises(Conflict):
        goes(began_on=date(2026, 2, 24))
    second = goes(began_on=date(2026, 2, 25))
    void_stay(actor=staff, stay_id=second.pk, now=local(3))
    goes(began_on=date(2026, 3, 1))


def test_the_order_of_a_stay(staff, goes):
    stay = goes()
    inside = Inside(opioids="no", doses="no")
    with pytest.raises(Conflict):
        settle_stay(actor=staff, stay_id=stay.pk, inside=inside, now=local(4))
    with pytest.raises(BadStay):
        end_stay(actor=staff, stay_id=stay.pk, ended_on=date(2026, 3, 2), now=local(4))
    with pytest.raises(InFuture):
        end_stay(actor=staff, stay_id=stay.pk, ended_on=date(2026, 3, 9), now=local(4))
    end_stay(actor=staff, stay_id=stay.pk, ended_on=date(2026, 3, 4), now=local(4))
    for wrong in (
        Inside(opioids="maybe", doses="no"),
        Inside(opioids="no", doses="no", dose_days=[date(2026, 3, 3)]),
        Inside(opioids="no", doses="yes", dose_days=[date(2026, 3, 9)]),
    ):
        with pytest.raises(BadStay):
            settle_stay(actor=staff, stay_id=stay.pk, inside=wrong, now=local(4))
    settle_stay(actor=staff, stay_id=stay.pk, inside=inside, now=local(4))
    with pytest.raises(Conflict):
        settle_stay(actor=staff, stay_id=stay.pk, inside=inside, now=local(4))


def test_a_stay_is_staffs_to_record(goes, patient, now):
    with pytest.raises(NotAllowed):
        begin_stay(
            actor=NOBODY, patient=patient, client_id=uuid.uuid4(), place="jail", began_on=date(2026, 3, 1), now=now
        )


def test_a_repeat_finds_the_first(goes):
    pk = uuid.uuid4()
    assert goes(client_id=pk, note="ward 3").pk == goes(client_id=pk, note="ward 3").pk
    assert b"ward" not in bytes(Stay.objects.get().note)


@pytest.mark.parametrize("switched_on", [False, True])
def test_silence_holds_nothing_unless_a_director_switched_that_on(program, tablets, make_staff, now, switched_on):
    if switched_on:
        director = make_staff(program, Role.MEDICAL_DIRECTOR)
        override_number(actor=director, program_id=program, key="hold_on_silence", value=True, reason="pilot", now=now)
    close_to(program, 8)
    assert list(Hold.objects.values_list("cause", flat=True)) == (["silence"] if switched_on else [])
