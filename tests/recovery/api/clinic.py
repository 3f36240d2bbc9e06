"""Two programs with people in them, for tests of the API."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from backend.access import NOBODY
from backend.db import programs
from backend.models import AuditEvent, Program, User
from backend.rules.roles import Role
from backend.services import people
from recovery.models import (
    CravingLog,
    Dose,
    DoseReport,
    Flag,
    Injection,
    InstrumentAnswer,
    InstrumentForm,
    Outreach,
    Patient,
    TriggerEntry,
)
from recovery.rules.states import FlagKind, Severity
from recovery.services.flags import raise_flag
from recovery.services.instruments import start_form
from recovery.services.patients import NewPatient, enrol
from recovery.services.regimens import start_regimen
from recovery.services.treatments import open_treatment

PROBLEM = "application/problem+json"
FORMS = (InstrumentForm, InstrumentAnswer)


@dataclass
class Clinic:
    """North has two patients and staff; south has one of each, who must see nothing of north."""

    now: datetime
    north: Program
    south: Program
    patient: Patient
    neighbour: Patient
    stranger: Patient
    phone: User  # the patient's account
    neighbour_phone: User
    coordinator: User
    clinician: User
    southern: User  # coordinator of south
    operator: User
    doses: list[Dose] = field(default_factory=list)
    neighbour_dose: Dose | None = None
    flag: Flag | None = None
    southern_flag: Flag | None = None
    questions: InstrumentForm | None = None  # two questions that the patient has begun

    def rows(self) -> dict[str, Any]:
        """What is stored, as numbers: equal before and after a refusal."""
        with programs([self.north.pk, self.south.pk]):
            models = (Patient, CravingLog, TriggerEntry, DoseReport, Injection, Outreach, Flag, AuditEvent, *FORMS)
            counts: dict[str, Any] = {model.__name__: model.objects.count() for model in models}
            counts["flags"] = list(Flag.objects.order_by("pk").values_list("pk", "status", "severity", "owner_id"))
            counts["doses"] = list(Dose.objects.order_by("pk").values_list("pk", "state", "taken_at"))
        return counts


def make_clinic(now: datetime) -> Clinic:
    """Enrol everybody at ``now``. The patient takes a tablet at 08:00 New York since three days ago."""
    north, south = (
        people.create_program(
            slug=slug, name=slug, neutral_name=slug, zone="America/New_York", phone="+12125550100", now=now
        )
        for slug in (f"n{uuid.uuid4().hex[:8]}", f"s{uuid.uuid4().hex[:8]}")
    )
    enrolled: list[Patient] = []
    for program, name, phone in (
        (north, "Ada Longname", "+12125550101"),
        (north, "Ben Other", "+12125550102"),
        (south, "Cora Stranger", "+12125550103"),
    ):
        with programs([program.pk]):
            new = NewPatient(
                name=name,
                phone=phone,
                zone="America/New_York",
                indication="opioid",
                opioid_history="known",
                treatment_from=(now - timedelta(days=60)).date(),
            )
            [patient] = enrol(actor=NOBODY, program_id=program.pk, people=[new], now=now)
            enrolled.append(patient)
    patient, neighbour, stranger = enrolled

    def staff(program: Program, role: Role) -> User:
        return people.create_staff(email=f"{uuid.uuid4().hex}@example.test", roles={program.pk: [role]}, now=now)

    clinic = Clinic(
        now=now,
        north=north,
        south=south,
        patient=patient,
        neighbour=neighbour,
        stranger=stranger,
        phone=people.create_patient_account(program_id=north.pk, patient_id=patient.pk, now=now),
        neighbour_phone=people.create_patient_account(program_id=north.pk, patient_id=neighbour.pk, now=now),
        coordinator=staff(north, Role.COORDINATOR),
        clinician=staff(north, Role.CLINICIAN),
        southern=staff(south, Role.COORDINATOR),
        operator=staff(north, Role.OPERATOR),
    )
    clinic.doses = _tablets(patient, now)
    clinic.neighbour_dose = _tablets(neighbour, now)[0]
    clinic.flag = _flag(patient, now)
    clinic.southern_flag = _flag(stranger, now)
    with programs([north.pk]):
        clinic.questions, _ = start_form(
            actor=NOBODY, patient=patient, client_id=uuid.uuid4(), instrument="phq2", now=now
        )
    return clinic


def _tablets(patient: Patient, now: datetime) -> list[Dose]:
    from recovery.selectors.records import open_treatment as treatment_of

    with programs([patient.program_id]):
        treatment = treatment_of(patient) or open_treatment(
            actor=NOBODY, patient=patient, indication="opioid", started_on=now.date(), now=now
        )
        start_regimen(
            actor=NOBODY,
            treatment=treatment,
            kind="oral_daily",
            starts_on=(now - timedelta(days=3)).date(),
            times=["08:00"],
            now=now,
        )
        return list(Dose.objects.filter(patient=patient).order_by("dosing_day"))


def _flag(patient: Patient, now: datetime) -> Flag:
    with programs([patient.program_id]):
        return raise_flag(
            program_id=patient.program_id,
            patient_id=patient.pk,
            treatment_id=None,
            kind=FlagKind.RAN_OUT,
            severity=Severity.AMBER_PLUS,
            evidence={},
            policy_version="test",
            now=now - timedelta(hours=1),
        )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def send(client: Client, method: str, path: str, body: Any = None, **extra: Any) -> HttpResponse:
    """One request. ``body``: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    extra.setdefault("content_type", "application/json")
    return client.generic(method, path, raw, **extra)


def refused(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """Assert that this is the problem document of this code, and return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    document: dict[str, Any] = json.loads(response.content)
    assert document["type"] == f"/problems/{code}", document
    assert document["status"] == status
    assert document["title"] and document["detail"]
    return document


def stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
