"""A small clinic for a journey: a program, a coordinator, one patient with a phone and an account."""

from dataclasses import dataclass
from datetime import date, datetime

from backend.access import Actor
from backend.db import programs
from backend.rules.consent import ConsentKind
from backend.rules.roles import Role
from backend.selectors.people import actor_of
from backend.services import people
from backend.services.consents import give_consent
from recovery.models import Patient, Treatment
from recovery.services import patients, regimens
from reminders.services import senders
from tests.journeys.harness import Browser, Processes

ZONE = "America/New_York"
PATIENT_PHONE = "+12025550123"
OUR_NUMBER = "+12025550199"
HOOK_TOKEN = "token-of-the-journeys"


@dataclass
class Clinic:
    program_id: int
    patient_id: int
    treatment_id: int
    coordinator: Actor
    account: int  # the patient's user id


def open_clinic(*, now: datetime, started_on: date, indication: str = "opioid") -> Clinic:
    """Make it through the services, committed."""
    program = people.create_program(slug="hill", name="Hill", neutral_name="Hill", zone=ZONE, now=now)
    user = people.create_staff(email="coordinator@hill.invalid", roles={program.pk: [Role.COORDINATOR]}, now=now)
    senders.register_sender(program_id=program.pk, address=OUR_NUMBER, provider="outbox")
    actor = actor_of(user_id=user.pk)
    with programs([program.pk]):
        people.create_team(program_id=program.pk, name="Team", members={user.pk: ("Ana", "+12025550111")}, now=now)
        [patient] = patients.enrol(
            actor=actor,
            program_id=program.pk,
            people=[
                patients.NewPatient(
                    name="Maren Solberg",
                    phone=PATIENT_PHONE,
                    zone=ZONE,
                    indication=indication,
                    opioid_history="known",
                    treatment_from=started_on,
                )
            ],
            now=now,
        )
        give_consent(
            actor=actor,
            program_id=program.pk,
            patient_id=patient.pk,
            kind=ConsentKind.SMS,
            wording_version="1",
            now=now,
        )
        treatment = Treatment.objects.get(patient_id=patient.pk)
    account = people.create_patient_account(program_id=program.pk, patient_id=patient.pk, now=now)
    return Clinic(
        program_id=program.pk,
        patient_id=patient.pk,
        treatment_id=treatment.pk,
        coordinator=actor,
        account=account.pk,
    )


def start(clinic: Clinic, *, kind: str, starts_on: date, now: datetime, times: list[str] | None = None) -> None:
    """Start a regimen of the catalogue."""
    with programs([clinic.program_id]):
        regimens.start_regimen(
            actor=clinic.coordinator,
            treatment=Treatment.objects.get(pk=clinic.treatment_id),
            kind=kind,
            starts_on=starts_on,
            times=times,
            now=now,
        )


def sign_in(processes: Processes, user_id: int | None) -> Browser:
    """A person at a browser of their own, signed in by a fresh link at the time that it is there."""
    assert user_id is not None
    return Browser(processes.url).sign_in(people.make_sign_in_link(user_id=user_id, now=processes.now()))


def the_patient(clinic: Clinic) -> Patient:
    return Patient.objects.get(pk=clinic.patient_id)
