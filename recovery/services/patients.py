"""Enrolling people, and what changes with them: their zone, their leaving."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.crypto import name_prefixes
from backend.errors import Conflict, DomainError, IdReused, NotFound
from backend.keys import name_index, phone_index, phone_last4_index
from backend.rules import wall_time
from backend.rules.roles import Access
from backend.selectors.keys import data_key
from backend.services import audit
from backend.services.keys import make_data_keys
from backend.services.people import known_zone
from recovery.models import NamePrefix, Patient, Treatment
from recovery.rules.records import PatientStatus
from recovery.rules.states import FlagKind, Indication, OpioidHistory
from recovery.rules.tasks import TaskKind
from recovery.selectors.access import patient_for
from recovery.services import sql, treatments
from recovery.services.flag_rows import end_many
from recovery.services.tasks import end_tasks

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_OLDEST = 130  # years
_NUMBER_LOCK = 7301  # with the program's id: one enrolment at a time gives running numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatient:
    """A person to enrol. ``phone`` is E.164 or '' when there is none; ``zone`` an IANA name.

    ``treatment_from`` opens a treatment of this indication on that day.
    """

    name: str
    phone: str
    zone: str
    indication: str
    language: str = "en"
    opioid_history: str = OpioidHistory.UNKNOWN.value
    call_name: str = ""
    born_on: date | None = None
    external_ref: str = ""
    team_id: int | None = None
    treatment_from: date | None = None


class BadPerson(DomainError):
    code = "bad-person"


def read_patient(*, actor: Actor, patient_id: int) -> Patient:
    """The patient, with the entry in the audit that somebody of the staff read about them. Raises NotFound."""
    patient = patient_for(actor, patient_id=patient_id)
    audit.record(
        actor=actor,
        action="patient.read",
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="patient",
        object_id=patient.pk,
    )
    return patient


@transaction.atomic
def enrol(*, actor: Actor, program_id: int, people: Sequence[NewPatient], now: datetime) -> list[Patient]:
    """Enrol people, in the order given: sealed, indexed for search, numbered, treatment opened where asked.

    Gives no consent: that is the patient's own act. Raises BadPerson or BadZone naming the field,
    Conflict for an ``external_ref`` that is enrolled already; then nobody is enrolled.
    """
    if not people:
        return []
    for person in people:
        _check(person, now)
    _refuse_known_refs(program_id, people)
    _take_number_lock(program_id)
    last = Patient.objects.filter(program_id=program_id).order_by("-number").values_list("number", flat=True).first()
    ids = [
        row[0]
        for row in sql.rows(
            "SELECT nextval(pg_get_serial_sequence('recovery_patient', 'id')) FROM generate_series(1, %s)",
            [len(people)],
        )
    ]
    keys = make_data_keys(program_id=program_id, patient_ids=ids, now=now)
    rows = []
    for number, (pk, person) in enumerate(zip(ids, people, strict=True), start=(last or 0) + 1):
        row = Patient(
            id=pk,
            program_id=program_id,
            number=number,
            phone_index=phone_index(program_id, person.phone) if person.phone else None,
            phone_last4_index=phone_last4_index(program_id, person.phone) if person.phone else None,
            zone=person.zone,
            language=person.language,
            indication=person.indication,
            opioid_history=person.opioid_history,
            enrolled_at=now,
            external_ref=person.external_ref,
            team_id=person.team_id,
        )
        row.seal(
            keys[pk],
            name=person.name.strip(),
            phone=person.phone,
            call_name=person.call_name.strip(),
            born_on=person.born_on.isoformat() if person.born_on else "",
        )
        rows.append(row)
    Patient.objects.bulk_create(rows, batch_size=1000)
    NamePrefix.objects.bulk_create(
        (
            NamePrefix(program_id=program_id, patient_id=pk, digest=name_index(program_id, prefix))
            for pk, person in zip(ids, people, strict=True)
            for prefix in sorted(name_prefixes(f"{person.name} {person.call_name}"))
        ),
        batch_size=2000,
    )
    _mark_shared_phones(program_id, rows)
    treatments.open_many(
        program_id=program_id,
        opening=[
            (pk, person.indication, person.treatment_from)
            for pk, person in zip(ids, people, strict=True)
            if person.treatment_from is not None
        ],
    )
    audit.record_many(
        actor=actor,
        action="patient.enrolled",
        program_id=program_id,
        objects=[(pk, "patient", pk) for pk in ids],
    )
    return rows


def _take_number_lock(program_id: int) -> None:
    sql.rows("SELECT pg_advisory_xact_lock(%s, %s)", [_NUMBER_LOCK, program_id % (1 << 31)])


@transaction.atomic
def enrol_once(
    *, actor: Actor, program_id: int, client_id: UUID, person: NewPatient, now: datetime
) -> tuple[Patient, bool]:
    """Enrol one person from a form or another system, once however often it is sent; tells whether it is new.

    ``client_id`` is the sender's id of the person and is kept as ``external_ref``. That opioids were never used is a
    clinician's word (S 2): from anybody else it is refused, and the history stays unknown. Raises as ``enrol``,
    NotFound in a program where this person is not of the care team, IdReused for the same id with other content.
    """
    if program_id not in actor.programs_for(Access.CARE_TEAM):
        raise NotFound
    if person.opioid_history == OpioidHistory.NONE.value:
        _only_a_clinician(actor, program_id)
    _take_number_lock(program_id)
    person = replace(person, external_ref=str(client_id))
    known = Patient.objects.filter(program_id=program_id, external_ref=person.external_ref).first()
    if known is not None:
        if not _is_same(known, person):
            raise IdReused("This id was used before with other content.", field="client_id")
        return known, False
    [row] = enrol(actor=actor, program_id=program_id, people=[person], now=now)
    return row, True


def _is_same(row: Patient, person: NewPatient) -> bool:
    key = data_key(program_id=row.program_id, patient_id=row.pk)
    first = Treatment.objects.filter(patient_id=row.pk).order_by("pk").values_list("started_on", flat=True).first()
    return (
        row.opened(key, "name") == person.name.strip()
        and row.opened(key, "call_name") == person.call_name.strip()
        and row.opened(key, "phone") == person.phone
        and row.opened(key, "born_on") == (person.born_on.isoformat() if person.born_on else "")
        and all(
            getattr(row, name) == getattr(person, name) for name in ("zone", "language", "indication", "opioid_history")
        )
        and first == person.treatment_from
    )


def _only_a_clinician(actor: Actor, program_id: int) -> None:
    if program_id not in actor.programs_for(Access.PRESCRIBER):
        raise BadPerson(
            "A clinician records that opioids were never used; until then it is not known.", field="opioid_history"
        )


@transaction.atomic
def record_opioid_history(*, actor: Actor, patient: Patient, opioid_history: str, now: datetime) -> Patient:
    """Note what is known of opioids in a person's past; from now on bands, gates and silence are read by it (S 2).

    Only a clinician says that there never were any. A concern that is live keeps its severity; it is read anew when
    it is found again. Raises BadPerson naming the field.
    """
    if opioid_history not in set(OpioidHistory):
        raise BadPerson("There is no such choice.", field="opioid_history")
    if opioid_history == OpioidHistory.NONE.value:
        _only_a_clinician(actor, patient.program_id)
    row = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if row.opioid_history == opioid_history:
        return row
    row.opioid_history = opioid_history
    row.save(update_fields=["opioid_history"])
    audit.record(
        actor=actor,
        action="patient.opioid_history_set",
        program_id=row.program_id,
        patient_id=row.pk,
        object_kind="patient",
        object_id=row.pk,
        fields=["opioid_history"],
    )
    return row


def _check(person: NewPatient, now: datetime) -> None:
    known_zone(person.zone)
    if not person.name.strip() or len(person.name) > 200 or "\x00" in person.name:
        raise BadPerson("A name has 1 to 200 characters.", field="name")
    if len(person.call_name) > 200:
        raise BadPerson("A call name has at most 200 characters.", field="call_name")
    if person.phone and not _E164.fullmatch(person.phone):
        raise BadPerson("Write the number with its country, such as +12125550123.", field="phone")
    if person.language not in ("en", "es"):
        raise BadPerson("The language is en or es.", field="language")
    if person.indication not in set(Indication):
        raise BadPerson("There is no such indication.", field="indication")
    if person.opioid_history not in set(OpioidHistory):
        raise BadPerson("There is no such choice.", field="opioid_history")
    if person.born_on is not None:
        today = wall_time.local_date(now, person.zone)
        if not today.year - _OLDEST <= person.born_on.year or person.born_on > today:
            raise BadPerson("This day of birth cannot be.", field="born_on")
        if person.treatment_from is not None and person.treatment_from < person.born_on:
            raise BadPerson("A treatment cannot begin before birth.", field="treatment_from")
    if len(person.external_ref) > 40:
        raise BadPerson("At most 40 characters.", field="external_ref")


def _refuse_known_refs(program_id: int, people: Sequence[NewPatient]) -> None:
    refs = [person.external_ref for person in people if person.external_ref]
    if len(set(refs)) < len(refs) or (
        refs and Patient.objects.filter(program_id=program_id, external_ref__in=refs).exists()
    ):
        raise Conflict("This person is enrolled already.", field="external_ref")


def _mark_shared_phones(program_id: int, rows: Sequence[Patient]) -> None:
    """A number that several patients share cannot answer for one of them (contract 4)."""
    found = sql.rows(
        """
        UPDATE recovery_patient p SET phone_shared = true
        WHERE p.program_id = %(program)s AND NOT p.phone_shared AND p.phone_index IN (
          SELECT phone_index FROM recovery_patient
          WHERE program_id = %(program)s AND phone_index = ANY (%(indexes)s::bytea[])
          GROUP BY phone_index HAVING count(*) > 1)
        RETURNING p.id
        """,
        {"program": program_id, "indexes": [row.phone_index for row in rows if row.phone_index]},
    )
    shared = {row[0] for row in found}
    for row in rows:
        row.phone_shared = row.pk in shared


@transaction.atomic
def set_phone(*, actor: Actor, patient: Patient, phone: str, now: datetime) -> Patient:
    """Note a patient's new number (E.164), or '' when there is none any more.

    Opt-outs belong to a number and stay with it. A text of which nobody knows whether it left is not sent again
    to the new number (F55). Raises BadPerson for a number that is not E.164.
    """
    if phone and not _E164.fullmatch(phone):
        raise BadPerson("Write the number with its country, such as +12125550123.", field="phone")
    row = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    key = data_key(program_id=row.program_id, patient_id=row.pk)
    if row.opened(key, "phone") == phone:
        return row
    before = row.phone_index
    row.seal(key, phone=phone)
    row.phone_index = phone_index(row.program_id, phone) if phone else None
    row.phone_last4_index = phone_last4_index(row.program_id, phone) if phone else None
    row.phone_shared = False
    row.save(update_fields=["phone", "phone_index", "phone_last4_index", "phone_shared"])
    _mark_shared_phones(row.program_id, [row])
    with_the_old = Patient.objects.filter(program_id=row.program_id, phone_index=before)
    if before is not None and with_the_old.count() == 1:
        with_the_old.update(phone_shared=False)
    audit.record(
        actor=actor,
        action="patient.phone_set",
        program_id=row.program_id,
        patient_id=row.pk,
        object_kind="patient",
        object_id=row.pk,
        fields=["phone"],
    )
    kinds = [TaskKind.FIX_NUMBER, TaskKind.CHECK_NUMBER]
    end_tasks(actor=actor, patient_ids=[row.pk], kinds=kinds, now=now, outcome="number_corrected")
    return row


@transaction.atomic
def exit_patient(*, actor: Actor, patient: Patient, status: str, now: datetime, reason: str = "exit") -> Patient:
    """Note that a person is no longer in treatment: ``aftercare``, ``exited`` or ``deceased``.

    Regimens stop, the open treatment closes today, and concerns that only time made end (contract 5).
    Raises BadPerson for another status.
    """
    if status not in (PatientStatus.AFTERCARE, PatientStatus.EXITED, PatientStatus.DECEASED):
        raise BadPerson("There is no such way to leave.", field="status")
    row = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    row.status = status
    row.save(update_fields=["status"])
    patient.status = status
    today = wall_time.local_date(now, row.zone)
    for treatment in Treatment.objects.filter(patient_id=row.pk, ended_on__isnull=True):
        treatments.close_treatment(
            actor=actor, treatment=treatment, ended_on=max(today, treatment.started_on), reason=reason, now=now
        )
    end_many(
        actor=actor,
        patient_ids=[row.pk],
        kinds=[FlagKind.SILENCE, FlagKind.INJECTION_LATE, FlagKind.CONTACT_LOST],
        note_key="exited",
        now=now,
    )
    audit.record(
        actor=actor,
        action="patient.exited",
        program_id=row.program_id,
        patient_id=row.pk,
        object_kind="patient",
        object_id=row.pk,
        fields=["status"],
    )
    return row
