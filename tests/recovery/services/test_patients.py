"""Enrolment and leaving; a program's own numbers."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from backend.errors import Conflict, DomainError
from backend.keys import name_index, phone_index
from backend.models import AuditEvent, PolicyOverride
from backend.selectors.keys import data_key
from recovery.models import Dose, NamePrefix, Patient, Treatment
from recovery.rules.policy import DEFAULT_VERSION, default_policy
from recovery.selectors.policy import policy_for
from recovery.selectors.records import live_flags, open_treatment
from recovery.services.cover import advance_bands
from recovery.services.patients import BadPerson, NewPatient, enrol, exit_patient
from recovery.services.regimens import start_regimen
from recovery.services.treatments import BadTreatment, close_treatment
from recovery.services.treatments import open_treatment as begin


@pytest.fixture
def join(program, staff, now):
    def joined(*people):
        return enrol(actor=staff, program_id=program, people=list(people), now=now)

    return joined


def person(**changes):
    values = {"name": "José Álvarez", "phone": "+12125550123", "zone": "America/New_York", "indication": "opioid"}
    return NewPatient(**(values | changes))


def test_enrolled_sealed_numbered_and_found(program, join):
    first, second = join(
        person(call_name="Pepe", born_on=date(1990, 1, 2), treatment_from=date(2026, 3, 3)),
        person(name="Ann Lee", phone="+12125550124"),
    )
    assert (first.number, second.number) == (1, 2)
    row = Patient.objects.get(pk=first.pk)
    key = data_key(program_id=program, patient_id=first.pk)
    assert [row.opened(key, name) for name in ("name", "call_name", "phone", "born_on")] == [
        "José Álvarez",
        "Pepe",
        "+12125550123",
        "1990-01-02",
    ]
    assert Patient.objects.get(phone_index=phone_index(program, "+12125550123")).pk == first.pk
    for prefix in ("jos", "alvarez", "pep"):
        assert NamePrefix.objects.get(digest=name_index(program, prefix)).patient_id == first.pk
    assert open_treatment(first).started_on == date(2026, 3, 3)
    assert open_treatment(second) is None
    assert AuditEvent.objects.filter(action="patient.enrolled").count() == 2
    assert [row.number for row in join(person(name="Bo Sims"))] == [3]


def test_nothing_of_a_person_lies_in_clear(program, join):
    join(person(call_name="Pepe"))
    with connection.cursor() as cursor:
        for table in ("recovery_patient", "recovery_patientevent", "recovery_nameprefix"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            text = " ".join(row[0] for row in cursor.fetchall())
            assert not any(word in text for word in ("Jos", "lvarez", "Pepe", "5550123"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"name": "  "}, "name", id="no name"),
        pytest.param({"name": "A\x00B"}, "name", id="a NUL"),
        pytest.param({"phone": "2125550123"}, "phone", id="no country"),
        pytest.param({"zone": "Mars/Base"}, "zone", id="no such zone"),
        pytest.param({"language": "fr"}, "language", id="no such language"),
        pytest.param({"indication": "tea"}, "indication", id="no such indication"),
        pytest.param({"opioid_history": "some"}, "opioid_history", id="no such history"),
    ],
)
def test_what_cannot_be_is_refused_and_nobody_is_enrolled(join, changes, field):
    with pytest.raises(DomainError) as refusal:
        join(person(), person(**changes))
    assert refusal.value.field == field
    assert Patient.objects.count() == 0


def test_an_import_twice_is_refused(join):
    join(person(external_ref="T-1"))
    for people in ([person(external_ref="T-1")], [person(external_ref="T-2"), person(external_ref="T-2")]):
        with pytest.raises(Conflict):
            join(*people)
    assert Patient.objects.count() == 1


def test_a_number_that_two_share_is_marked_on_both(join):
    first, other = join(person(), person(name="Ann Lee", phone="+12125550199"))
    [second] = join(person(name="Rosa Álvarez"))
    assert set(Patient.objects.filter(phone_shared=True).values_list("pk", flat=True)) == {first.pk, second.pk}
    assert (second.phone_shared, other.phone_shared) == (True, False)


def test_leaving_ends_what_only_time_made(program, staff, patient, now):
    start_regimen(
        actor=staff, treatment=open_treatment(patient), kind="oral_daily", starts_on=date(2026, 3, 3), now=now
    )
    exit_patient(actor=staff, patient=patient, status="exited", now=now)
    assert Dose.objects.filter(state="scheduled", due_at__gt=now).count() == 0
    treatment = Treatment.objects.get()
    assert (treatment.ended_on, treatment.end_reason) == (date(2026, 3, 3), "exit")
    assert live_flags(patient.pk) == []
    with pytest.raises(BadPerson):
        exit_patient(actor=staff, patient=patient, status="active", now=now)


def test_a_readmission_names_the_treatment_before(staff, patient, now):
    first = open_treatment(patient)
    with pytest.raises(Conflict):
        begin(actor=staff, patient=patient, indication="opioid", started_on=date(2026, 3, 3), now=now)
    close_treatment(actor=staff, treatment=first, ended_on=date(2026, 3, 1), reason="moved", now=now)
    with pytest.raises(BadTreatment):
        begin(actor=staff, patient=patient, indication="opioid", started_on=date(2026, 2, 28), now=now)
    second = begin(actor=staff, patient=patient, indication="both", started_on=date(2026, 3, 3), now=now)
    assert second.readmission_of_id == first.pk


def test_a_programs_own_numbers_are_used_and_named(program, staff, patient, now):
    assert policy_for(program) is default_policy()
    for version, value in ((1, 30), (2, 31)):
        PolicyOverride.objects.create(
            program_id=program,
            key="overdue_1_from_dsl",
            value=value,
            version=version,
            reason="local",
            signed_by_id=staff.user_id,
            signed_at=now,
        )
    policy = policy_for(program)
    assert (policy.overdue_1_from_dsl, policy.version) == (31, f"{DEFAULT_VERSION}/p{program}.2")
    assert dict(policy.signatures) == {"overdue_1_from_dsl": f"user {staff.user_id}"}

    import uuid

    from recovery.services.injections import GivenInjection, record_injections

    record_injections(
        actor=staff,
        injections=[
            GivenInjection(
                client_id=uuid.uuid4(),
                patient_id=patient.pk,
                given_on=date(2026, 3, 3),
                medicine="naltrexone_injection",
                dose_mg=380,
            )
        ],
        now=now,
    )
    begins = datetime(2026, 4, 3, 4, tzinfo=UTC)
    advance_bands(program_ids=[program], now=begins - timedelta(seconds=1))
    assert live_flags(patient.pk) == []
    advance_bands(program_ids=[program], now=begins)
    [flag] = live_flags(patient.pk)
    assert flag.policy_version == policy.version
