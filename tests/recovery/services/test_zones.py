"""What was planned by a zone's old rules follows its new ones; numbers that change."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from backend.db import programs
from backend.keys import phone_index
from backend.models import AuditEvent
from recovery.models import Dose, Patient, Treatment
from recovery.rules import schedule
from recovery.services.injections import GivenInjection, record_injections
from recovery.services.patients import BadPerson, set_phone
from recovery.services.regimens import extend_doses, start_regimen
from recovery.services.zones import follow_zone_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def start(staff, patient, now):
    def started(times):
        treatment = Treatment.objects.get(patient=patient, ended_on__isnull=True)
        return start_regimen(
            actor=staff, treatment=treatment, kind="oral_daily", starts_on=date(2026, 3, 3), times=times, now=now
        )

    return started


def dues() -> list[tuple[date, datetime]]:
    return list(Dose.objects.order_by("dosing_day").values_list("dosing_day", "due_at"))


@pytest.fixture
def made_by_old_rules(program, staff, patient, start, now):
    """08:00 every day, made while New York was thought to be an hour further west."""
    start(times=["08:00"])
    right = dues()
    for dose in Dose.objects.all():
        for name in ("due_at", "opens_at", "closes_at", "day_ends_at"):
            setattr(dose, name, getattr(dose, name) + timedelta(hours=1))
        dose.save()
    return right


def test_planned_doses_move_to_where_the_new_rules_say(program, made_by_old_rules, now):
    assert follow_zone_rules(program_ids=[program], now=now) == len([d for _, d in made_by_old_rules if d > now])
    moved = dict(dues())
    for day, due in made_by_old_rules:
        near = due <= now + timedelta(hours=2)
        assert moved[day] == (due + timedelta(hours=1) if near else due)
    assert follow_zone_rules(program_ids=[program], now=now) == 0


def test_nothing_is_doubled_by_planning_after_it(program, made_by_old_rules, now):
    follow_zone_rules(program_ids=[program], now=now)
    before = Dose.objects.count()
    assert extend_doses(program_ids=[program], now=now, ahead_hours=72) == 0
    assert Dose.objects.count() == before


def test_doses_that_have_begun_or_are_told_of_stay(program, made_by_old_rules, now):
    Dose.objects.update(state="taken", taken_at=now)
    before = dues()
    assert follow_zone_rules(program_ids=[program], now=now) == 0
    assert dues() == before


def test_another_program_is_not_touched(program, make_program, made_by_old_rules, now):
    other = make_program()
    before = dues()
    assert follow_zone_rules(program_ids=[other], now=now) == 0
    with programs([program]):
        assert dues() == before


def test_the_next_band_begins_at_the_midnight_of_the_new_rules(program, staff, patient, now):
    given = GivenInjection(
        client_id=uuid.uuid4(),
        patient_id=patient.pk,
        given_on=date(2026, 2, 20),
        medicine="naltrexone_injection",
        dose_mg=380,
    )
    record_injections(actor=staff, injections=[given], now=now)
    row = Treatment.objects.get(patient=patient)
    right = row.cover_next_at
    assert right == datetime(2026, 3, 13, 4, tzinfo=UTC)
    Treatment.objects.filter(pk=row.pk).update(cover_next_at=right + timedelta(hours=1))
    assert follow_zone_rules(program_ids=[program], now=now) == 1
    row.refresh_from_db()
    assert row.cover_next_at == right


def test_the_rule_is_the_one_that_makes_slots(program, staff, patient, start):
    start(times=["08:00"])
    assert dues()
    for day, due in dues():
        assert schedule.due_instant(day, "08:00", zone=patient.zone) == due


def test_a_new_number_is_found_and_the_old_one_is_not(program, staff, patient, now):
    set_phone(actor=staff, patient=patient, phone="+12025550177", now=now)
    row = Patient.objects.get(phone_index=phone_index(program, "+12025550177"))
    assert row.pk == patient.pk
    assert AuditEvent.objects.filter(action="patient.phone_set", patient_id=patient.pk).count() == 1
    set_phone(actor=staff, patient=patient, phone="+12025550177", now=now)
    assert AuditEvent.objects.filter(action="patient.phone_set").count() == 1


def test_a_shared_number_is_marked_and_unmarked(program, staff, make_patient, now):
    one, two = make_patient(program), make_patient(program)
    set_phone(actor=staff, patient=one, phone="+12025550177", now=now)
    set_phone(actor=staff, patient=two, phone="+12025550177", now=now)
    assert list(Patient.objects.filter(pk__in=[one.pk, two.pk]).values_list("phone_shared", flat=True)) == [True, True]
    set_phone(actor=staff, patient=two, phone="", now=now)
    shared = Patient.objects.filter(pk__in=[one.pk, two.pk]).values_list("phone_shared", flat=True)
    assert list(shared) == [False, False]


@pytest.mark.parametrize("phone", ["555", "12025550177", "+1 202 555 0177", "tel:+12025550177"])
def test_a_number_without_its_country_is_refused_and_the_old_one_stays(program, staff, patient, now, phone):
    before = Patient.objects.get(pk=patient.pk).phone_index
    with pytest.raises(BadPerson) as refusal:
        set_phone(actor=staff, patient=patient, phone=phone, now=now)
    assert refusal.value.field == "phone"
    assert Patient.objects.get(pk=patient.pk).phone_index == before
